"""A commit waits for people: a real repository, a real journal and the real loop's parts, on a simulated fleet."""

from datetime import timedelta
from pathlib import Path

from reconciler.model.access import Login
from reconciler.model.assessment import Assessment
from reconciler.model.event import RetryRequested
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State
from reconciler.model.waiting import Reason
from reconciler.model.word import (
    ApprovalAsked,
    ApprovalEscalated,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalReminded,
    Word,
)
from reconciler.plan.consent import as_asked
from tests.daemon.fleet import Fleet, app, opened

UNIT = UnitId("shop", "testing")

TWO = b"""\
kind: ApprovalPolicy
metadata: {name: two-of-sre}
spec:
  stages: [{count: 2, roles: [sre]}]
  within: 4h
  remindAfter: 1h
  escalate: [{after: 2h, roles: [lead]}]
---
kind: Role
metadata: {name: sre}
spec: {actions: [approve]}
---
kind: Role
metadata: {name: lead}
spec: {actions: [approve]}
"""


async def asked(fleet: Fleet, colour: str = "red") -> Assessment:
    """Commit; return what the unit then waits for."""
    fleet.repository.write("policies/approvals.yaml", TWO)
    await fleet.commit(colour, shop=app(colour))
    return await looked(fleet)


async def looked(fleet: Fleet) -> Assessment:
    (found,) = (await fleet.settled()).review.assessments
    return found


async def say(fleet: Fleet, *words: Word | RetryRequested) -> None:
    await fleet.world.journal.append(words, fleet.clock.now())


def given(fleet: Fleet, found: Assessment, author: str, *roles: str) -> ApprovalGiven:
    assert found.plan
    return ApprovalGiven(
        unit=UNIT,
        plan=as_asked(found.plan).id,
        author=author,
        roles=roles or ("sre",),
        login=Login.LOCAL,
        at=fleet.clock.now(),
    )


async def test_a_commit_waits_for_two_people_and_then_goes_on(fleet: Fleet) -> None:
    found = await asked(fleet)
    assert found.waiting
    assert (found.waiting.reason, fleet.colours()) == (Reason.APPROVAL, [])
    assert "it needs 2 approvals of sre" in found.waiting.detail

    await say(fleet, given(fleet, found, "ann"))
    again = await looked(fleet)
    assert again.waiting
    assert again.plan == found.plan
    assert "one more approval of sre, approved so far by ann" in again.waiting.detail

    await say(fleet, given(fleet, found, "ben"))
    await fleet.settled()
    assert fleet.colours() == ["red", "red"]


async def test_the_author_of_the_commit_does_not_count(fleet: Fleet) -> None:
    found = await asked(fleet)
    await say(fleet, given(fleet, found, "a"), given(fleet, found, "ben"))
    again = await looked(fleet)
    assert again.waiting
    assert "a does not count: is an author of its commits" in again.waiting.detail


async def test_another_commit_asks_again(fleet: Fleet) -> None:
    found = await asked(fleet)
    await say(fleet, given(fleet, found, "ann"), given(fleet, found, "ben"))
    await fleet.commit("blue", shop=app("blue"))
    again = await looked(fleet)
    assert again.waiting
    assert (again.waiting.reason, fleet.colours()) == (Reason.APPROVAL, [])


async def test_a_commit_that_leaves_the_unit_as_it_was_asks_nobody_again(fleet: Fleet) -> None:
    found = await asked(fleet)
    await say(fleet, given(fleet, found, "ann"))
    fleet.repository.write("desired-state/note.txt", b"nothing of any unit\n")
    await fleet.commit("red", shop=app("red"))
    again = await looked(fleet)
    assert again.waiting
    assert again.plan
    assert found.plan
    assert again.plan.id != found.plan.id
    assert "approved so far by ann" in again.waiting.detail
    await say(fleet, given(fleet, again, "ben"))
    await fleet.settled()
    assert fleet.colours() == ["red", "red"]


async def test_people_are_asked_reminded_and_others_asked_once_each(fleet: Fleet) -> None:
    await asked(fleet)
    for _ in range(5):
        fleet.clock.jump(fleet.clock.now() + timedelta(minutes=45))
        await fleet.settled()
    told = [
        type(each)
        for each in await fleet.events()
        if isinstance(each, ApprovalAsked | ApprovalReminded | ApprovalEscalated)
    ]
    assert told == [ApprovalAsked, ApprovalReminded, ApprovalEscalated]


async def test_nobody_in_time_is_a_no_until_somebody_asks_again(fleet: Fleet) -> None:
    await asked(fleet)
    fleet.clock.jump(fleet.clock.now() + timedelta(hours=4))
    over = await looked(fleet)
    assert over.waiting
    assert over.waiting.reason is Reason.DISAPPROVED

    await say(fleet, RetryRequested(unit=UNIT, author="ann", reason="we were away"))
    again = await looked(fleet)
    assert again.waiting
    assert again.waiting.reason is Reason.APPROVAL


async def test_a_refusal_holds_until_another_commit_and_survives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as fleet:
        found = await asked(fleet)
        assert found.plan
        refused = ApprovalRefused(
            unit=UNIT, plan=as_asked(found.plan).id, author="ben", reason="not today", at=fleet.clock.now()
        )
        await say(fleet, given(fleet, found, "ann"), given(fleet, found, "cho"), refused)
    async with opened(tmp_path) as fleet:
        await fleet.world.commits.begin()
        again = await looked(fleet)
        assert again.waiting
        assert (again.waiting.reason, fleet.colours()) == (Reason.DISAPPROVED, [])
        assert again.waiting.detail.startswith("ben refused it: not today; until another plan")


async def test_the_way_back_needs_nobody(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))
    await fleet.settled()
    fleet.repository.write("policies/approvals.yaml", TWO)
    fleet.hosts.unhealthy = {"pink"}
    await fleet.commit("bad", shop=app("pink"))
    found = await looked(fleet)
    await say(fleet, given(fleet, found, "ann"), given(fleet, found, "ben"))
    ended = await fleet.settled()
    assert [each.state for each in ended.ended] == [State.REVERTED]
    assert fleet.colours() == ["red", "red"]
