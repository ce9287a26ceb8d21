"""Which rollouts are deployments, which failed, and when that was over."""

from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.chronicle import Ran, Wanted
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State
from reconciler.report.deployments import deployments
from reconciler.report.lead import LeadFrom
from tests.report.chronicles import CART, NOON, SHOP, after, chronicle, ran, written

OK, BACK, STUCK, BROKEN = State.SUCCEEDED, State.REVERTED, State.HELD, State.REVERT_FAILED

TABLE = {
    "it went well": ([ran(OK, 0, 5)], (None, None)),
    "it was taken back by itself": ([ran(BACK, 0, 9, failed=4)], (4, 9)),
    "nobody knows when it failed: when it ended": ([ran(BACK, 0, 9)], (9, 9)),
    "it is held still": ([ran(STUCK, 0, 9, failed=8)], (8, None)),
    "it was held, and the next commit went well": ([ran(STUCK, 0, 9, failed=8), ran(OK, 20, 25)], (8, 25)),
    "it was held, and the next was held too": ([ran(STUCK, 0, 9, failed=8), ran(STUCK, 20, 25)], (8, None)),
    "the way back failed, and a revert of its own went well": (
        [ran(BROKEN, 0, 9, failed=3), ran(OK, 12, 14, cause=Cause.REVERT)],
        (3, 14),
    ),
    "a vigil took it back later": ([ran(OK, 0, 5), ran(OK, 30, 31, cause=Cause.REVERT)], (30, 31)),
    "it was taken back later, and that goes on": (
        [ran(OK, 0, 5), ran(State.RUNNING, 30, None, cause=Cause.REVERT)],
        (30, None),
    ),
    "what was healed did not fail": ([ran(OK, 0, 5), ran(OK, 30, 31, cause=Cause.DRIFT)], (None, None)),
    "another commit came before the revert": (
        [ran(OK, 0, 5), ran(OK, 20, 22), ran(OK, 30, 31, cause=Cause.REVERT)],
        (None, None),
    ),
    "what was healed before it was taken back was not well again by that": (
        [ran(OK, 0, 5), ran(OK, 20, 21, cause=Cause.DRIFT), ran(OK, 30, 60, cause=Cause.REVERT)],
        (30, 60),
    ),
    "it was healed, and to take it back did not go well": (
        [ran(OK, 0, 5), ran(OK, 20, 21, cause=Cause.DRIFT), ran(STUCK, 30, 60, cause=Cause.REVERT)],
        (30, None),
    ),
    "a commit that a person ended did not come between": (
        [ran(OK, 0, 5), ran(State.ABORTED, 20, 21), ran(OK, 30, 31, cause=Cause.REVERT)],
        (30, 31),
    ),
    "a commit that did not stay did not come between": (
        [ran(OK, 0, 5), ran(BACK, 20, 25), ran(OK, 30, 31, cause=Cause.REVERT)],
        (30, 31),
    ),
    "what came after it could not be taken back at once, and was later": (
        [ran(OK, 0, 5), ran(BROKEN, 20, 25), ran(OK, 30, 31, cause=Cause.REVERT)],
        (None, None),
    ),
    "what came after it was ended, and it was gone back to": (
        [ran(OK, 0, 5, digest="good"), ran(State.ABORTED, 20, 21), ran(OK, 30, 31, cause=Cause.REVERT, digest="good")],
        (None, None),
    ),
    "another unit was taken back": ([ran(OK, 0, 5), ran(OK, 30, 31, cause=Cause.REVERT, unit=CART)], (None, None)),
}


@pytest.mark.parametrize(("line", "expected"), TABLE.values(), ids=TABLE.keys())
def test_a_deployment_fails_and_is_restored(line: list[Ran], expected: tuple[int | None, int | None]) -> None:
    first = next(each for each in deployments(chronicle(*line)) if each.ran.started_at == NOON)
    wanted = tuple(None if each is None else after(each) for each in expected)
    assert (first.failed_at, first.restored_at) == wanted


@pytest.mark.parametrize("state", [State.ABORTED, State.SUPERSEDED, State.RUNNING, State.PENDING, State.PAUSED])
def test_what_did_not_come_to_an_end_of_its_own_is_no_deployment(state: State) -> None:
    assert deployments(chronicle(ran(state, 0, 5))) == ()


@pytest.mark.parametrize("cause", [Cause.DRIFT, Cause.REVERT])
def test_only_a_commit_is_deployed(cause: Cause) -> None:
    assert deployments(chronicle(ran(OK, 0, 5, cause=cause))) == ()


def wanted(*line: tuple[float, str, str]) -> dict[UnitId, list[Wanted]]:
    return {SHOP: [Wanted(after(at), commit, digest) for at, commit, digest in line]}


GIT = {name: written(name, at) for name, at in {"old": -900, "first": -60, "second": -30, "head": -1}.items()}
BEFORE = ran(OK, -800, -790, digest="old")
HEAD = ran(OK, 0, 10, commit="head", digest="new")
LEADS = {
    "what changed the unit waited, and the head is another's": (
        [BEFORE, HEAD],
        [(-800, "old", "old"), (-50, "first", "new")],
        70,
    ),
    "it changed twice while it waited": (
        [BEFORE, HEAD],
        [(-800, "old", "old"), (-50, "first", "between"), (-20, "second", "new")],
        70,
    ),
    "the first change was taken out again": (
        [BEFORE, HEAD],
        [(-800, "old", "old"), (-50, "first", "between"), (-40, "third", "old"), (-20, "second", "new")],
        40,
    ),
    "it came while the one before was rolled out": (
        [ran(OK, -50, -20, digest="old"), HEAD],
        [(-50, "old", "old"), (-45, "first", "new")],
        70,
    ),
    "a heal came between": (
        [BEFORE, ran(OK, -40, -39, cause=Cause.DRIFT, digest="old"), HEAD],
        [(-800, "old", "old"), (-50, "first", "new")],
        70,
    ),
    "the one before was taken back, and this goes on from there": (
        [BEFORE, ran(BACK, -50, -40, digest="bad"), HEAD],
        [(-800, "old", "old"), (-50, "first", "bad"), (-40, "old", "old"), (-20, "second", "new")],
        40,
    ),
    "it is brought back to what it was": (
        [BEFORE, ran(STUCK, -50, -40, digest="bad"), ran(OK, 0, 10, commit="head", digest="old")],
        [(-800, "old", "old"), (-50, "first", "bad"), (-20, "second", "old")],
        40,
    ),
    "it is the first of the unit": ([HEAD], [(-50, "first", "new")], 70),
    "what came later is none of it": ([BEFORE, HEAD], [(-20, "second", "new"), (5, "old", "newer")], 40),
    "the journal does not know when it came": ([BEFORE, HEAD], [], 11),
    "neither Git nor the journal knows the commit": ([BEFORE, HEAD], [(-20, "strange", "new")], 30),
}


@pytest.mark.parametrize(("line", "was_wanted", "minutes"), LEADS.values(), ids=LEADS.keys())
def test_a_lead_time_is_that_of_the_oldest_change_that_the_unit_waited_with(
    line: list[Ran], was_wanted: list[tuple[float, str, str]], minutes: int
) -> None:
    found = deployments(chronicle(*line, wanted=wanted(*was_wanted), written=GIT))
    assert found[-1].lead == timedelta(minutes=minutes)


def test_a_lead_time_is_counted_from_when_the_commit_was_written_or_else_followed() -> None:
    told = chronicle(
        ran(OK, 0, 5, commit="known"),
        ran(OK, 10, 15, commit="followed"),
        ran(OK, 20, 25, commit="strange"),
        ran(BACK, 30, 35, commit="known"),
        written={"known": written("known", -55)},
        accepted={"known": after(-1), "followed": after(9)},
    )
    assert [(each.lead, each.lead_from) for each in deployments(told)] == [
        (timedelta(minutes=60), LeadFrom.WRITTEN),
        (timedelta(minutes=6), LeadFrom.ACCEPTED),
        (None, LeadFrom.NOTHING),
        (None, LeadFrom.NOTHING),
    ]
