"""A target that has failed too often in a row is left out, and why is said."""

from dataclasses import replace
from datetime import timedelta

from reconciler.diff import pair
from reconciler.model.difference import UnitDiff
from reconciler.model.resource import Survey
from reconciler.model.rollout import Strikes
from reconciler.model.standing import UnitStanding
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.plan.cooling import without_cooling
from tests import factory
from tests.factory import NOW, SHOP
from tests.sim import plans

WEB = ("web-1", "web-2")
UNIT = plans.shop("2", WEB)
DIFF = pair.compare(UNIT, Survey(factory.absent(*UNIT.resources)), {}, factory.KINDS, {})


def known(*failing: str) -> UnitStanding:
    strikes = tuple(Strikes(target=name, count=3, last=NOW) for name in failing)
    last = replace(plans.pending(plans.at_once(UNIT), "r0", NOW), strikes=strikes)
    return UnitStanding(unit=SHOP, last=last)


def targets(diff: UnitDiff) -> list[str]:
    return [each.resource.id.target for each in diff.differing]


def test_it_is_left_out_until_then_and_the_others_go_on() -> None:
    left = without_cooling(DIFF, UNIT, known("web-1"), NOW + timedelta(minutes=1))
    assert targets(left) == ["web-2"]
    assert [str(each.reason) for each in left.unseen] == [
        "it has failed 3 times in a row and is left out until 2026-03-01 12:05 UTC"
    ]


def test_it_is_tried_again_after_that() -> None:
    assert without_cooling(DIFF, UNIT, known("web-1"), NOW + timedelta(minutes=5)) == DIFF


def test_where_all_fail_none_is_left_out() -> None:
    assert without_cooling(DIFF, UNIT, known(*WEB), NOW) == DIFF


def test_a_person_who_asks_for_another_try_gets_it() -> None:
    asked = VerdictRecord(unit=SHOP, digest="d", verdict=Verdict.UNKNOWN, reason="ann", commit="c", at=NOW)
    assert without_cooling(DIFF, UNIT, replace(known("web-1"), verdicts={"d": asked}), NOW) == DIFF
