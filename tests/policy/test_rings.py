"""A ring of another environment: good there, at this commit, for long enough."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.identity import UnitId
from reconciler.model.policy import Amount, Progressive, Ring, RolloutPolicy
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Snapshot, Verdict, VerdictRecord
from reconciler.policy.availability import at_once
from reconciler.policy.dependency import earlier_ring
from tests import factory as f

STAGING = UnitId("shop", "staging")
RINGS = Progressive((Ring(environment="staging", bake=timedelta(hours=1)), Ring()))


@pytest.mark.parametrize(
    ("verdict", "since", "detail"),
    [
        (None, 120, "shop@staging is a ring before this one and is not good yet at this commit"),
        (Verdict.BAD, 120, "shop@staging is a ring before this one and was rejected: it broke at this commit"),
        (Verdict.GOOD, 59, "shop@staging is a ring before this one and has to be good for 1h"),
        (Verdict.GOOD, 60, None),
    ],
)
def test_a_unit_waits_until_the_ring_before_it_has_been_good_for_long_enough(verdict, since, detail):
    first = replace(f.unit(f.thing("/a", unit=STAGING)), id=STAGING)
    then = f.unit(f.thing("/a"), policy=RolloutPolicy(name="p", strategy=RINGS))
    at = f.NOW - timedelta(minutes=since)
    record = VerdictRecord(
        unit=STAGING, digest=first.digest, verdict=verdict or Verdict.UNKNOWN, reason="it broke", commit="c", at=at
    )
    known = UnitStanding(unit=STAGING, verdicts={first.digest: record}, last_good=Snapshot(first, at))
    found = earlier_ring(then, f.desired(then, first), Standing(units={STAGING: known}), f.NOW)
    assert (found.detail if found else None) == detail


@pytest.mark.parametrize(("of", "most"), [(1, 1), (2, 1), (4, 2), (10, 5)])
def test_a_revert_of_rings_never_changes_more_than_half_at_once(of: int, most: int) -> None:
    rings = Progressive((Ring(amount=Amount(1)), Ring()))
    assert at_once(rings, of) == most
