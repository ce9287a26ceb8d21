"""Objects of one cluster as they are: heard of by watches where those are allowed, else read one by one."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler.model.cluster import ObjectName
from reconciler.policy.object_fields import MANAGED_BY, OURS
from reconciler.ports.clock import Clock
from reconciler.ports.errors import WorldError
from reconciler.providers.kubernetes.client import ApiClient, Call, good
from reconciler.providers.kubernetes.discovery import Collection, Discovery, UnknownKind, path_of
from reconciler.providers.kubernetes.entries import Entry, entry
from reconciler.providers.kubernetes.informer import Informer, may_not_list

_LABELS = f"{MANAGED_BY}={OURS}"
_IDLE = timedelta(minutes=15)
_MANY = 10
_NAMES = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Names without contents: other people's Secrets are none of our business."""


class Objects:
    """One cluster's objects. What has our label is watched; anything else is asked for each time."""

    def __init__(self, client: ApiClient, discovery: Discovery, clock: Clock) -> None:
        self._client = client
        self._discovery = discovery
        self._clock = clock
        self._informers: dict[Collection, Informer] = {}
        self._used: dict[Collection, datetime] = {}

    async def find(self, names: Iterable[ObjectName]) -> Mapping[ObjectName, Entry | WorldError | None]:
        """Return each object, None for one that is not there, and what keeps it from being known."""
        by_collection: dict[Collection, list[ObjectName]] = {}
        found: dict[ObjectName, Entry | WorldError | None] = {}
        for name in names:
            try:
                by_collection.setdefault(await self._discovery.collection(name), []).append(name)
            except UnknownKind:
                found[name] = None
            except WorldError as error:
                found[name] = error
        parts = await asyncio.gather(*(self._find_in(each, wanted) for each, wanted in by_collection.items()))
        for part in parts:
            found.update(part)
        await self._rest()
        return found

    async def read(self, name: ObjectName) -> Entry | None:
        """Ask for one object, whatever is known of it; raise WorldError."""
        collection = await self._discovery.collection(name)
        return await self._read(collection, name.name)

    async def saw(self, name: ObjectName, item: Mapping[str, Any]) -> Entry:
        """Take over what an answer said of an object."""
        found = entry(item)
        informer = self._informers.get(await self._discovery.collection(name))
        if informer is not None:
            informer.saw(found)
        return found

    async def lost(self, name: ObjectName) -> None:
        """Take over that an object is gone."""
        informer = self._informers.get(await self._discovery.collection(name))
        if informer is not None:
            informer.lost(name.name)

    async def listen(self, names: Iterable[ObjectName], told: Callable[[ObjectName], None]) -> Callable[[], None]:
        """Have ``told`` called for each of the objects that changes; return how to end it.

        What cannot be watched is not told of. Raises the WorldError that keeps the others from being watched.
        """
        wanted: dict[Collection, dict[str, ObjectName]] = {}
        for name in names:
            try:
                wanted.setdefault(await self._discovery.collection(name), {})[name.name] = name
            except UnknownKind:
                continue
        listeners: list[tuple[Informer, Callable[[str], None]]] = []
        for collection, ours in wanted.items():
            informer = self._informer(collection)
            listener = _listener(ours, told)
            informer.listeners.add(listener)
            listeners.append((informer, listener))

        def end() -> None:
            for informer, listener in listeners:
                informer.listeners.discard(listener)

        return end

    async def unwatched(self, names: Iterable[ObjectName]) -> frozenset[ObjectName]:
        """Return those of the names that cannot be heard of by a watch now."""
        found = set()
        for name in names:
            try:
                informer = self._informers.get(await self._discovery.collection(name))
            except WorldError:
                informer = None
            if informer is None or not informer.live:
                found.add(name)
        return frozenset(found)

    async def labelled(
        self, api_version: str, kind: str, namespace: str, labels: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        """Ask for the objects of a kind that have all these labels; raise WorldError."""
        collection = await self._discovery.collection(ObjectName(api_version, kind, namespace, ""))
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        what = f"list {kind} in {collection.path}"
        found = await self._client.get(what, collection.path, {"labelSelector": selector})
        return [] if found is None else list(found.get("items") or ())

    async def close(self) -> None:
        """Watch nothing any longer."""
        informers = [*self._informers.values()]
        self._informers.clear()
        await asyncio.gather(*(each.close() for each in informers))

    async def _find_in(
        self, collection: Collection, names: list[ObjectName]
    ) -> Mapping[ObjectName, Entry | WorldError | None]:
        informer = self._informer(collection)
        self._used[collection] = self._clock.now()
        known: dict[ObjectName, Entry | WorldError | None] = {}
        try:
            await informer.ready()
            known = {name: there for name in names if (there := informer.find(name.name)) is not None}
        except WorldError as error:
            if not may_not_list(error):
                return dict.fromkeys(names, error)
        missing = [name for name in names if name not in known]
        if len(missing) > _MANY:
            # Mostly a first rollout: none of them is there, which one list can tell of all.
            listed = await self._names(collection)
            if listed is not None:
                known.update(dict.fromkeys((name for name in missing if name.name not in listed), None))
                missing = [name for name in missing if name.name in listed]
        read = await asyncio.gather(*(self._read_or_tell(collection, name.name) for name in missing))
        return {**known, **dict(zip(missing, read, strict=True))}

    async def _names(self, collection: Collection) -> frozenset[str] | None:
        """The names of all objects of the collection, whosever they are; None where they may not be listed."""
        found: set[str] = set()
        query = {"limit": "500"}
        what = f"list {collection.kind} in {collection.path}"
        try:
            while True:
                page = good(
                    await self._client.ask(Call(what=what, path=collection.path, query=query, accept=_NAMES)), what
                )
                found |= {item["metadata"]["name"] for item in page.get("items") or ()}
                if not page["metadata"].get("continue"):
                    return frozenset(found)
                query = {"limit": "500", "continue": page["metadata"]["continue"]}
        except WorldError:
            return None

    async def _read_or_tell(self, collection: Collection, name: str) -> Entry | WorldError | None:
        try:
            return await self._read(collection, name)
        except WorldError as error:
            return error

    async def _read(self, collection: Collection, name: str) -> Entry | None:
        item = await self._client.get(f"read {collection.kind} {name}", path_of(collection, name))
        return None if item is None else entry(item)

    def _informer(self, collection: Collection) -> Informer:
        if collection not in self._informers:
            self._informers[collection] = Informer(self._client, collection, _LABELS, self._clock)
        return self._informers[collection]

    async def _rest(self) -> None:
        """Watch no longer what nobody asked for in a while."""
        now = self._clock.now()
        idle = [each for each, used in self._used.items() if now - used > _IDLE]
        for each in idle:
            del self._used[each]
            if each in self._informers and not self._informers[each].listeners:
                await self._informers.pop(each).close()


def _listener(ours: Mapping[str, ObjectName], told: Callable[[ObjectName], None]) -> Callable[[str], None]:
    def listener(name: str) -> None:
        if name in ours:
            told(ours[name])

    return listener
