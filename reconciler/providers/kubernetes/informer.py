"""What a cluster has of one kind, heard of as it happens: listed once, then watched. Unknown while it is cut off."""

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from reconciler.ports.clock import Clock
from reconciler.ports.errors import Broken, Denied, Refused, Unreachable, WorldError
from reconciler.providers.kubernetes.client import ApiClient, Call, good
from reconciler.providers.kubernetes.discovery import Collection
from reconciler.providers.kubernetes.entries import Entry, entry

_PAGE = 500
_WATCHED_FOR = timedelta(minutes=5)
_SILENT_FOR = timedelta(seconds=150)
_SHORT = timedelta(seconds=1)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(milliseconds=500), timedelta(seconds=30)


class _Expired(Exception):
    """The server no longer has the version that was watched from."""


class Informer:
    """Those objects of a collection that have the labels. ``told`` hears the name of each that has changed."""

    def __init__(self, client: ApiClient, collection: Collection, labels: str, clock: Clock) -> None:
        self.collection = collection
        self._client = client
        self._labels = labels
        self._clock = clock
        self._items: dict[str, Entry] = {}
        self._gone: dict[str, int] = {}
        self._settled = asyncio.Event()
        self._trouble: WorldError | None = None
        self._task: asyncio.Task[None] | None = None
        self.listeners: set[Callable[[str], None]] = set()

    @property
    def live(self) -> bool:
        """Whether changes are heard of as they happen."""
        return self._settled.is_set() and self._trouble is None

    async def ready(self) -> None:
        """Return when all is known; raise the WorldError that keeps it from being known, Denied for good."""
        if self._task is None or self._task.done():
            self._settled.clear()
            self._task = asyncio.create_task(self._run(), name=f"watch {self.collection.path}")
        await self._settled.wait()
        if self._trouble is not None:
            raise self._trouble

    def find(self, name: str) -> Entry | None:
        """Return the object of that name, None where there is none with the labels."""
        return self._items.get(name)

    def saw(self, found: Entry) -> None:
        """Take over what an answer said of an object, unless something newer is known."""
        name = found.object["metadata"]["name"]
        known = self._items.get(name)
        if (known is None or known.version < found.version) and self._gone.get(name, -1) < found.version:
            self._items[name] = found

    def lost(self, name: str) -> None:
        """Take over that an object is gone."""
        known = self._items.pop(name, None)
        if known is not None:
            self._gone[name] = known.version

    async def close(self) -> None:
        """Watch no longer."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._trouble = Unreachable(f"{self.collection.path} is no longer watched")
        self._settled.set()

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = self._clock.now()
            try:
                version = await self._list()
                while True:
                    began = self._clock.now()
                    version = await self._watch(version)
                    if self._clock.now() - began < _SHORT:
                        # What is in between ends watches at once, again and again.
                        await self._clock.sleep(self._clock.jitter(_FIRST_PAUSE))
            except _Expired:
                if self._clock.now() - began >= _SHORT:
                    continue
                self._cut_off(Unreachable(f"the API server has no version of {self.collection.path} to watch from"))
            except WorldError as error:
                self._cut_off(error)
            except (KeyError, TypeError, AttributeError, ValueError) as error:
                self._cut_off(
                    Broken(f"cannot understand what the API server says of {self.collection.path}: {error!r}")
                )
            if self._clock.now() - began >= _SHORT:
                pause = _FIRST_PAUSE
            await self._clock.sleep(self._clock.jitter(pause))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _cut_off(self, error: WorldError) -> None:
        self._trouble = error
        self._settled.set()
        self._tell_all()

    async def _list(self) -> str:
        what = f"list {self.collection.kind} in {self.collection.path}"
        found: dict[str, Entry] = {}
        query = {"labelSelector": self._labels, "limit": str(_PAGE)}
        while True:
            answer = await self._client.ask(Call(what=what, path=self.collection.path, query=query))
            if answer.status == 410:
                raise _Expired
            page = good(answer, what)
            for item in page.get("items") or ():
                found[item["metadata"]["name"]] = entry(self._typed(item))
            following = page["metadata"].get("continue")
            if not following:
                break
            query = {**query, "continue": following}
        before, self._items, self._gone = self._items, found, {}
        self._trouble = None
        self._settled.set()
        for name in before.keys() | found.keys():
            self._tell(name)
        return str(page["metadata"]["resourceVersion"])

    def _typed(self, item: dict[str, Any]) -> dict[str, Any]:
        """Items of a list do not say what they are."""
        return {"apiVersion": self.collection.api_version, "kind": self.collection.kind, **item}

    async def _watch(self, version: str) -> str:
        """Follow what happens after the version until the server ends it; return the version it came to."""
        query = {
            "labelSelector": self._labels,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(int(self._clock.jitter(_WATCHED_FOR).total_seconds())),
        }
        what = f"watch {self.collection.kind} in {self.collection.path}"
        call = Call(what=what, path=self.collection.path, query=query, limit=_SILENT_FOR)
        async with aclosing(self._client.lines(call)) as lines:
            async for line in lines:
                version = self._heard(line) or version
        return version

    def _heard(self, line: bytes) -> str | None:
        try:
            event = json.loads(line)
            kind, item = event["type"], event["object"]
        except (ValueError, KeyError) as error:
            raise Broken(
                f"cannot understand what the API server says of {self.collection.path}: {line[:80]!r}"
            ) from error
        if kind == "ERROR":
            if item.get("code") == 410:
                raise _Expired
            raise Unreachable(f"the watch of {self.collection.path} ended: {item.get('message', item)}")
        version = str(item["metadata"]["resourceVersion"])
        name = item["metadata"].get("name", "")
        if kind == "DELETED":
            known = self._items.get(name)
            if known is None or known.version <= int(version or 0):
                self._items.pop(name, None)
                self._gone[name] = int(version or 0)
            self._tell(name)
        elif kind != "BOOKMARK":
            self.saw(entry(item))
            self._tell(name)
        return version

    def _tell(self, name: str) -> None:
        for listener in tuple(self.listeners):
            listener(name)

    def _tell_all(self) -> None:
        for name in tuple(self._items):
            self._tell(name)


def may_not_list(error: WorldError) -> bool:
    """Whether objects have to be read one by one, since they may not be listed or watched."""
    return isinstance(error, Denied | Refused)
