"""A thousand rollouts at once in one process, on simulated hosts, the journal on the disk. Prints JSON.

    python -m bench.rollouts [ROLLOUTS] [HOSTS_EACH]

A rollout changes one host after the other. Every tenth is bad: its health check fails on the last host, and it is
taken back. Time, driver, plans and journal are real; hosts answer at once. What is told: the time of a step when
nothing but the engine takes any, how long the newest rollout of a unit takes to read meanwhile, and how long after a
failure was known the way back begins.
"""

import asyncio
import json
import os
import sys
import tempfile
import threading
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from bench.asking import asked
from bench.memory import mebibytes
from reconciler.execute.driver import Driver
from reconciler.model.canonical import Digest
from reconciler.model.change import Cause
from reconciler.model.event import Event, SnapshotTaken, VerdictGiven
from reconciler.model.health import HttpCheck, Timing
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.resource import Resource
from reconciler.model.rollout import Rollout, State
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict
from reconciler.ports.journal import Lease, RolloutLog
from reconciler.providers.clock import SystemClock
from reconciler.simulate.world import SimWorld
from reconciler.store.journal import SqliteStore
from tests import factory
from tests.sim import plans
from tests.sim.reach import reach

WANTED = {"step_ms": 5, "step_cpu_ms": 5, "status_p99_ms": 20, "status_in_process_p99_ms": 20, "revert_p99_s": 1}
BAD_ONES = 10
CHECK = HttpCheck(port=80, timing=Timing(failure_threshold=1))


@dataclass(slots=True)
class Steps:
    """How many steps were made."""

    made: int = 0


def unit(number: int, version: str, hosts: int) -> Unit:
    """Return an app of its own on hosts of its own."""
    targets = [f"h{number}-{host}" for host in range(hosts)]
    made = plans.of(UnitId(f"app{number}", "bench"), plans.shop(version, targets))
    return replace(made, health=(CHECK,))


async def rolled_out(number: int, hosts: int, parts: tuple[SqliteStore, Driver, SimWorld], steps: Steps) -> None:
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
    steps.made += len(forward.steps)
    if bad:
        assert ended.state is State.REVERT_NEEDED, ended
        back = _back(old)
        ended = await driver.revert(name, back)
        steps.made += len(back.steps)
    assert ended.state is (State.REVERTED if bad else State.SUCCEEDED), ended


def _bad(resource: Resource, number: int, target: str) -> Resource:
    return replace(resource, attributes={"version": f"bad-{number}"}) if resource.id.target == target else resource


def _back(old: Unit) -> Plan:
    return plans.plan(old, plans.batch(old, 1, old.targets), Cause.REVERT)


@dataclass(slots=True)
class Watched:
    """The journal, with a look at when a failure was known, and when the first step back was written down."""

    log: RolloutLog
    known: dict[str, float] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout."""
        return await self.log.claim(rollout, owner, now, until)

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer."""
        await self.log.renew(lease, until)

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and its plan."""
        return await self.log.load(rollout)

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Write, and look at the clock."""
        if rollout.state is State.REVERT_NEEDED:
            self.known.setdefault(rollout.id, time.perf_counter())
        await self.log.record(lease, rollout, events, at, plan)
        if rollout.state is State.REVERTING and rollout.step is not None:
            self.began.setdefault(rollout.id, time.perf_counter())

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents."""
        return await self.log.contents(blobs)

    def reverts(self) -> list[float]:
        """Return how many seconds each way back took to begin."""
        return [began - self.known[name] for name, began in self.began.items()]


@asynccontextmanager
async def status_asked(path: Path, answers: dict[str, list[float]]) -> AsyncIterator[None]:
    """Let a process of its own ask meanwhile, and a thread of this one."""
    over = threading.Event()
    thread = asyncio.create_task(asyncio.to_thread(lambda: asyncio.run(asked(path, over))))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.asking", str(path)), stdin=PIPE, stdout=PIPE
    )
    try:
        yield
    finally:
        over.set()
        said, _ = await process.communicate(b"")
    answers.update(thread=await thread, process=json.loads(said))


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the value that so many percent do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)] if values else 0.0


async def measured(path: Path, count: int, hosts: int) -> dict[str, float]:
    """Roll all out at once, and return what that cost."""
    clock, answers, steps = SystemClock(), dict[str, list[float]](), Steps()
    store, world = await SqliteStore.open(path), SimWorld(clock)
    log = Watched(store)
    driver = Driver(log, reach(world, clock, factory.KINDS), owner="bench")
    async with status_asked(path, answers):
        began, cpu = time.perf_counter(), time.process_time()
        parts = (store, driver, world)
        await asyncio.gather(*(rolled_out(number, hosts, parts, steps) for number in range(count)))
        took, worked = time.perf_counter() - began, time.process_time() - cpu
    await store.close()
    return {
        "rollouts": count,
        "steps": steps.made,
        "seconds": took,
        "step_ms": 1000 * took / steps.made,
        "step_cpu_ms": 1000 * worked / steps.made,
        "status_p50_ms": 1000 * percentile(answers["process"], 50),
        "status_p99_ms": 1000 * percentile(answers["process"], 99),
        "status_in_process_p50_ms": 1000 * percentile(answers["thread"], 50),
        "status_in_process_p99_ms": 1000 * percentile(answers["thread"], 99),
        "revert_p50_s": percentile(log.reverts(), 50),
        "revert_p99_s": percentile(log.reverts(), 99),
        "peak_mib": mebibytes("VmHWM:"),
        "load": os.getloadavg()[0],
    }


async def main() -> None:
    count, hosts = (int(sys.argv[1]) if len(sys.argv) > 1 else 1000), (int(sys.argv[2]) if len(sys.argv) > 2 else 3)
    with tempfile.TemporaryDirectory(dir=Path.cwd() / ".cache") as folder:
        figures = await measured(Path(folder) / "journal.db", count, hosts)
    against = {name: round(figures[name] / wanted, 2) for name, wanted in WANTED.items()}
    print(json.dumps({**figures, "ratio_to_target": against}, indent=1))


if __name__ == "__main__":
    asyncio.run(main())
