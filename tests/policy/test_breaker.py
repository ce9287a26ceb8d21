"""A target that fails for its own sake is left out for a while; what fails everywhere is the change's fault."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.change import Cause
from reconciler.model.rollout import Rollout, Strikes, TargetFailure
from reconciler.policy.breaker import cooling, struck
from tests.factory import NOW
from tests.sim import plans

WEB = ("web-1", "web-2")
FAILED = (TargetFailure(target="web-1", batch=1, reason="no"),)
TWICE = (Strikes(target="web-1", count=2, last=NOW - timedelta(hours=1)),)
ONCE_MORE = (Strikes(target="web-1", count=3, last=NOW),)


def rollout(cause: Cause = Cause.COMMIT, **fields: object) -> Rollout:
    made = plans.pending(plans.at_once(plans.shop("2", WEB), cause), "r1", NOW)
    return replace(made, strikes=TWICE, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ended", "strikes"),
    [
        (rollout(failures=FAILED, changed=("web-2",)), ONCE_MORE),
        (rollout(failures=FAILED), TWICE),
        (rollout(Cause.DRIFT, failures=FAILED), ONCE_MORE),
        (rollout(changed=("web-1",)), ()),
        (rollout(changed=("web-2",)), TWICE),
        (rollout(Cause.DRIFT, failures=(replace(FAILED[0], target="lb-1"),)), TWICE),
    ],
    ids=["it alone failed", "nobody did better", "a heal", "it went well", "it was left out", "a load balancer"],
)
def test_what_counts_against_a_target(ended: Rollout, strikes: tuple[Strikes, ...]) -> None:
    assert struck(ended, WEB, NOW) == strikes


@pytest.mark.parametrize(
    ("count", "minutes"), [(1, None), (2, None), (3, 5), (4, 10), (5, 20), (6, 40), (7, 80), (8, 120), (50, 120)]
)
def test_it_is_left_out_for_longer_each_time(count: int, minutes: int | None) -> None:
    strikes = [Strikes(target="web-1", count=count, last=NOW)]
    until = {} if minutes is None else {"web-1": NOW + timedelta(minutes=minutes)}
    assert cooling(strikes, NOW) == until
    assert cooling(strikes, NOW + timedelta(hours=2)) == {}
