"""Requests of a unit at rest: what is done when load balancers send them elsewhere, or do not say."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.model.assessment import Assessment
from reconciler.model.change import Cause
from reconciler.model.event import Condition, HealthChanged, Paused
from reconciler.model.governance import FREE, ChangeWindow, GateKind, Governance, WindowMode
from reconciler.model.health import TcpCheck
from reconciler.model.plan import LeftOut, Probe, Shift
from reconciler.model.policy import BlueGreen, OnFailure, RolloutPolicy
from reconciler.model.resource import DriftMode, Routes, Unknown
from reconciler.model.rollout import Rollout, State, TargetFailure
from reconciler.model.target import Sort
from reconciler.model.traffic import HaproxyRouter, Member, Route, Share
from reconciler.model.unit import Desired, Unit
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason
from reconciler.plan import lint
from tests import factory as f
from tests.plan.standings import good, known, ours

HOUR = timedelta(hours=1)
RED = f.thing("/etc/paint")
ROUTER = HaproxyRouter(
    hosts=("lb-1", "lb-2"), backend="shop", members=(Member("web-1", "web-1"), Member("web-2", "web-2"))
)
EVEN = (Share("web-1", 100), Share("web-2", 100))
FAILED = TargetFailure(target="web-2", batch=1, reason="it broke")
AWAY = Unknown("cannot reach lb-2: no route to host")


def ended(of: Unit, state: State, **more: Any) -> Rollout:
    said = {"plan": "p", "commit": of.commit, "version": of.version, "digest": of.digest, **more}
    return Rollout(
        id="r", unit=of.id, cause=Cause.COMMIT, state=state, forward="p", started_at=f.NOW, updated_at=f.NOW, **said
    )


def told_of(condition: Condition) -> HealthChanged:
    return HealthChanged(unit=f.SHOP, target="web-2", condition=condition, detail="", since=f.NOW)


def told(one: int, other: int) -> Mapping[str, tuple[Route, ...]]:
    routes = (Route("web-1", one, serving=True), Route("web-2", other, serving=True))
    return {"lb-1": (Route("web-1", 1, serving=True), Route("web-2", 1, serving=True)), "lb-2": routes}


def routed(unit: Unit) -> Desired:
    wanted = f.desired(replace(unit, traffic=ROUTER))
    return replace(wanted, targets={**wanted.targets, **{name: f.host(name) for name in ROUTER.hosts}})


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


def left_as_it_was(governance: Governance) -> Assessment:
    """Assess a unit whose only state was rejected and left as it is, and whose requests go elsewhere now."""
    unit = f.unit(RED, policy=RolloutPolicy(name="p", on_failure=OnFailure.HOLD))
    standing = known((unit, Verdict.BAD), owned=ours(RED), routing=EVEN)
    wanted = replace(routed(unit), governance={unit.id: governance})
    (found,) = f.assess(wanted, f.as_wanted(RED), standing, routes={f.SHOP: told(100, 0)})
    assert found.plan is not None
    return found


def test_what_is_left_as_it_was_gets_its_requests_when_the_gates_let_it() -> None:
    freeze = ChangeWindow(name="freeze", mode=WindowMode.DENY, begins=f.NOW, ends=f.NOW + HOUR, heals=False)
    assert left_as_it_was(FREE).waiting is None
    shut = left_as_it_was(Governance(windows=(freeze,)))
    assert shut.waiting is not None
    assert (shut.waiting.reason, [each.kind for each in shut.gates]) == (Reason.WINDOW, [GateKind.WINDOW])


OFF = (Share("web-1", 100), Share("web-2", 0))


def one_off(**more: Any) -> Assessment:
    """Assess a unit that is as it shall be, and of which web-2 was left without requests."""
    here = (RED, f.thing("/etc/paint", "web-2"))
    unit = f.unit(*here, health=(TcpCheck(port=80),))
    weights = tuple(Route(share.server, share.weight, serving=True) for share in OFF)
    standing = known((unit, Verdict.GOOD), owned=ours(*here), **{"routing": OFF, **more})
    (found,) = f.assess(
        routed(unit), f.as_wanted(*here), standing, routes={f.SHOP: dict.fromkeys(ROUTER.hosts, weights)}
    )
    return found


@pytest.mark.parametrize("state", [State.SUPERSEDED, State.HELD, State.REVERT_FAILED])
def test_a_server_that_a_rollout_left_without_requests_gets_them_back_once_it_is_healthy(state: State) -> None:
    found = one_off(last=ended(f.unit(RED), state=state))
    assert found.plan is not None
    probe, shift = found.plan.steps
    assert isinstance(probe, Probe)
    assert isinstance(shift, Shift)
    assert (probe.targets, shift.shares) == (("web-2",), EVEN)
    assert lint.problems(found.plan) == ()
    assert found.in_sync is False


@pytest.mark.parametrize(
    "known_of_it",
    [
        {"health": {"web-2": told_of(Condition.UNHEALTHY)}},
        {"last": ended(f.unit(RED), state=State.SUCCEEDED, failures=(FAILED,))},
    ],
    ids=["it does badly", "the last rollout went on without it"],
)
def test_a_server_that_does_not_do_well_stays_without_requests(known_of_it: Mapping[str, Any]) -> None:
    assert one_off(**known_of_it).plan is None


def test_a_server_that_does_well_again_gets_its_requests_back() -> None:
    last = ended(f.unit(RED), state=State.SUCCEEDED, failures=(FAILED,))
    assert one_off(last=last, health={"web-2": told_of(Condition.HEALTHY)}).plan is not None


def test_going_back_to_the_last_good_commit_in_the_middle_of_a_switch_is_a_switch_back() -> None:
    blue, green = (replace(f.thing(f"/{slot}"), slot=slot) for slot in ("blue", "green"))
    members = tuple(Member("web-1", f"web-1-{slot}", slot) for slot in ("blue", "green"))
    router = replace(ROUTER, members=members)
    unit = replace(f.unit(blue, green, policy=RolloutPolicy(name="p", strategy=BlueGreen())), slots=("blue", "green"))
    wanted = routed(unit)
    wanted = replace(wanted, units={unit.id: replace(unit, traffic=router)})
    newer = replace(green, attributes={"colour": "blue"})
    standing = known(
        (unit, Verdict.GOOD),
        owned=ours(blue, newer),
        routing=(Share("web-1-blue", 0), Share("web-1-green", 100)),
        last=ended(f.unit(blue, newer), state=State.SUPERSEDED),
    )
    (found,) = f.assess(wanted, f.as_wanted(blue, newer), standing)
    assert found.plan is not None
    assert found.plan.cause is Cause.REVERT
    first = found.plan.steps[0]
    assert isinstance(first, Shift)
    assert first.shares == (Share("web-1-blue", 100), Share("web-1-green", 0))


def test_a_revert_that_a_person_ended_is_not_begun_again() -> None:
    red, blue = f.thing("/etc/paint"), f.thing("/etc/paint", colour="blue")
    old, new = f.unit(red), f.unit(blue, version="2", commit="c2")
    last = ended(new, state=State.ABORTED, plan="q", reason="aborted by ann: look first")
    standing = known((new, Verdict.BAD), owned=ours(blue), last_good=good(old), last=last)
    (found,) = f.assess(f.desired(new), f.as_wanted(blue), standing)
    assert found.waiting is not None
    assert found.waiting.reason is Reason.HELD
    assert "reconciler retry" in found.waiting.detail


def on_two_sorts(weights: Mapping[str, int]) -> Assessment:
    """A unit in two slots on a host and on an engine, of which the routers say these weights; it was told as it is."""
    slots = ("blue", "green")
    things = [replace(f.thing(f"/{slot}", "web-1"), slot=slot) for slot in slots]
    boxes = [replace(f.of_sort(Sort.DOCKER_ENGINE, f"/{slot}", "engine"), slot=slot) for slot in slots]
    members = tuple(Member(target, f"{target}-{slot}", slot) for target in ("web-1", "engine") for slot in slots)
    policy = RolloutPolicy(name="p", strategy=BlueGreen())
    checks = tuple(TcpCheck(port=80, on=sort) for sort in (Sort.HOST, Sort.DOCKER_ENGINE))
    unit = replace(f.unit(*things, *boxes, policy=policy, health=checks), slots=slots)
    wanted = routed(unit)
    wanted = replace(
        wanted,
        targets={**wanted.targets, "engine": f.target("engine", Sort.DOCKER_ENGINE)},
        units={unit.id: replace(unit, traffic=replace(ROUTER, members=members))},
    )
    standing = known(
        (unit, Verdict.GOOD),
        owned=ours(*things, *boxes),
        routing=tuple(Share(server, weight) for server, weight in weights.items()),
    )
    routes = {
        name: tuple(Route(each, weight, serving=True) for each, weight in weights.items()) for name in ROUTER.hosts
    }
    (found,) = f.assess(wanted, f.as_wanted(*things, *boxes), standing, routes={f.SHOP: routes})
    return found


def test_each_sort_of_target_may_have_another_side_live() -> None:
    found = on_two_sorts({"web-1-blue": 0, "web-1-green": 100, "engine-blue": 100, "engine-green": 0})
    assert (found.plan, found.in_sync) == (None, True)


def test_who_gets_requests_back_is_asked_the_checks_of_its_sort_first() -> None:
    found = on_two_sorts({"web-1-blue": 100, "web-1-green": 0, "engine-blue": 0, "engine-green": 0})
    assert found.plan is not None
    probe, shift = found.plan.steps
    assert isinstance(probe, Probe)
    assert isinstance(shift, Shift)
    assert (probe.targets, [check.on for check in probe.checks]) == (("engine",), [Sort.DOCKER_ENGINE])
    assert {share.server: share.weight for share in shift.shares}["engine-blue"] == 100
    assert lint.problems(found.plan) == ()
