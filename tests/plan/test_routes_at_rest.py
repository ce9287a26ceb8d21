"""Requests of a unit at rest: what is done when load balancers send them elsewhere, or do not say."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.model.assessment import Assessment
from reconciler.model.change import Cause
from reconciler.model.event import Paused
from reconciler.model.plan import LeftOut, Shift
from reconciler.model.policy import RolloutPolicy
from reconciler.model.resource import DriftMode, Routes, Unknown
from reconciler.model.traffic import HaproxyRouter, Member, Route, Share
from reconciler.model.unit import Desired, Unit
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from reconciler.plan import lint
from tests import factory as f
from tests.plan.standings import known, ours

RED = f.thing("/etc/paint")
ROUTER = HaproxyRouter(
    hosts=("lb-1", "lb-2"), backend="shop", members=(Member("web-1", "web-1"), Member("web-2", "web-2"))
)
EVEN = (Share("web-1", 100), Share("web-2", 100))
AWAY = Unknown("cannot reach lb-2: no route to host")


def told(one: int, other: int) -> Mapping[str, tuple[Route, ...]]:
    routes = (Route("web-1", one, serving=True), Route("web-2", other, serving=True))
    return {"lb-1": (Route("web-1", 1, serving=True), Route("web-2", 1, serving=True)), "lb-2": routes}


def routed(unit: Unit) -> Desired:
    wanted = f.desired(replace(unit, traffic=ROUTER))
    return replace(wanted, hosts={**wanted.hosts, **{name: f.host(name) for name in ROUTER.hosts}})


def assessed(routes: Routes, policy: RolloutPolicy | None = None, **more: object) -> Assessment:
    unit = f.unit(RED, policy=policy or RolloutPolicy(name="p"))
    wanted = routed(unit)
    standing = known((unit, Verdict.GOOD), owned=ours(RED), **{"routing": EVEN, **more})
    (found,) = f.assess(wanted, f.as_wanted(RED), standing, routes={f.SHOP: routes})
    return found


def test_what_a_load_balancer_has_forgotten_it_is_told_again() -> None:
    found = assessed(told(100, 0))
    assert found.plan is not None
    (shift,) = found.plan.steps
    assert isinstance(shift, Shift)
    assert shift.shares == EVEN
    assert shift.note == "as before: web-2 has the weight 0 on lb-2, not 100"
    assert (found.plan.cause, found.plan.router, found.plan.changes) == (Cause.DRIFT, ROUTER, ())
    assert [host.name for host in found.plan.balancers] == ["lb-1", "lb-2"]
    assert lint.problems(found.plan) == ()
    assert (found.in_sync, found.waiting, found.drifted) == (False, None, ("lb-2/traffic:web-2",))


def test_the_same_drift_is_the_same_plan() -> None:
    one, other = assessed(told(100, 0)), assessed(told(100, 0))
    assert one.plan is not None
    assert other.plan is not None
    assert one.plan.id == other.plan.id != ""


def test_requests_that_are_sent_as_they_shall_be_need_no_plan() -> None:
    found = assessed(told(5, 5))
    assert (found.plan, found.waiting, found.in_sync, found.drifted) == (None, None, True, ())


def test_nothing_is_done_before_anybody_has_said_how_requests_shall_be_sent() -> None:
    found = assessed(told(100, 0), routing=())
    assert (found.plan, found.in_sync) == (None, True)


@pytest.mark.parametrize(
    ("mode", "reason"), [(DriftMode.REPORT, Reason.DRIFT_REPORTED), (DriftMode.HOLD, Reason.DRIFT_HELD)]
)
def test_drift_of_requests_is_left_alone_where_policy_says_so(mode: DriftMode, reason: Reason) -> None:
    found = assessed(told(100, 0), RolloutPolicy(name="p", drift=mode))
    assert found.plan is not None
    assert found.waiting is not None
    assert found.waiting.reason is reason
    assert found.in_sync is False


def test_a_persons_stop_counts() -> None:
    paused = Paused(unit=f.SHOP, author="ann", reason="maintenance")
    found = assessed(told(100, 0), paused=paused)
    assert found.waiting is not None
    assert found.waiting.reason is Reason.PAUSED


def test_a_load_balancer_that_cannot_be_asked_is_told_and_nothing_is_done() -> None:
    found = assessed(AWAY)
    assert found.plan is None
    assert found.unseen == (LeftOut("lb-2", AWAY.reason),)
    assert found.in_sync is None


def test_a_rollout_does_not_begin_while_a_load_balancer_is_away() -> None:
    unit = f.unit(RED)
    (found,) = f.assess(routed(unit), f.absent(RED), routes={f.SHOP: AWAY})
    assert found.plan is not None
    assert found.waiting is not None
    assert (found.waiting.reason, found.waiting.detail) == (
        Reason.TRAFFIC,
        "cannot ask the load balancers: cannot reach lb-2: no route to host",
    )
