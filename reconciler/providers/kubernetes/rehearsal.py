"""What an object would be once a manifest was applied, by a dry run of the API server, made only when it may matter."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from reconciler.model.canonical import Digest, canonical
from reconciler.model.cluster import ObjectName
from reconciler.policy.object_fields import comparable, hidden
from reconciler.ports.reads import ReadObject
from reconciler.ports.secrets import Secrets
from reconciler.providers.kubernetes.answers import Answer, conflicts, error, refusals
from reconciler.providers.kubernetes.client import APPLY, ApiClient, Call, encoded
from reconciler.providers.kubernetes.discovery import Discovery, path_of
from reconciler.providers.kubernetes.entries import Entry
from reconciler.providers.kubernetes.manifest import Manifest, Wanted, prepared, settled
from reconciler.providers.kubernetes.objects import Objects

MANAGER = "reconciler"
_LIMIT = timedelta(seconds=30)
_FRESH_TRIES = 3

Blob: TypeAlias = Callable[[Digest], Awaitable[bytes]]
"""The bytes of a content; raises KeyError."""

Lines: TypeAlias = tuple[str, str, str]
"""The object as it would be, the conflicts, and what is refused, each as JSON."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a dry run said, and of what: the same manifest on the same object says the same again.

    ``made``: an apply of ours said so, and has made the object so.
    """

    asked: ReadObject
    key: Digest
    marked: frozenset[str]
    lines: Lines
    made: bool = False


class Rehearsal:
    """Dry runs on one cluster, each remembered as long as it holds."""

    def __init__(self, client: ApiClient, discovery: Discovery, objects: Objects, blob: Blob, secrets: Secrets) -> None:
        self._client = client
        self._discovery = discovery
        self._objects = objects
        self._blob = blob
        self._secrets = secrets
        self._known: dict[ObjectName, _Known] = {}

    async def answer(self, asked: ReadObject, live: Entry | None) -> tuple[str, ...]:
        """Return the four lines that a ReadObject asks for; raise WorldError."""
        if live is None:
            return "", "", "", ""
        known = self._known.get(asked.object)
        if known is None or not self.holds(asked, live):
            manifest = None if asked.manifest is None else await self._manifest(asked)
            if manifest is None:
                return self._shown(live.object, frozenset()), "", "", ""
            live, lines = await self._rehearsed(asked, manifest, live)
            known = _Known(asked, live.key, manifest.marked, lines)
            self._remember(known)
        return self._shown(live.object, known.marked), *known.lines

    def became(self, asked: ReadObject, manifest: Manifest, found: Entry) -> None:
        """Take over what an apply said: the same again would change nothing."""
        lines = (self._compared(found.object, manifest.marked), "", "")
        self._known[asked.object] = _Known(asked, found.key, manifest.marked, lines, made=True)

    def ours(self, name: ObjectName, found: Entry) -> bool:
        """Whether an object is just what an apply of ours has made of it."""
        known = self._known.get(name)
        return known is not None and known.made and known.key == found.key

    def _remember(self, known: _Known) -> None:
        """What was refused is asked for again: the reason may be a webhook's, or a quota, and over by then."""
        if known.lines[2]:
            self._known.pop(known.asked.object, None)
        else:
            self._known[known.asked.object] = known

    def holds(self, asked: ReadObject, live: Entry) -> bool:
        """Whether what is known of the object is what a dry run would say now."""
        known = self._known.get(asked.object)
        return known is not None and known.key == live.key and (known.asked is asked or known.asked == asked)

    async def _manifest(self, asked: ReadObject) -> Manifest | None:
        assert asked.manifest is not None
        try:
            blobs = {asked.manifest.blob: await self._blob(asked.manifest.blob)}
        except KeyError:
            return None  # of a state that is no longer kept: all that can be said is what is there
        return await asyncio.to_thread(prepared, Wanted.of(asked, asked.manifest), blobs, self._secrets)

    async def _rehearsed(self, asked: ReadObject, manifest: Manifest, live: Entry) -> tuple[Entry, Lines]:
        """Ask until object and dry run are of the same version; after some tries take them as they are."""
        assert asked.manifest is not None
        wanted = Wanted.of(asked, asked.manifest)
        lines: Lines = ("", "", "")
        for _ in range(_FRESH_TRIES):
            item, found = await self._asked(asked, settled(manifest, wanted, live.object), manifest.secrets)
            lines = ("" if item is None else self._compared(item, manifest.marked), *found)
            if item is None or str(item["metadata"].get("resourceVersion", live.version)) == str(live.version):
                break
            fresh = await self._objects.read(asked.object)
            if fresh is None:
                break
            live = fresh
        return live, lines

    async def _asked(
        self, asked: ReadObject, item: Mapping[str, Any], secrets: frozenset[str]
    ) -> tuple[dict[str, Any] | None, tuple[str, str]]:
        answer = await self._dry_run(asked.object, item, forced=asked.force)
        taken = conflicts(answer)
        if taken:
            answer = await self._dry_run(asked.object, item, forced=True)
        if answer.status >= 300:
            answer = answer.without(secrets)
        shown = canonical(taken) if taken else ""
        if answer.status in (400, 422):
            return None, (shown, canonical(refusals(answer)))
        if answer.status >= 300:
            raise error(answer, f"see what would become of {asked.object}")
        return answer.json, (shown, "")

    async def _dry_run(self, name: ObjectName, item: Mapping[str, Any], *, forced: bool) -> Answer:
        collection = await self._discovery.collection(name)
        query = {"fieldManager": MANAGER, "force": "true" if forced else "false", "dryRun": "All"}
        call = Call(
            what=f"see what would become of {name}",
            method="PATCH",
            path=path_of(collection, name.name),
            query=query,
            body=encoded(item),
            media=APPLY,
            limit=_LIMIT,
        )
        return await self._client.ask(call)

    def _shown(self, item: Mapping[str, Any], marked: frozenset[str]) -> str:
        return canonical(hidden(item, marked, self._secrets.keyed))

    def _compared(self, item: Mapping[str, Any], marked: frozenset[str]) -> str:
        return self._shown(comparable(item), marked)
