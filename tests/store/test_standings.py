"""What is remembered between two looks is what a journal that is opened anew says."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.event import (
    AbortRequested,
    Condition,
    DecisionTaken,
    Event,
    HealthChanged,
    Paused,
    Pinned,
    Released,
    Resumed,
    RetryRequested,
    RolloutMoved,
    Routed,
    SnapshotTaken,
    VerdictGiven,
)
from reconciler.model.governance import GateKind
from reconciler.model.rollout import Decided, Decision, State
from reconciler.model.standing import UnitStanding
from reconciler.model.traffic import Share
from reconciler.model.verdict import Snapshot, Verdict
from reconciler.model.word import TurnedAway, Waived
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP, thing, unit
from tests.sim import plans
from tests.sim.words import asked, given

OLD, NEW = unit(thing("/a"), version="1"), unit(thing("/a", colour="blue"), version="2")
PINNED = Pinned(unit=SHOP, digest=OLD.digest, named=OLD.named, author="ada", reason="why")
DECISION = Decision(rollout="r1", plan="p", index=0, decided=Decided.PROMOTE, author="ada", reason="", at=NOW)
ABORT = AbortRequested(unit=SHOP, rollout="r1", author="ada", reason="no")
SICK = HealthChanged(unit=SHOP, target="web-1", condition=Condition.UNHEALTHY, detail="refused", since=NOW)


def judged(of, verdict=Verdict.GOOD) -> VerdictGiven:
    return VerdictGiven(unit=SHOP, digest=of.digest, verdict=verdict, reason="", commit=of.commit)


def moved(after: State, before: str | None = "running") -> RolloutMoved:
    return RolloutMoved(rollout="r1", unit=SHOP, before=before, after=after.value, reason="")


async def test_a_hold_names_the_state_and_outlives_the_states_that_come_after(store: SqliteStore) -> None:
    await store.append([judged(OLD), SnapshotTaken(unit=OLD), PINNED], NOW)
    for number in range(8):
        newer = unit(thing("/a", colour=str(number)), version=f"1.{number}")
        await store.append([judged(newer), SnapshotTaken(unit=newer)], NOW)
    known = (await store.standing()).of(SHOP)
    assert (known.pinned, known.pinned_at) == (PINNED, Snapshot(OLD, NOW))
    assert [each.pinned for each in await store.history.states(SHOP)] == [False] * 5 + [True]
    await store.rebuild()
    assert (await store.standing()).of(SHOP).pinned_at == Snapshot(OLD, NOW)
    await store.append([Released(unit=SHOP, author="ada", reason="")], NOW)
    known = (await store.standing()).of(SHOP)
    assert (known.pinned, known.pinned_at) == (None, None)


async def test_a_hold_at_what_is_not_kept_says_so(store: SqliteStore) -> None:
    await store.append([PINNED], NOW)
    known = (await store.standing()).of(SHOP)
    assert (known.pinned, known.pinned_at) == (PINNED, None)


async def test_what_people_consented_to_is_used_up_by_the_rollout_that_begins(store: SqliteStore) -> None:
    glass = Waived(id="w", unit=SHOP, gates=(GateKind.WINDOW,), author="ann", reason="fire", until=NOW, at=NOW)
    away = TurnedAway(unit=SHOP, digest="d", policy="one", beside=(), at=NOW)
    await store.append([asked("p1"), given("p1"), away, glass, moved(State.PENDING, None)], NOW)
    assert (await store.standing()).of(SHOP).words == (glass,)
    assert given("p1") in [each.event for each in await store.history.since(0)]
    await store.append([asked("p2"), moved(State.RUNNING, "pending")], NOW)
    await store.rebuild()
    assert (await store.standing()).of(SHOP).words == (glass, asked("p2"))


async def test_what_people_said_of_a_rollout_and_what_checks_saw_before_it_is_forgotten_with_it(
    store: SqliteStore,
) -> None:
    routed = Routed(rollout="r1", unit=SHOP, shares=(Share("a", 1),))
    await store.append([moved(State.PENDING, None), DecisionTaken(unit=SHOP, decision=DECISION), ABORT, SICK], NOW)
    await store.append([replace(SICK, condition=Condition.DEGRADED), routed], NOW)
    known = (await store.standing()).of(SHOP)
    assert (known.decisions, known.abort, known.routing) == ((DECISION,), ABORT, (Share("a", 1),))
    assert known.health == {"web-1": replace(SICK, condition=Condition.DEGRADED)}
    await store.append([moved(State.SUCCEEDED)], NOW)
    known = (await store.standing()).of(SHOP)
    assert known == UnitStanding(unit=SHOP, routing=(Share("a", 1),))


STORY: tuple[tuple[Event, ...], ...] = (
    (judged(OLD), SnapshotTaken(unit=OLD)),
    (Paused(unit=SHOP, author="ada", reason="x"), Paused(unit=None, author="ada", reason="y")),
    (judged(NEW), SnapshotTaken(unit=NEW)),
    (PINNED,),
    (Resumed(unit=SHOP, author="ada", reason=""), SICK),
    (judged(NEW, Verdict.BAD),),
    (DecisionTaken(unit=SHOP, decision=DECISION), ABORT),
    (RetryRequested(unit=SHOP, author="ada", reason=""), Released(unit=SHOP, author="ada", reason="")),
)


@pytest.mark.parametrize("together", [1, 2, 3])
async def test_what_another_process_writes_is_seen_at_the_next_look(
    store: SqliteStore, path: Path, together: int
) -> None:
    reader = SqliteStore.open_read_only(path)
    for start in range(0, len(STORY), together):
        for events in STORY[start : start + together]:
            await store.append(events, NOW)
        fresh = SqliteStore.open_read_only(path)
        assert await reader.standing() == await fresh.standing()
        await fresh.close()
    await reader.close()


async def test_a_rollout_that_moves_and_ends_is_seen_as_it_is_now(store: SqliteStore, path: Path) -> None:
    reader = SqliteStore.open_read_only(path)
    plan = plans.at_once(plans.shop("1", ("web-1",)))
    pending = plans.pending(plan, "r1", NOW)
    await store.begin(pending, plan, plans.contents("1"), NOW)
    lease = await store.claim(pending.id, "me", NOW, NOW + timedelta(minutes=1))
    assert lease
    assert (await reader.standing()).of(pending.unit).rollout == pending
    later = replace(pending, state=State.RUNNING, cursor=1)
    await store.record(lease, later, [], NOW)
    assert (await reader.standing()).of(pending.unit).rollout == later
    ended = replace(later, state=State.SUCCEEDED)
    await store.record(lease, ended, [replace(moved(State.SUCCEEDED), rollout=pending.id, unit=pending.unit)], NOW)
    known = (await reader.standing()).of(pending.unit)
    assert (known.rollout, known.last) == (None, ended)
    await reader.close()
