"""Whether a state that was good is thought bad for how the app does after its rollout."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.event import Paused, Pinned
from reconciler.model.policy import DEFAULT_POLICY, FailureBudget, OnUnhealthy, Vigil
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.policy.removal import GONE
from reconciler.policy.vigil import rejected
from tests import factory as f

HOUR = timedelta(hours=1)
POLICY = replace(DEFAULT_POLICY, vigil=Vigil(OnUnhealthy.REVERT, revert_within=HOUR))
UNIT = replace(f.unit(f.thing("a")), policy=POLICY, targets=("web-1", "web-2", "web-3"), digest="new")
BAD_ON_ONE = {"web-1": "http :80/: HTTP 500"}
GOOD_BEFORE = ("old", Verdict.GOOD, -2 * HOUR)
GOOD_NOW = ("new", Verdict.GOOD, -HOUR / 2)


def standing(*verdicts, everything=None, **more) -> Standing:
    records = {
        digest: VerdictRecord(unit=UNIT.id, digest=digest, verdict=verdict, reason="", commit="c", at=f.NOW + at)
        for digest, verdict, at in verdicts
    }
    return Standing(units={UNIT.id: UnitStanding(unit=UNIT.id, verdicts=records, **more)}, paused=everything)


def test_an_unhealthy_unit_is_taken_back_and_the_reason_says_where_and_why() -> None:
    given = rejected(UNIT, standing(GOOD_BEFORE, GOOD_NOW), BAD_ON_ONE, f.NOW)
    assert given is not None
    assert (given.unit, given.digest, given.verdict, given.commit) == (UNIT.id, "new", Verdict.BAD, "c")
    assert given.reason == "unhealthy 30m after its rollout on web-1 (http :80/: HTTP 500)"


def test_a_reason_names_the_first_of_many() -> None:
    many = {f"web-{number}": "down" for number in range(9)}
    given = rejected(UNIT, standing(GOOD_BEFORE, GOOD_NOW), many, f.NOW)
    assert given is not None
    assert given.reason.endswith("on web-0 (down), web-1 (down), web-2 (down) and 6 more")


PAUSE = Paused(unit=UNIT.id, author="ada", reason="wait")
PIN = Pinned(unit=UNIT.id, digest="new", named="2", author="ada", reason="wait")


@pytest.mark.parametrize(
    ("why", "unit", "known", "unhealthy", "falls"),
    [
        ("it is", UNIT, standing(GOOD_BEFORE, GOOD_NOW), BAD_ON_ONE, True),
        ("nothing is unhealthy", UNIT, standing(GOOD_BEFORE, GOOD_NOW), {}, False),
        (
            "the failure budget allows it",
            replace(UNIT, policy=replace(POLICY, failure_budget=FailureBudget(total=1))),
            standing(GOOD_BEFORE, GOOD_NOW),
            BAD_ON_ONE,
            False,
        ),
        (
            "it is more than the failure budget allows",
            replace(UNIT, policy=replace(POLICY, failure_budget=FailureBudget(total=1))),
            standing(GOOD_BEFORE, GOOD_NOW),
            {**BAD_ON_ONE, "web-2": "down"},
            True,
        ),
        ("policy reports", replace(UNIT, policy=DEFAULT_POLICY), standing(GOOD_BEFORE, GOOD_NOW), BAD_ON_ONE, False),
        ("just in time", UNIT, standing(GOOD_BEFORE, ("new", Verdict.GOOD, -HOUR)), BAD_ON_ONE, True),
        (
            "its rollout is too long ago",
            UNIT,
            standing(GOOD_BEFORE, ("new", Verdict.GOOD, -HOUR - timedelta(seconds=1))),
            BAD_ON_ONE,
            False,
        ),
        ("nothing was good before", UNIT, standing(GOOD_NOW), BAD_ON_ONE, False),
        ("nothing was there before", UNIT, standing((GONE, Verdict.GOOD, -2 * HOUR), GOOD_NOW), BAD_ON_ONE, False),
        (
            "something newer than nothing was good before",
            UNIT,
            standing((GONE, Verdict.GOOD, -3 * HOUR), GOOD_BEFORE, GOOD_NOW),
            BAD_ON_ONE,
            True,
        ),
        ("what was before is bad", UNIT, standing(("old", Verdict.BAD, -2 * HOUR), GOOD_NOW), BAD_ON_ONE, False),
        (
            "it is what was gone back to",
            UNIT,
            standing(GOOD_BEFORE, GOOD_NOW, ("newer", Verdict.BAD, -HOUR / 4)),
            BAD_ON_ONE,
            False,
        ),
        ("nobody knows its state", UNIT, standing(GOOD_BEFORE), BAD_ON_ONE, False),
        ("it is bad already", UNIT, standing(GOOD_BEFORE, ("new", Verdict.BAD, -HOUR / 2)), BAD_ON_ONE, False),
        ("a person paused it", UNIT, standing(GOOD_BEFORE, GOOD_NOW, paused=PAUSE), BAD_ON_ONE, False),
        ("a person paused all", UNIT, standing(GOOD_BEFORE, GOOD_NOW, everything=PAUSE), BAD_ON_ONE, False),
        ("a person holds it", UNIT, standing(GOOD_BEFORE, GOOD_NOW, pinned=PIN), BAD_ON_ONE, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_unhealthy_falls_only_where_all_of_it_is_so(why, unit, known, unhealthy, falls) -> None:
    assert (rejected(unit, known, unhealthy, f.NOW) is not None) is falls, why
