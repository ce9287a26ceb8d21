"""What an engine tells of by itself: that something of a kind that we look at has changed."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.model.target import Sort
from reconciler.ports.errors import Unreachable, WorldError
from reconciler.providers.docker.asking import Request

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

_TYPES = {
    Sort.DOCKER_ENGINE: ("container", "image", "network", "volume"),
    Sort.SWARM: ("service", "secret", "config", "node", "network"),
}
# What a container's healthcheck does (exec_...) comes all the time, and changes nothing.
_OF_INTEREST = (
    *("create", "start", "die", "destroy", "rename", "update", "pause", "unpause", "oom", "kill", "remove"),
    *("connect", "disconnect", "mount", "unmount", "pull", "load", "import", "tag", "untag", "delete"),
)
# Changes come in packs: what a moment brings is looked at together.
_PACK = 0.05


async def told(engine: "Engine", sort: Sort, period: timedelta) -> AsyncGenerator[None, None]:
    """Yield at the start, and whenever something may have changed; raise WorldError when the engine tells no more.

    ``period`` is how long changes are gathered at most before it is told of them.
    """
    rung = asyncio.Event()
    rung.set()  # what happened between the last look and the start of the stream
    listening = asyncio.create_task(_listen(engine, sort, rung))
    # Whoever waits for the bell hears of the end, too.
    listening.add_done_callback(lambda _: rung.set())
    try:
        while True:
            await rung.wait()
            if listening.done():
                break
            await asyncio.sleep(min(_PACK, period.total_seconds()))
            rung.clear()
            yield
        listening.result()
        raise Unreachable(f"{engine.name} tells of no changes any more")
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError, WorldError):
            await listening


async def _listen(engine: "Engine", sort: Sort, rung: asyncio.Event) -> None:
    filters = {"type": list(_TYPES[sort]), "event": list(_OF_INTEREST)}
    request = Request(path="/events", query=(("filters", json.dumps(filters)),))
    async with aclosing(engine.lines(request)) as lines:
        async for _ in lines:
            rung.set()
