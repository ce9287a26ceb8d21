"""The daemon's own pass in one process, connections open: how long each stage takes. Prints JSON.

    python -m bench.steady RECONCILER.toml PASSES

The world is wired as ``reconciler run`` wires it; only stop-watches are put around the stages.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.memory import mebibytes
from reconciler import observe
from reconciler.daemon import one_pass
from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.logs import set_up
from reconciler.daemon.settings import Settings
from reconciler.daemon.settle import settle
from reconciler.daemon.wiring import acting
from reconciler.diff import pair
from reconciler.providers.hosts import HostTargets

SPENT: dict[str, list[float]] = {}


def watched(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with a stop-watch around it."""

    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return work(*args, **kwargs)
        finally:
            SPENT.setdefault(name, []).append(time.perf_counter() - began)

    return timed


def awaited(name: str, work: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return the coroutine function with a stop-watch around it."""

    async def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        try:
            return await work(*args, **kwargs)
        finally:
            SPENT.setdefault(name, []).append(time.perf_counter() - began)

    return timed


def watch() -> None:
    """Put the stop-watches where the stages are called."""
    for where, name, called, watching in (
        (observe, "look", "observe", awaited),
        (pair, "compare", "diff", watched),
        (one_pass, "review", "plan", watched),
        (HostTargets, "survey", "observe one host", awaited),
        (HostTargets, "apply", "apply one host", awaited),
    ):
        setattr(where, name, watching(called, getattr(where, name)))


async def main() -> None:
    settings = Settings.load(Path(sys.argv[1]))
    set_up(settings.log)
    watch()
    async with acting(settings) as parts:
        await parts.world.commits.refresh()
        await settle(parts.world, parts.hands, parts.wake, lambda _: True)
        applied = SPENT.pop("apply one host", [])
        SPENT.clear()
        passes, cpu = [], []
        for _ in range(int(sys.argv[2])):
            began, busy = time.perf_counter(), time.process_time()
            seen = await one_pass.one_pass(parts.world)
            await carry_out(seen, parts.world, parts.hands)
            passes.append(time.perf_counter() - began)
            cpu.append(time.process_time() - busy)
    resident = mebibytes("VmRSS:")
    print(
        json.dumps({"passes": passes, "cpu": cpu, "rss_mib": resident, "spent": {**SPENT, "apply one host": applied}})
    )


if __name__ == "__main__":
    asyncio.run(main())
