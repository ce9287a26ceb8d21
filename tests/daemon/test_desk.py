"""The desk over a real journal: who may not is refused and written down, and what is decided is there for the next."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reconciler.control.asked import Principal
from reconciler.daemon.archive import JournalArchive
from reconciler.daemon.desk import JournalDesk
from reconciler.daemon.rulebook import Rulebook
from reconciler.model.access import Identity, Login
from reconciler.model.asking import Delegate, Forbidden, GoBack, Hold, Origin, Pause, Promote, Refused, Sync
from reconciler.model.deed import Requested
from reconciler.model.event import DecisionTaken, Event, Paused
from reconciler.model.identity import UnitId
from reconciler.model.question import Question
from reconciler.model.rollout import State
from reconciler.model.standing import Standing
from reconciler.model.word import AccessRefused, Delegated
from reconciler.ports.desk import Desk
from reconciler.ports.journal import JournalUnavailable
from tests.api.world import BANK, SHOP, World, opened, prepared

OPERATOR = Identity(name="operator", login=Login.TOKEN)
APPROVER = Identity(name="approver", login=Login.TOKEN, groups=("night-shift",))
ADMIN = Identity(name="admin", login=Login.TOKEN)
OWNER = Identity(name="root", login=Login.LOCAL, owner=True)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    await prepared(tmp_path)
    async with opened(tmp_path) as made:
        yield made


def desk_of(world: World) -> Desk:
    return world.door().doorway.desk


async def said(world: World, kind: type) -> list[object]:
    entries = await JournalArchive(world.store).since(0, 1000)
    return [each.event for each in entries if isinstance(each.event, kind)]


async def test_what_somebody_may_not_is_refused_told_once_and_wakes_nobody(world: World) -> None:
    desk = desk_of(world)
    for _ in range(3):
        with pytest.raises(Forbidden, match="operator may not pause bank@production"):
            await desk.decide(Pause(unit=BANK, reason="x"), OPERATOR)
    (word,) = await said(world, AccessRefused)
    assert isinstance(word, AccessRefused)
    assert (word.name, word.login, word.action, word.unit) == ("operator", "token", "pause", BANK)
    assert await said(world, Paused) == []
    assert world.woken == 0


async def test_who_makes_up_names_of_units_is_told_of_once(world: World) -> None:
    desk = desk_of(world)
    for number in range(3):
        with pytest.raises(Forbidden):
            await desk.decide(Pause(unit=UnitId(f"app-{number}", "production"), reason="x"), OPERATOR)
    (word,) = await said(world, AccessRefused)
    assert isinstance(word, AccessRefused)
    assert word.unit is None
    assert "app-0@production" in word.reason


async def test_a_refusal_that_could_not_be_written_down_is_by_the_next_one(world: World) -> None:
    times = iter([True, False])

    async def append(events: Sequence[Event], at: datetime) -> None:
        if next(times):
            raise JournalUnavailable("the disk is full")
        await world.store.append(events, at)

    desk = JournalDesk(world.store, replace(world.around(), append=append))
    with pytest.raises(JournalUnavailable):
        await desk.decide(Pause(unit=BANK, reason="x"), OPERATOR)
    with pytest.raises(Forbidden):
        await desk.decide(Pause(unit=BANK, reason="x"), OPERATOR)
    assert len(await said(world, AccessRefused)) == 1


async def test_of_two_who_ask_for_the_same_at_once_one_is_told_of_the_other(world: World) -> None:
    desk = desk_of(world)
    asked = (desk.decide(Pause(unit=SHOP, reason="mine"), who) for who in (OPERATOR, OWNER))
    first, second = await asyncio.gather(*asked, return_exceptions=True)
    assert not isinstance(first, BaseException)
    assert isinstance(second, Refused)
    assert "paused already, by operator: mine" in str(second)
    assert len(await said(world, Paused)) == 1


async def test_who_has_delegated_is_looked_up_anew_with_the_groups_they_had(world: World) -> None:
    desk = desk_of(world)
    await desk.decide(Delegate(to="bob", duration=timedelta(hours=8)), APPROVER)
    (word,) = await said(world, Delegated)
    assert isinstance(word, Delegated)
    assert (word.author, word.to, word.roles, word.groups) == ("approver", "bob", ("approver",), ("night-shift",))


async def test_only_who_may_approve_lets_others_do_it_in_their_place(world: World) -> None:
    bob, now = Identity(name="bob", login=Login.TOKEN), world.clock.now()
    made = Delegated(
        author="approver", roles=(), to="bob", until=now + timedelta(1), reason="", at=now, emails=("a@example.net",)
    )
    standing = Standing(words=(made, replace(made, author="operator"), replace(made, author="nobody")))
    rules = Rulebook(world.desired)
    expected = Principal(name="approver", roles=("approver",), emails=("a@example.net",))
    assert rules.instead_of(bob, SHOP, standing, now) == (expected,)
    assert rules.instead_of(bob, BANK, standing, now) == ()


@pytest.mark.parametrize(("who", "may"), [(OPERATOR, False), (ADMIN, True), (OWNER, True)])
async def test_who_promotes_to_the_end_approves_as_far_as_their_roles_go(
    world: World, who: Identity, may: bool
) -> None:
    rollout = (await desk_of(world).picture()).standing.of(SHOP).rollout
    assert rollout
    now = world.clock.now()
    lease = await world.store.claim(rollout.id, "me", now, now + timedelta(minutes=1))
    assert lease
    await world.store.record(lease, replace(rollout, state=State.RUNNING), [], now)
    await desk_of(world).decide(Promote(unit=SHOP, fully=True), who)
    (event,) = await said(world, DecisionTaken)
    assert isinstance(event, DecisionTaken)
    assert event.decision.approves is may


async def test_a_look_now_writes_nothing_and_wakes(world: World) -> None:
    before = await world.store.history.newest()
    await desk_of(world).decide(Sync(unit=SHOP), OPERATOR)
    assert (await world.store.history.newest(), world.woken) == (before, 1)


async def test_a_request_that_is_refused_as_things_are_leaves_nothing(world: World) -> None:
    before = await world.store.history.newest()
    with pytest.raises(Refused, match="is between two states"):
        await desk_of(world).decide(Hold(unit=SHOP), OPERATOR)
    with pytest.raises(Refused, match="no good state 9 is kept"):
        await desk_of(world).decide(GoBack(unit=SHOP, to="9"), OPERATOR)
    assert (await world.store.history.newest(), world.woken) == (before, 0)


async def test_what_somebody_asked_for_is_written_down_before_what_follows_from_it(world: World) -> None:
    origin = Origin(id="req-1", address="198.51.100.7", trace="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    await desk_of(world).decide(Pause(unit=SHOP, reason="audit"), OWNER, origin)
    entries = list(await JournalArchive(world.store).since(0, 1000))
    at = next(number for number, each in enumerate(entries) if isinstance(each.event, Requested))
    asked, paused = entries[at].event, entries[at + 1].event
    assert asked == Requested(
        id="req-1",
        name="root",
        login=Login.LOCAL,
        verb="pause",
        unit=SHOP,
        reason="audit",
        address="198.51.100.7",
        trace=origin.trace,
    )
    assert isinstance(paused, Paused)
    found = await world.store.search.newest(Question(unit=str(SHOP)), 2)
    assert [each.linked.row.request for each in found.entries] == ["req-1", "req-1"]


async def test_what_changes_nothing_is_no_entry(world: World) -> None:
    before = len(await JournalArchive(world.store).since(0, 1000))
    await desk_of(world).decide(Sync(unit=SHOP), OPERATOR)
    assert len(await JournalArchive(world.store).since(0, 1000)) == before
