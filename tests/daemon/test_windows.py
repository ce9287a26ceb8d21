"""Windows, locks and limits: a real repository, a real journal and the real loop's parts, on a simulated fleet."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from reconciler.daemon.carry_out import begin
from reconciler.daemon.loop import rest
from reconciler.daemon.one_pass import one_pass
from reconciler.model.assessment import Assessment
from reconciler.model.event import Assessed, RetryRequested
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId
from reconciler.model.waiting import Reason
from reconciler.model.word import Locked, TurnedAway, Unlocked, Waived
from tests.daemon.fleet import Fleet, app, opened
from tests.factory import NOW

SHOP = UnitId("shop", "testing")
HOUR = timedelta(hours=1)

NIGHTS = b"""\
kind: ChangeWindow
metadata: {name: nights}
spec: {mode: allow, cron: 0 2 * * *, duration: 1h, zone: Europe/Berlin}
"""
OPENS = NOW.replace(day=2, hour=1)
"""Two o'clock at night in Berlin, in winter."""

NEVER = b"""\
kind: ConcurrencyPolicy
metadata: {name: one}
spec: {over: all, onConflict: fail}
"""


def tampered(fleet: Fleet) -> None:
    """Paint over the walls by hand."""
    for there in fleet.hosts.state.values():
        for name, resource in list(there.items()):
            there[name] = replace(resource, attributes={"colour": "grey"})


async def looked(fleet: Fleet) -> Assessment:
    return next(each for each in (await fleet.settled()).review.assessments if each.unit == SHOP)


async def test_a_commit_waits_for_the_window_and_the_loop_sleeps_until_just_then(tmp_path: Path) -> None:
    async with opened(tmp_path) as fleet:
        fleet.repository.write("policies/windows.yaml", NIGHTS)
        await fleet.commit("red", shop=app("red"))
        found = await looked(fleet)
        assert found.waiting
        assert (found.waiting.reason, found.waiting.until, fleet.colours()) == (Reason.WINDOW, OPENS, [])
        seen = await one_pass(fleet.world)
        assert rest(seen.review, fleet.clock.now()) == OPENS - fleet.clock.now()
        fleet.clock.jump(OPENS - timedelta(microseconds=1))
        assert (await looked(fleet)).waiting
        told = [each for each in await fleet.events() if isinstance(each, Assessed)]
        assert len(told) == 1
    async with opened(tmp_path) as fleet:
        await fleet.world.commits.begin()
        fleet.clock.jump(OPENS)
        await fleet.settled()
        assert fleet.colours() == ["red", "red"]


async def test_a_waiver_passes_the_window_in_an_emergency(tmp_path: Path) -> None:
    async with opened(tmp_path) as fleet:
        fleet.repository.write("policies/windows.yaml", NIGHTS)
        await fleet.commit("red", shop=app("red"))
        assert (await looked(fleet)).waiting
        now = fleet.clock.now()
        glass = Waived(
            id="w", unit=SHOP, gates=(GateKind.WINDOW,), author="eve", reason="it burns", until=now + HOUR, at=now
        )
        await fleet.world.journal.append([glass], now)
        await fleet.settled()
        assert fleet.colours() == ["red", "red"]


async def test_a_lock_holds_up_the_next_commit_until_somebody_else_takes_it_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as fleet:
        await fleet.commit("red", shop=app("red"))
        await fleet.settled()
        now = fleet.clock.now()
        lock = Locked(unit=None, environment="testing", author="ann", reason="audit", at=now)
        await fleet.world.journal.append([lock], now)
        await fleet.commit("blue", shop=app("blue"))
        found = await looked(fleet)
        assert found.waiting
        assert found.waiting.reason is Reason.LOCKED
        assert "testing is locked by ann" in found.waiting.detail
        unlocked = Unlocked(unit=None, environment="testing", author="ben", reason="stale", at=now)
        await fleet.world.journal.append([unlocked], now)
        await fleet.settled()
        assert fleet.colours() == ["blue", "blue"]


async def test_a_daemon_that_was_away_begins_nothing_that_was_locked_meanwhile(tmp_path: Path) -> None:
    async with opened(tmp_path) as fleet:
        await fleet.commit("red", shop=app("red"))
        seen = await one_pass(fleet.world)
        (found,) = seen.review.assessments
        assert found.plan
        await begin(found.plan, seen.desired.contents, fleet.world, seen.standing.of(SHOP))
        now = fleet.clock.now()
        await fleet.world.journal.append([Locked(unit=SHOP, environment="", author="ann", reason="audit", at=now)], now)
    async with opened(tmp_path) as fleet:
        await fleet.world.commits.begin()
        waits = await looked(fleet)
        assert waits.waiting
        assert (waits.waiting.reason, fleet.colours()) == (Reason.LOCKED, [])
        await fleet.world.journal.append([Unlocked(unit=SHOP, environment="", author="ben", reason="", at=now)], now)
        await fleet.settled()
        assert fleet.colours() == ["red", "red"]


async def test_of_two_that_come_at_once_one_is_refused_until_somebody_retries(tmp_path: Path) -> None:
    async with opened(tmp_path) as fleet:
        fleet.repository.write("policies/limits.yaml", NEVER)
        await fleet.commit("red", cart=app("red", "cart"), shop=app("red"))
        found = await looked(fleet)
        assert (fleet.colours("cart"), fleet.colours()) == (["red", "red"], [])
        assert found.waiting
        assert found.waiting.detail.startswith("refused beside cart@testing (one: 1 at once); until another commit")
        away = [each for each in await fleet.events() if isinstance(each, TurnedAway)]
        assert [(each.unit, each.beside) for each in away] == [(SHOP, ("cart@testing",))]
        retry = RetryRequested(unit=SHOP, author="ann", reason="now")
        await fleet.world.journal.append([retry], fleet.clock.now())
        await fleet.settled()
        assert fleet.colours() == ["red", "red"]


async def test_drift_waits_with_a_commit_that_waits_and_is_healed_through_the_window_otherwise(tmp_path: Path) -> None:
    async with opened(tmp_path) as fleet:
        await fleet.commit("red", shop=app("red"))
        await fleet.settled()
        fleet.repository.write("policies/windows.yaml", NIGHTS)
        await fleet.commit("only at night", barn=app("green", "barn"))
        tampered(fleet)
        found = await looked(fleet)
        assert (found.waiting, fleet.colours()) == (None, ["red", "red"])
        await fleet.commit("blue", shop=app("blue"))
        tampered(fleet)
        found = await looked(fleet)
        assert found.waiting
        assert (found.waiting.reason, fleet.colours()) == (Reason.WINDOW, ["grey", "grey"])
        fleet.clock.jump(OPENS)
        await fleet.settled()
        assert fleet.colours() == ["blue", "blue"]
