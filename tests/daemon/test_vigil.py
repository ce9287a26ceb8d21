"""Checks that go on after the rollout, on a simulated fleet: what is asked when, what is written down, what follows."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.daemon.loop import Parts, loop
from reconciler.daemon.pulse import Pulse
from reconciler.daemon.vigil import MOST_AT_ONCE, Vigil
from reconciler.model.assessment import Assessment
from reconciler.model.content import Content
from reconciler.model.event import Condition, HealthChanged, Paused, Resumed, VerdictGiven
from reconciler.model.health import CheckResult, ExecCheck, HealthCheck, HidingCheck, HttpCheck
from reconciler.model.identity import UnitId
from reconciler.model.standing import Standing
from reconciler.model.target import Host, Sort, Target
from reconciler.model.verdict import Verdict
from reconciler.simulate.world import SimWorld
from tests import factory as f
from tests.daemon.fleet import Fleet, app, policy
from tests.sim.clock import SimClock

SHOP = UnitId("shop", "testing")


@asynccontextmanager
async def kept(fleet: Fleet) -> AsyncIterator[None]:
    """Have a daemon's loop and vigil at work, with the time going by itself."""
    vigil = Vigil(fleet.world.journal, fleet.world.targets, fleet.clock)
    stop = asyncio.Event()
    async with asyncio.timeout(20), fleet.clock.ticking():
        watching = asyncio.create_task(vigil.keep(fleet.wake.ring))
        parts = Parts(fleet.world, fleet.hands, fleet.wake, vigil)
        running = asyncio.create_task(loop(parts, Pulse(fleet.clock), stop))
        try:
            yield
        finally:
            stop.set()
            fleet.wake.ring()
            await running
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def until(fleet: Fleet, asked: Callable[[Standing], Any]) -> Standing:
    while not asked(standing := await fleet.store.standing()):  # noqa: ASYNC110 - time is simulated
        await asyncio.sleep(0)
    return standing


async def healths(fleet: Fleet) -> list[tuple[str, str, str]]:
    events = [each for each in await fleet.events() if isinstance(each, HealthChanged)]
    return [(each.target, each.condition.value, each.detail) for each in events]


def conditions(standing: Standing) -> dict[str, Condition]:
    return {target: each.condition for target, each in standing.of(SHOP).health.items()}


def good_at(version: str) -> Callable[[Standing], Any]:
    return lambda standing: (
        (good := standing.of(SHOP).last_good) and good.unit.version == version and not standing.of(SHOP).rollout
    )


async def test_what_gets_worse_and_better_is_written_down_once(fleet: Fleet) -> None:
    ailing = {"web-2"}
    async with kept(fleet):
        await fleet.commit("first", shop=app("red"))
        fleet.wake.ring()
        await until(fleet, good_at("red"))
        fleet.hosts.ails = lambda target, check: "HTTP 503" if target in ailing else None
        standing = await until(fleet, lambda known: conditions(known) == {"web-2": Condition.UNHEALTHY})
        told = standing.of(SHOP).health["web-2"]
        ailing.clear()
        await until(fleet, lambda known: conditions(known) == {"web-2": Condition.HEALTHY})
    assert told.detail == "http :80/: HTTP 503"
    assert await healths(fleet) == [
        ("web-2", "degraded", "http :80/: HTTP 503"),
        ("web-2", "unhealthy", "http :80/: HTTP 503"),
        ("web-2", "healthy", ""),
    ]
    assert not [each for each in await fleet.events() if isinstance(each, VerdictGiven) and each.verdict is Verdict.BAD]


async def test_an_app_that_waits_for_its_first_rollout_is_not_unhealthy(fleet: Fleet) -> None:
    fleet.hosts.ails = lambda target, check: "HTTP 503"
    async with kept(fleet):
        await fleet.world.journal.append([Paused(unit=None, author="me", reason="not yet")], fleet.clock.now())
        await fleet.commit("first", shop=app("red"))
        fleet.wake.ring()
        standing = await until(fleet, lambda known: known.of(SHOP).assessed)
        until_then = fleet.clock.now() + timedelta(hours=1)
        while fleet.clock.now() < until_then:  # noqa: ASYNC110 - time is simulated
            await asyncio.sleep(0)
        fleet.hosts.ails = lambda target, check: None
        await fleet.world.journal.append([Resumed(unit=None, author="me", reason="now")], fleet.clock.now())
        fleet.wake.ring()
        await until(fleet, good_at("red"))
    waiting = standing.of(SHOP).assessed
    assert waiting
    assert waiting.waiting
    assert await healths(fleet) == []


async def test_what_gets_bad_soon_after_its_rollout_is_taken_back_and_not_tried_again(fleet: Fleet) -> None:
    fleet.repository.write("policies/all.yaml", _reverting())
    async with kept(fleet):
        await fleet.commit("first", shop=app("red"))
        fleet.wake.ring()
        await until(fleet, good_at("red"))
        await fleet.commit("second", shop=app("blue"))
        fleet.wake.ring()
        await until(fleet, good_at("blue"))
        fleet.hosts.unhealthy = {"blue"}
        await until(fleet, lambda known: good_at("red")(known) and fleet.colours() == ["red", "red"])
    bad = [each for each in await fleet.events() if isinstance(each, VerdictGiven) and each.verdict is Verdict.BAD]
    assert len(bad) == 1
    assert "after its rollout on web-" in bad[0].reason


async def test_an_app_on_a_host_that_is_away_is_neither_healthy_nor_unhealthy(fleet: Fleet) -> None:
    fleet.repository.write("policies/all.yaml", _reverting())
    async with kept(fleet):
        await fleet.commit("first", shop=app("red"))
        fleet.wake.ring()
        await until(fleet, good_at("red"))
        fleet.hosts.down = {"web-1"}
        began = fleet.clock.now()
        await until(fleet, lambda _: fleet.clock.now() > began + timedelta(hours=1))
    assert await healths(fleet) == []


async def test_a_daemon_that_comes_back_knows_what_was_unhealthy(fleet: Fleet) -> None:
    async with kept(fleet):
        await fleet.commit("first", shop=app("red"))
        fleet.wake.ring()
        await until(fleet, good_at("red"))
        fleet.hosts.unhealthy = {"red"}
        both = {"web-1": Condition.UNHEALTHY, "web-2": Condition.UNHEALTHY}
        await until(fleet, lambda known: conditions(known) == both)
    before = await healths(fleet)
    async with kept(fleet):
        began = fleet.clock.now()
        await until(fleet, lambda _: fleet.clock.now() > began + timedelta(minutes=10))
        assert await healths(fleet) == before
        fleet.hosts.unhealthy = set()
        await until(fleet, lambda known: set(conditions(known).values()) == {Condition.HEALTHY})
    assert len(await healths(fleet)) == len(before) + 2


class Counting:
    """Targets that answer after a while, and count how many are asked at once and when each was."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self.now = self.most = 0
        self.asked: list[float] = []

    async def check(self, host: Host, check: HealthCheck) -> CheckResult:
        self.now += 1
        self.most = max(self.most, self.now)
        self.asked.append((self._clock.now() - f.NOW).total_seconds())
        await self._clock.sleep(timedelta(seconds=0.5))
        self.now -= 1
        return CheckResult(healthy=True, detail="")


class Empty:
    """A journal that knows nothing, and in which nothing is to be written."""

    async def standing(self) -> Standing:
        return Standing()


async def test_a_large_fleet_is_asked_bit_by_bit() -> None:
    clock = SimClock(f.NOW)
    targets = Counting(clock)
    hosts = {f"web-{number}": f.host(f"web-{number}") for number in range(1000)}
    unit = f.unit(*(f.thing("a", target=each) for each in hosts), health=(HttpCheck(port=80),))
    vigil = Vigil(Empty(), targets, clock)  # type: ignore[arg-type]
    vigil.tend([Assessment(unit=unit.id, wanted=unit, effective=unit)], hosts)
    async with clock.ticking():
        keeping = asyncio.create_task(vigil.keep(lambda: None))
        while clock.now() < f.NOW + timedelta(seconds=60):  # noqa: ASYNC110
            await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    assert targets.most <= MOST_AT_ONCE
    a_second = [sum(second <= at < second + 1 for at in targets.asked) for second in range(30)]
    assert 990 <= sum(a_second) <= 1000
    assert max(a_second) < 70


class Told(Counting):
    """Targets that keep the check they were asked last."""

    last: HealthCheck | None = None

    async def check(self, host: Host, check: HealthCheck) -> CheckResult:
        self.last = check
        return await super().check(host, check)


async def test_no_secret_of_the_unit_is_to_be_told_in_an_answer() -> None:
    clock = SimClock(f.NOW)
    targets = Told(clock)
    content = Content(blob="sha256:1", digest="keyed:1", size=1, secrets={"db": "shop/db"})
    unit = f.unit(replace(f.thing("a"), contents={"content": content}), health=(ExecCheck(command=("ask",)),))
    vigil = Vigil(Empty(), targets, clock)  # type: ignore[arg-type]
    vigil.tend([Assessment(unit=unit.id, wanted=unit, effective=unit)], {"web-1": f.host("web-1")})
    async with clock.ticking():
        keeping = asyncio.create_task(vigil.keep(lambda: None))
        while targets.last is None:  # noqa: ASYNC110
            await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    assert targets.last == HidingCheck(command=("ask",), secrets=frozenset({"shop/db"}))


class Ailing(SimWorld):
    """Targets on which every check fails; what is asked of which is kept."""

    def __init__(self, clock: SimClock) -> None:
        super().__init__(clock, ails=lambda target, check: "HTTP 500")
        self.asked: set[tuple[str, str]] = set()

    async def check(self, host: Target, check: HealthCheck) -> CheckResult:
        self.asked.add((host.name, check.on))
        return await super().check(host, check)


class Noting(Empty):
    """A journal that knows what was written down."""

    def __init__(self) -> None:
        self.told: list[HealthChanged] = []

    async def append(self, events: Sequence[HealthChanged], at: datetime) -> None:
        self.told += events


async def test_each_sort_of_target_is_asked_its_own_checks_and_is_known_to_be_away_by_what_is_on_it() -> None:
    clock, journal = SimClock(f.NOW), Noting()
    world = Ailing(clock)
    targets = {name: f.target(name, sort) for name, sort in (("web-1", Sort.HOST), ("kube", Sort.KUBERNETES_CLUSTER))}
    targets |= {"away": f.target("away", Sort.DOCKER_ENGINE), "api": f.target("api", Sort.HTTP_API)}
    world.down = {"away"}
    checks = tuple(HttpCheck(port=80, on=sort) for sort in (Sort.HOST, Sort.KUBERNETES_CLUSTER, Sort.DOCKER_ENGINE))
    things = [f.of_sort(target.sort, "a", name) for name, target in targets.items()]
    unit = f.unit(*things, health=checks)
    vigil = Vigil(journal, world, clock)  # type: ignore[arg-type]
    vigil.tend([Assessment(unit=unit.id, wanted=unit, effective=unit)], targets)
    async with clock.ticking():
        keeping = asyncio.create_task(vigil.keep(lambda: None))
        while clock.now() < f.NOW + timedelta(minutes=5):  # noqa: ASYNC110
            await asyncio.sleep(0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    assert world.asked == {("web-1", Sort.HOST), ("kube", Sort.KUBERNETES_CLUSTER), ("away", Sort.DOCKER_ENGINE)}
    unhealthy = {each.target for each in journal.told if each.condition is Condition.UNHEALTHY}
    assert unhealthy == {"web-1", "kube"}


def _reverting() -> bytes:
    return policy().replace(b"spec: {}", b"spec: {health: {onUnhealthy: revert}}")
