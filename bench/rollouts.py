"""A thousand rollouts at once in one process, on simulated hosts, the journal on the disk. Prints JSON.

    python -m bench.rollouts [ROLLOUTS] [HOSTS_EACH]

A rollout changes one host after the other. Every tenth is bad: its health check fails on the last host, and it is
taken back. Time, driver, plans and journal are real; hosts answer at once. What is told: the time of a step when
nothing but the engine takes any, how long the newest rollout of a unit takes to read meanwhile, and how long after a
failure was known the way back begins.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from bench.memory import mebibytes
from reconciler.execute.driver import Driver
from reconciler.model.change import Cause
from reconciler.model.event import SnapshotTaken, VerdictGiven
from reconciler.model.health import HttpCheck, Timing
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.resource import Resource
from reconciler.model.rollout import Rollout, State
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict
from reconciler.providers.clock import SystemClock
from reconciler.simulate.reach import reach
from reconciler.simulate.world import SimWorld
from reconciler.store.journal import SqliteStore
from tests import factory
from tests.sim import plans

BAD_ONES = 10
CHECK = HttpCheck(port=80, timing=Timing(failure_threshold=1))


@dataclass(slots=True)
class Figures:
    """What is measured: seconds."""

    steps: int = 0
    queries: list[float] = field(default_factory=list)
    reverts: list[float] = field(default_factory=list)


def unit(number: int, version: str, hosts: int) -> Unit:
    """Return an app of its own on hosts of its own."""
    targets = [f"h{number}-{host}" for host in range(hosts)]
    made = plans.of(UnitId(f"app{number}", "bench"), plans.shop(version, targets))
    return replace(made, health=(CHECK,))


async def rolled_out(number: int, hosts: int, parts: tuple[SqliteStore, Driver, SimWorld], figures: Figures) -> None:
    """Roll one app out, and take it back where it fails."""
    store, driver, world = parts
    clock, new, old = SystemClock(), unit(number, "2", hosts), unit(number, "1", hosts)
    bad = number % BAD_ONES == 0
    if bad:
        world.unhealthy.add(f"bad-{number}")
        new = replace(new, resources=tuple(_bad(one, number, new.targets[-1]) for one in new.resources))
    forward, name = plans.rolling(new, timedelta(0)), f"r{number:05}"
    good = VerdictGiven(unit=old.id, digest=old.digest, verdict=Verdict.GOOD, reason="", commit=old.commit)
    await store.append([good, SnapshotTaken(unit=old)], clock.now())
    contents = {**plans.contents("1"), **plans.contents("2")}
    await store.begin(plans.pending(forward, name, clock.now()), forward, contents, clock.now())
    ended = await driver.run(name)
    figures.steps += len(forward.steps)
    if bad:
        assert ended.state is State.REVERT_NEEDED, ended
        known = time.perf_counter()
        back = _back(old)
        reverting = asyncio.ensure_future(driver.revert(name, back))
        figures.reverts.append(await _began(store, name, known, reverting))
        ended = await reverting
        figures.steps += len(back.steps)
    assert ended.state is (State.REVERTED if bad else State.SUCCEEDED), ended


def _bad(resource: Resource, number: int, target: str) -> Resource:
    return replace(resource, attributes={"version": f"bad-{number}"}) if resource.id.target == target else resource


def _back(old: Unit) -> Plan:
    return plans.plan(old, plans.batch(old, 1, old.targets), Cause.REVERT)


async def _began(store: SqliteStore, name: str, known: float, reverting: asyncio.Future[Rollout]) -> float:
    while not reverting.done():
        rollout, _ = await store.load(name)
        if rollout.state is not State.REVERT_NEEDED and rollout.step is not None:
            return time.perf_counter() - known
        await asyncio.sleep(0.005)
    return time.perf_counter() - known


async def asked(path: Path, figures: Figures, over: asyncio.Event) -> None:
    """Ask for the status of one unit, again and again, as somebody else would."""
    looking = SqliteStore.open_read_only(path)
    while not over.is_set():
        began = time.perf_counter()
        await looking.history.rollouts(UnitId("app7", "bench"), limit=1)
        figures.queries.append(time.perf_counter() - began)
        await asyncio.sleep(0.02)
    await looking.close()


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many percent do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)] if values else 0.0


async def main() -> None:
    count, hosts = (int(sys.argv[1]) if len(sys.argv) > 1 else 1000), (int(sys.argv[2]) if len(sys.argv) > 2 else 3)
    figures, clock, over = Figures(), SystemClock(), asyncio.Event()
    with tempfile.TemporaryDirectory(dir=Path.cwd() / ".cache") as folder:
        path = Path(folder) / "journal.db"
        store, world = await SqliteStore.open(path), SimWorld(clock)
        driver = Driver(store, reach(world, clock, factory.KINDS), owner="bench")
        asking = asyncio.create_task(asked(path, figures, over))
        began, cpu = time.perf_counter(), time.process_time()
        parts = (store, driver, world)
        await asyncio.gather(*(rolled_out(number, hosts, parts, figures) for number in range(count)))
        took, worked = time.perf_counter() - began, time.process_time() - cpu
        over.set()
        await asking
        await store.close()
    print(
        json.dumps(
            {
                "rollouts": count,
                "steps": figures.steps,
                "seconds": took,
                "step_ms": 1000 * took / figures.steps,
                "step_cpu_ms": 1000 * worked / figures.steps,
                "status_p50_ms": 1000 * percentile(figures.queries, 50),
                "status_p99_ms": 1000 * percentile(figures.queries, 99),
                "revert_p50_s": percentile(figures.reverts, 50),
                "revert_p99_s": percentile(figures.reverts, 99),
                "peak_mib": mebibytes("VmHWM:"),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
