"""Waiting for what others do: a deletion that goes through, a CRD that is served, a Job that ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from reconciler.model.cluster import ObjectName
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Halfway, TimedOut
from reconciler.providers.kubernetes.client import ApiClient
from reconciler.providers.kubernetes.discovery import Discovery, UnknownKind
from reconciler.providers.kubernetes.entries import Entry
from reconciler.providers.kubernetes.objects import Objects

_LOOK = timedelta(milliseconds=200)
"""How often it is asked whether it is so."""


class Waiting:
    """Looks at objects of one cluster until they are as awaited."""

    def __init__(self, client: ApiClient, discovery: Discovery, objects: Objects, clock: Clock) -> None:
        self._client = client
        self._discovery = discovery
        self._objects = objects
        self._clock = clock

    async def gone(self, name: ObjectName, uid: str, limit: timedelta) -> None:
        """Return when that very object is gone; raise TimedOut."""
        left: list[Entry] = []
        async with _within(limit, lambda: f"{name} was deleted and is still there{_held_by(left)}"):
            while (there := await self._objects.read(name)) is not None and there.uid == uid:
                left[:] = [there]
                await self._clock.sleep(_LOOK)

    async def established(self, name: ObjectName, limit: timedelta) -> None:
        """Return when the API serves what the CRD defines; raise TimedOut."""
        async with _within(limit, lambda: f"the API does not serve what {name} defines"):
            while (there := await self._objects.read(name)) is None or condition(there.object, "Established") != "True":
                await self._clock.sleep(_LOOK)
            for each in _defined(there.object):
                while not await self._served(each):
                    await self._clock.sleep(_LOOK)

    async def finished(self, name: ObjectName, limit: timedelta) -> None:
        """Return when the Job has succeeded; raise Halfway when it has failed (it stays to be looked at), TimedOut."""
        async with _within(limit, lambda: f"{name} still runs"):
            while True:
                there = await self._objects.read(name)
                if there is None:
                    raise Halfway(f"{name} has not finished: somebody else has deleted it")
                if condition(there.object, "Failed") == "True":
                    raise Halfway(f"{name} has failed; see `kubectl logs {_within_namespace(name)}job/{name.name}`")
                if condition(there.object, "Complete") == "True":
                    return
                await self._clock.sleep(_LOOK)

    async def _served(self, name: ObjectName) -> bool:
        self._discovery.forget(name.api_version)
        try:
            collection = await self._discovery.collection(name)
        except UnknownKind:
            return False
        return await self._client.get(f"list {name.kind}", collection.path, {"limit": "1"}) is not None


@asynccontextmanager
async def _within(limit: timedelta, late: Callable[[], str]) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(limit.total_seconds()):
            yield
    except TimeoutError as cause:
        raise TimedOut(f"{late()} after {limit.total_seconds():g} s") from cause


def condition(item: Mapping[str, Any], name: str) -> str:
    """Return what an object says of one of its conditions; nothing where it does not say."""
    found = (item.get("status") or {}).get("conditions") or ()
    return next((str(each.get("status")) for each in found if each.get("type") == name), "")


def _within_namespace(name: ObjectName) -> str:
    return f"-n {name.namespace} " if name.namespace else ""


def _held_by(left: list[Entry]) -> str:
    finalizers = left[0].object["metadata"].get("finalizers") if left else None
    return f" (held by {', '.join(finalizers)})" if finalizers else ""


def _defined(crd: Mapping[str, Any]) -> Iterator[ObjectName]:
    spec = crd["spec"]
    for version in spec["versions"]:
        if version.get("served"):
            yield ObjectName(f"{spec['group']}/{version['name']}", spec["names"]["kind"], "", "")
