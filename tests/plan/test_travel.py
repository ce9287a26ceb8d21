"""How changes travel: every strategy's steps, and the way back. A new case needs no Python: see cases/travel.yaml."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.execute.steps.availability import forbidden
from reconciler.model.change import Cause
from reconciler.model.plan import Apply, Drain, Shift
from reconciler.model.rollout import State
from reconciler.model.waiting import Reason
from reconciler.plan import lint
from reconciler.plan.balance import weights
from reconciler.plan.budget import used_up
from reconciler.plan.strategies.canary import replicas
from tests.plan.travel import Case, case, known_of, lines, plan_of

ROWS = yaml.safe_load((Path(__file__).parent / "cases" / "travel.yaml").read_text())


@pytest.mark.parametrize("row", ROWS, ids=[row["name"] for row in ROWS])
def test_the_steps_are_those_of_the_strategy(row: dict[str, Any]) -> None:
    plan = plan_of(case({key: value for key, value in row.items() if key not in ("name", "steps")}))
    assert lines(plan) == row["steps"]
    assert lint.problems(plan) == ()


@pytest.mark.parametrize(
    ("percent", "of", "count"),
    [(10, 5, 1), (1, 100, 1), (99, 3, 2), (50, 3, 2), (30, 10, 3), (34, 10, 3), (35, 10, 4), (100, 4, 4), (50, 1, 1)],
)
def test_without_a_router_the_number_of_targets_comes_nearest_to_the_weight(percent, of, count):
    assert replicas(percent, of) == count


def test_a_canary_on_one_target_says_that_it_has_no_steps() -> None:
    steps = {"canary": {"steps": [{"setWeight": 10}, {"pause": {}}]}}
    plan = plan_of(case({"strategy": steps, "targets": 1}))
    assert lines(plan) == ["apply web-1", "probe web-1", "shift web-1=100"]
    assert plan.notes == ("the steps of the canary are skipped: on one target there is nothing to compare with",)


def test_the_rings_of_a_plan_are_told_with_their_targets() -> None:
    rings = [{"targets": 1}, {"percent": 25}, {"all": True}]
    plan = plan_of(case({"strategy": {"progressive": {"rings": rings}}, "targets": 8}))
    assert plan.notes == ("rings: 1 is web-1; 2 is web-2, web-3; 3 is web-4, web-5, web-6 and 2 more",)


@given(st.integers(1, 99), st.integers(1, 50), st.integers(1, 50))
def test_weights_come_as_near_as_weights_of_one_to_hundred_can(percent, new, old):
    each_new, each_old = weights(percent, new, old)
    assert 1 <= each_new <= 100
    assert 1 <= each_old <= 100
    share = 100 * each_new * new / (each_new * new + each_old * old)
    least, most = 100 * new / (new + 100 * old), 100 * 100 * new / (100 * new + old)
    assert abs(share - min(max(percent, least), most)) <= 1.5


AMOUNTS = st.integers(1, 4) | st.sampled_from(["10%", "25%", "50%", "100%"])
ROLLING = st.fixed_dictionaries(
    {},
    optional={
        "batchSize": AMOUNTS,
        "maxUnavailable": AMOUNTS | st.just(0),
        "maxSurge": AMOUNTS | st.just(0),
        "orderBy": st.just("zone"),
        "pause": st.just("1m"),
    },
)
WEIGHTS = st.lists(st.integers(1, 100), min_size=1, max_size=3, unique=True).map(sorted)
STRATEGIES = st.one_of(
    st.just({"allAtOnce": {}}),
    st.just({"recreate": {}}),
    ROLLING.map(lambda rolling: {"rolling": rolling}),
    st.builds(
        lambda steps, rest: {"canary": {"steps": [{"setWeight": each} for each in steps], "rest": rest}},
        WEIGHTS,
        ROLLING,
    ),
    st.lists(st.integers(1, 99), max_size=2, unique=True).map(
        lambda shift: {"blueGreen": {"shift": [{"weight": each} for each in sorted(shift)]}}
    ),
    st.builds(
        lambda first, rolling: {
            "progressive": {"rings": [{"percent": first}, {"zone": "a"}, {"all": True, **rolling}]}
        },
        st.integers(1, 50),
        ROLLING.map(lambda rolling: {"strategy": {"rolling": rolling}}),
    ),
)


@st.composite
def fleets(draw: st.DrawFn) -> Case:
    names = [f"web-{number}" for number in range(1, draw(st.integers(1, 9)) + 1)]
    slots = draw(st.sampled_from([(), ("blue", "green")]))
    zones = draw(st.lists(st.sampled_from("ab"), min_size=len(names), max_size=len(names)))
    targets = {name: {"zone": zone, "side": "blue" if number % 2 else "green"}
               for number, (name, zone) in enumerate(zip(names, zones, strict=True))}  # fmt: skip
    away = tuple(draw(st.sets(st.sampled_from(names), max_size=len(names) - 1)))
    there = sorted(set(names) - set(away))
    places = [f"{name}/{slot}" for name in there for slot in slots] if slots else there
    return Case(
        strategy=draw(STRATEGIES),
        targets=targets,
        changed=tuple(draw(st.sets(st.sampled_from(places), min_size=1))),
        router=draw(st.booleans()),
        slots=slots,
        away=away,
        ill=tuple(draw(st.sets(st.sampled_from(there)))),
        first=draw(st.booleans()),
        routing={}
        if slots
        else draw(st.just({}) | st.fixed_dictionaries(dict.fromkeys(names, st.sampled_from([0, 100])))),
        cause=draw(st.sampled_from(["commit", "drift", "revert"])),
        revert=draw(st.sampled_from(["available", "all-at-once"])),
    )


@given(fleets())
def test_each_changed_target_is_changed_once_in_each_slot_whatever_the_strategy(fleet):
    plan = plan_of(fleet)
    done = [(each.target, change.resource.name) for step in plan.steps if isinstance(step, Apply)
            for each in step.targets for change in each.changes]  # fmt: skip
    assert sorted(done) == sorted(set(done))
    wanted = {(each.partition("/")[0], "/" + (each.partition("/")[2] or "app")) for each in fleet.changed}
    assert set(done) == wanted


@given(fleets())
def test_requests_leave_a_target_before_it_is_changed_as_long_as_another_has_any(fleet):
    if fleet.slots or fleet.first or fleet.ill or not fleet.router:
        return
    plan = plan_of(fleet)
    seen = set(fleet.targets) - set(fleet.away)
    if plan.router is None:
        # Those that get all requests cannot be seen: nothing is said of requests at all.
        assert not any(fleet.routing[name] for name in seen)
        assert any(fleet.routing[name] for name in fleet.away)
        return
    serving = {name for name in seen if fleet.routing.get(name, 100)}
    for step in plan.steps:
        match step:
            case Drain():
                serving -= set(step.servers)
            case Shift():
                serving = seen & {share.server for share in step.shares if share.weight}
            case Apply():
                batch = {each.target for each in step.targets}
                assert not serving & batch or serving <= batch
            case _:
                pass


@given(fleets())
def test_every_plan_is_valid_and_the_same_each_time(fleet):
    plan = plan_of(fleet)
    assert lint.problems(plan) == ()
    assert plan == plan_of(fleet)


@given(fleets())
def test_never_more_targets_are_out_of_service_than_the_policy_allows_or_the_plan_waits(fleet):
    plan = plan_of(fleet)
    (tier,) = plan.tiers
    if tier.may_be_down is None or fleet.cause == "revert" or used_up(plan, known_of(fleet)):
        return
    down = {*fleet.away, *fleet.ill}
    for step in plan.steps:
        if isinstance(step, Apply) and not step.slot:
            batch = {each.target for each in step.targets}
            assert len(down | batch) <= max(tier.may_be_down, len(down))
            down -= batch


def test_when_too_many_are_out_of_service_already_the_plan_waits_and_says_for_whom():
    fleet = case({"strategy": {"rolling": {"maxUnavailable": 2}}, "targets": 4, "away": "web-4", "ill": "web-3"})
    fleet = replace(fleet, changed=("web-1",))
    waiting = used_up(plan_of(fleet), known_of(fleet))
    assert waiting is not None
    assert waiting.reason is Reason.BUDGET
    assert waiting.detail == (
        "2 of 4 targets are out of service already (web-3, web-4); the policy allows 2 (maxUnavailable);"
        " it goes on when they are back"
    )
    mended = replace(fleet, changed=("web-1", "web-3"))
    assert used_up(plan_of(mended), known_of(mended)) is None


@given(fleets())
def test_after_the_last_shift_every_live_server_in_reach_has_the_same_share(fleet):
    plan = plan_of(fleet)
    shifts = [step for step in plan.steps if isinstance(step, Shift)]
    assert bool(shifts) == (plan.router is not None)
    if fleet.router and plan.router is None:
        # Nobody in reach serves, and others do: requests stay where they are.
        assert {name.partition("-b")[0].partition("-g")[0] for name, weight in fleet.routing.items() if weight} <= {
            *fleet.away,
            *fleet.ill,
        }
    for shift in shifts[-1:]:
        shares = {each.server: each.weight for each in shift.shares}
        assert set(shares.values()) <= {0, 100}
        assert 100 in shares.values()
        last = max(index for index, step in enumerate(plan.steps) if isinstance(step, Shift))
        busy = {server for server, weight in shares.items() if weight}
        assert not any(busy.intersection(step.servers) for step in plan.steps[last:] if isinstance(step, Drain))


SURGE = {"rolling": {"maxSurge": 1, "maxUnavailable": 0}}


@pytest.mark.parametrize(
    "fleet",
    [
        {"first": True},
        {"cause": "drift", "changed": "web-1/blue", "routing": {"web-1-blue": 100, "web-2-blue": 100}},
    ],
    ids=["a first deployment", "a heal"],
)
def test_what_has_no_slot_to_come_up_in_may_take_one_out_of_service(fleet: dict[str, Any]) -> None:
    of = case({"strategy": SURGE, "targets": 2, "slots": "blue green", **fleet})
    plan = plan_of(of)
    assert [tier.may_be_down for tier in plan.tiers] == [1]
    assert used_up(plan, known_of(of)) is None
    begun = replace(known_of(replace(of, cause=Cause.REVERT)).rollout, state=State.RUNNING)
    assert [forbidden(begun, plan, step) for step in plan.steps] == [None] * len(plan.steps)
