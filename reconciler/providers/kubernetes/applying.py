"""Operations on one cluster: server-side apply, deletion, and waiting for what others have to do."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.model.canonical import Digest
from reconciler.model.cluster import RUN_OF, ApplyObject, DeleteObject, ObjectName
from reconciler.model.operation import Operation
from reconciler.policy.object_fields import is_ours
from reconciler.policy.object_fields import path_of as field_path
from reconciler.ports.errors import Halfway, Refused, Stale, TimedOut, Unreachable, WorldError
from reconciler.ports.reads import ReadObject
from reconciler.ports.secrets import Secrets
from reconciler.ports.targets import Transaction
from reconciler.providers.begun import begun
from reconciler.providers.kubernetes.answers import Answer, conflicts, error
from reconciler.providers.kubernetes.client import APPLY, ApiClient, Call, encoded, good
from reconciler.providers.kubernetes.discovery import Collection, Discovery, UnknownKind, path_of
from reconciler.providers.kubernetes.entries import Entry
from reconciler.providers.kubernetes.manifest import Manifest, Wanted, prepared, settled
from reconciler.providers.kubernetes.objects import Objects
from reconciler.providers.kubernetes.rehearsal import MANAGER, Rehearsal
from reconciler.providers.kubernetes.waiting import Waiting, condition

_AT_ONCE = 8


class Applying:
    """Changes one cluster."""

    def __init__(
        self, client: ApiClient, discovery: Discovery, objects: Objects, rehearsal: Rehearsal, waiting: Waiting
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._objects = objects
        self._rehearsal = rehearsal
        self._waiting = waiting

    async def carry_out(self, transaction: Transaction, secrets: Secrets) -> None:
        """Do all operations in their order, those on objects of one kind side by side; raise as ``Targets.apply``."""
        done = 0
        try:
            async with asyncio.timeout(transaction.limit.total_seconds()):
                for together in _side_by_side(transaction.operations):
                    done += await self._all(together, transaction.contents, secrets, done)
        except TimeoutError as cause:
            raise TimedOut(
                f"not done within {transaction.limit.total_seconds():g} s; {done} of "
                f"{len(transaction.operations)} changes were made"
            ) from cause

    async def _all(
        self, operations: Sequence[Operation], contents: Mapping[Digest, bytes], secrets: Secrets, before: int
    ) -> int:
        results = await asyncio.gather(
            *(self._one(each, contents, secrets) for each in operations), return_exceptions=True
        )
        failed = [each for each in results if isinstance(each, BaseException)]
        if bugs := [each for each in failed if not isinstance(each, WorldError)]:
            raise bugs[0]
        if failed:
            done = before + len(operations) - len(failed)
            first = failed[0]
            if done and not any(isinstance(each, Unreachable) for each in failed):
                raise Halfway(f"{first} ({done} changes before it were made and stay)") from first
            raise next((each for each in failed if isinstance(each, Unreachable)), first)
        return len(operations)

    async def _one(self, operation: Operation, contents: Mapping[Digest, bytes], secrets: Secrets) -> None:
        match operation:
            case ApplyObject():
                await self._apply(operation, contents, secrets)
            case DeleteObject():
                await self._delete(operation)
            case other:
                raise TypeError(f"internal error: a cluster cannot be asked for {other}")

    async def _apply(self, operation: ApplyObject, contents: Mapping[Digest, bytes], secrets: Secrets) -> None:
        name = operation.object
        wanted = Wanted.of(operation, operation.manifest)
        manifest = await asyncio.to_thread(prepared, wanted, contents, secrets)
        collection = await self._discovery.collection(name)
        if await self._made_way(operation, manifest, collection):
            with begun(f"{name} was deleted to be made anew"):
                found = await self._applied(operation, wanted, manifest)
        else:
            found = await self._applied(operation, wanted, manifest)
        self._rehearsal.became(_asked(operation), manifest, found)
        with begun(f"{name} was applied"):
            if operation.established:
                await self._waiting.established(name, operation.limit)
            if operation.finished:
                await self._waiting.finished(name, operation.limit)

    async def _made_way(self, operation: ApplyObject, manifest: Manifest, collection: Collection) -> bool:
        """Delete what cannot be changed; return whether it was."""
        there = await self._objects.read(operation.object) if operation.recreate else None
        if there is None or (operation.finished and _goes_on(manifest.object, there.object)):
            return False
        await self._remove(operation.object, collection, there, operation.limit)
        return True

    async def _applied(self, operation: ApplyObject, wanted: Wanted, manifest: Manifest) -> Entry:
        name = operation.object
        collection = await self._discovery.collection(name)
        live = await self._objects.read(name) if operation.as_is else None
        item = settled(manifest, wanted, live.object if live else None)
        answer = await self._patch(operation, collection, item, forced=operation.force)
        taken = {field_path(each["field"]) for each in conflicts(answer)}
        if taken and taken <= set(operation.takes):
            answer = await self._patch(operation, collection, item, forced=True)
        if answer.status == 404:
            self._discovery.forget(name.api_version)
        if answer.status >= 300:
            raise error(answer.without(manifest.secrets), f"apply {name}")
        return await self._objects.saw(name, good(answer, f"apply {name}"))

    async def _patch(
        self, operation: ApplyObject, collection: Collection, item: Mapping[str, Any], *, forced: bool
    ) -> Answer:
        call = Call(
            what=f"apply {operation.object}",
            method="PATCH",
            path=path_of(collection, operation.object.name),
            query={"fieldManager": MANAGER, "force": "true" if forced else "false"},
            body=encoded(item),
            media=APPLY,
            limit=operation.limit,
        )
        return await self._client.ask(call)

    async def _delete(self, operation: DeleteObject) -> None:
        name = operation.object
        try:
            collection = await self._discovery.collection(name)
        except UnknownKind:
            return  # with its CRD all of its objects went
        there = await self._objects.read(name)
        if there is None:
            await self._objects.lost(name)
            return
        if not is_ours(there.object, operation.unit):
            raise Refused(f"cannot delete {name}: it no longer has the labels of {operation.unit}, so it is not ours")
        await self._remove(name, collection, there, operation.limit)

    async def _remove(self, name: ObjectName, collection: Collection, there: Entry, limit: timedelta) -> None:
        """Delete this very object, and wait until it is gone."""
        what = f"delete {name}"
        body = encoded({"propagationPolicy": "Foreground", "preconditions": {"uid": there.uid}})
        path = path_of(collection, name.name)
        answer = await self._client.ask(Call(what=what, method="DELETE", path=path, body=body, limit=limit))
        if answer.status == 409:
            raise Stale(f"cannot {what}: somebody else has made it anew since it was looked at")
        if answer.status >= 300 and answer.status != 404:
            raise error(answer, what)
        await self._waiting.gone(name, there.uid, limit)
        await self._objects.lost(name)


def _goes_on(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """Whether the Job that is there is the run that is wanted, and may still end well, or has."""
    runs = [(each["metadata"].get("annotations") or {}).get(RUN_OF) for each in (wanted, there)]
    return runs[0] is not None and runs[0] == runs[1] and condition(there, "Failed") != "True"


def _side_by_side(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Neighbours that may be done at the same time: objects of one kind that nobody waits for."""
    together: list[Operation] = []
    for operation in operations:
        if together and (
            len(together) >= _AT_ONCE or _sort(operation) is None or _sort(operation) != _sort(together[0])
        ):
            yield together
            together = []
        together.append(operation)
    if together:
        yield together


def _sort(operation: Operation) -> tuple[str, str, str] | None:
    match operation:
        case ApplyObject(object=name, established=False, finished=False):
            return "apply", name.api_version, name.kind
        case DeleteObject(object=name):
            return "delete", name.api_version, name.kind
        case _:
            return None


def _asked(operation: ApplyObject) -> ReadObject:
    """The look that will ask whether the operation has anything left to do."""
    return ReadObject(
        object=operation.object,
        manifest=operation.manifest,
        unit=operation.unit,
        force=operation.force,
        as_is=operation.as_is,
        stamp=operation.stamp,
    )
