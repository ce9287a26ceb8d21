"""The API while a hundred rollouts run: 500 requests for status a second, from a process of its own. Prints JSON.

    python -m bench.api [SECONDS] [ROLLOUTS] [RATE]

Journal, driver, plans, desk, tokens, server and time are real; hosts answer at once, and a rollout bakes between them.
The caller has a token and the role of a viewer over everything.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bench.memory import mebibytes
from bench.rollouts import percentile
from reconciler.api.app import app
from reconciler.api.door import Door, Limits
from reconciler.api.listening import Tcp
from reconciler.api.server import served
from reconciler.execute.driver import Driver
from reconciler.model.access import Access, Identity, Login, RoleBinding
from reconciler.model.asking import IssueToken
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State
from reconciler.model.unit import Desired
from reconciler.model.word import Word
from reconciler.providers.clock import SystemClock
from reconciler.providers.identities import KnownIdentities
from reconciler.providers.peers import Peers
from reconciler.simulate.world import SimWorld
from reconciler.store.journal import SqliteStore
from tests import factory
from tests.api.world import World
from tests.sim import plans
from tests.sim.reach import reach

WANTED = {"p99_ms": 50, "wrong": 0}
HOSTS = 3
PAUSE = timedelta(seconds=5)
OWNER = Identity(name="bench", login=Login.LOCAL, owner=True)
ACCESS = Access(bindings=(RoleBinding(name="bench", role="viewer", subjects=("user:status",)),))


def door(world: World) -> Door:
    """Return the door of a world, with tokens as they are."""
    made = world.door(Limits(requests=1e6, burst=10**6))

    async def said() -> Sequence[Word]:
        return (await made.fleet.view()).picture.standing.words

    return replace(made, identities=KnownIdentities(said, world.clock, Peers(os.geteuid()), None, None))


async def rolling(number: int, store: SqliteStore, driver: Driver, over: asyncio.Event) -> int:
    """Roll one app out again and again; return how often."""
    clock, times = SystemClock(), 0
    while not over.is_set():
        version = f"{times + 1}"
        unit = plans.of(UnitId(f"app{number}", "bench"), plans.shop(version, [f"h{number}-{h}" for h in range(HOSTS)]))
        plan, name = plans.rolling(unit, PAUSE), f"r{number:03}-{times:05}"
        await store.begin(plans.pending(plan, name, clock.now()), plan, plans.contents(version), clock.now())
        ended = await driver.run(name)
        assert ended.state is State.SUCCEEDED, ended
        times += 1
    return times


async def measured(folder: Path, seconds: float, rollouts: int, rate: int) -> dict[str, float]:
    clock = SystemClock()
    store = await SqliteStore.open(folder / "journal.db")
    made = door(World(store, Desired(commit="c", targets={}, units={}, access=ACCESS), clock))
    token = (await made.doorway.desk.decide(IssueToken(name="status", duration=timedelta(days=1)), OWNER)).secret
    driver, over = Driver(store, reach(SimWorld(clock), clock, factory.KINDS), owner="bench"), asyncio.Event()
    running = [asyncio.create_task(rolling(each, store, driver, over)) for each in range(rollouts)]
    async with served(app(made), Tcp("127.0.0.1", 0), 500) as address:
        await asyncio.sleep(5)
        began, before = time.process_time(), mebibytes("VmRSS:")
        arguments = (address.rpartition(":")[2], token, str(rate), str(seconds))
        asker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.asking_api", *arguments), stdout=PIPE
        )
        told, _ = await asker.communicate()
        cpu, after = time.process_time() - began, mebibytes("VmRSS:")
    over.set()
    ended = sum(await asyncio.gather(*running))
    await store.close()
    said = json.loads(told)
    return {
        "rollouts_at_once": rollouts,
        "rollouts_ended": ended,
        "requests": len(said["took"]),
        "requests_a_second": len(said["took"]) / said["seconds"],
        "wrong": len(said["wrong"]),
        "p50_ms": 1000 * percentile(said["took"], 50),
        "p99_ms": 1000 * percentile(said["took"], 99),
        "worst_ms": 1000 * max(said["took"]),
        "cpu_share": cpu / said["seconds"],
        "rss_before_mib": before,
        "rss_after_mib": after,
        "load": os.getloadavg()[0],
    }


async def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    rollouts = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    rate = int(sys.argv[3]) if len(sys.argv) > 3 else 500
    cache = Path.cwd() / ".cache"
    cache.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        figures = await measured(Path(folder), seconds, rollouts, rate)
    against = {name: round(figures[name] / wanted, 2) if wanted else figures[name] for name, wanted in WANTED.items()}
    against["rss"] = round(figures["rss_after_mib"] / figures["rss_before_mib"], 2)
    print(json.dumps({**figures, "ratio_to_target": against}, indent=1))


if __name__ == "__main__":
    asyncio.run(main())
