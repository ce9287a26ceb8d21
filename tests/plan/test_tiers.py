"""Units of several sorts of targets: what is needed comes first, each change is made once, the plan is valid."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.model.change import Cause
from reconciler.model.operation import Send, WriteFile
from reconciler.model.plan import Apply, Drain, Plan, Probe, Shift
from reconciler.model.target import Sort
from reconciler.plan import lint
from reconciler.plan.order import Cycle
from tests.plan.test_travel import STRATEGIES
from tests.plan.travel import Case, case, plan_of

MIXED: dict[str, Any] = {
    "strategy": {"allAtOnce": {}},
    "targets": {"web-1": {}, "engine": {}, "cluster": {}},
    "sorts": {"engine": "dockerEngine", "cluster": "kubernetesCluster"},
    "router": False,
}


@st.composite
def mixed(draw: st.DrawFn) -> Case:
    """Random fleets of several sorts; a sort needs some of those that are before it in a random order."""
    names = [f"t-{number}" for number in range(1, draw(st.integers(2, 8)) + 1)]
    sorts = {name: draw(st.sampled_from([*Sort])) for name in names}
    order = draw(st.permutations([*Sort]))
    needs = {
        of.value: tuple(each.value for each in draw(st.sets(st.sampled_from(order[:at])))) if at else ()
        for at, of in enumerate(order)
    }
    away = tuple(draw(st.sets(st.sampled_from(names), max_size=len(names) - 1)))
    there = sorted({*names} - {*away})
    slots = draw(st.sampled_from([(), ("blue", "green")]))
    places = [f"{name}/{slot}" for name in there for slot in slots] if slots else there
    return Case(
        strategy=draw(STRATEGIES),
        targets={name: {"zone": draw(st.sampled_from("ab")), "side": draw(st.sampled_from("ab"))} for name in names},
        sorts=sorts,
        needs=needs,
        changed=tuple(sorted(draw(st.sets(st.sampled_from(places), min_size=1)))),
        router=draw(st.booleans()),
        routed=tuple(sorted(draw(st.sets(st.sampled_from(names), min_size=1)))),
        slots=slots,
        away=away,
        ill=tuple(draw(st.sets(st.sampled_from(there)))),
        first=draw(st.booleans()),
        cause=draw(st.sampled_from([*Cause])),
        revert=draw(st.sampled_from(["available", "all-at-once"])),
    )


def applied(plan: Plan) -> list[tuple[int, str, str]]:
    """Each change with the place of its step: (step, target, ref)."""
    return [
        (at, each.target, change.resource.ref)
        for at, step in enumerate(plan.steps)
        if isinstance(step, Apply)
        for each in step.targets
        for change in each.changes
    ]


@given(mixed())
def test_every_change_is_in_exactly_one_apply(fleet: Case) -> None:
    changes = [(target, ref) for _, target, ref in applied(plan_of(fleet))]
    assert len(changes) == len({*changes})
    wanted = {(name.partition("/")[0], name.partition("/")[2] or "app") for name in fleet.changed or ()}
    assert {(target, ref.rpartition("/")[2]) for target, ref in changes} == wanted


@given(mixed())
def test_what_is_needed_is_changed_first_and_taken_back_last(fleet: Case) -> None:
    plan = plan_of(fleet)
    last: dict[Sort, int] = {}
    first: dict[Sort, int] = {}
    for at, target, _ in applied(plan):
        sort = fleet.sorts[target]
        first.setdefault(sort, at)
        last[sort] = at
    for of, needs in fleet.needs.items():
        for needed in map(Sort, needs):
            if Sort(of) in first and needed in first:
                if fleet.cause is Cause.REVERT:
                    assert last[Sort(of)] < first[needed]
                else:
                    assert last[needed] < first[Sort(of)]


NOBODY_SERVES_YET = case(
    {
        "strategy": {"rolling": {}},
        "targets": 3,
        "changed": "web-1 web-2",
        "routed": "web-1",
        "first": True,
        "cause": "revert",
        "sorts": {"web-1": "host", "web-2": "host", "web-3": "host"},
    }
)
"""What goes back first gets no requests, and nobody else does yet."""


@given(mixed())
@example(NOBODY_SERVES_YET)
def test_every_plan_is_valid_and_asks_each_sort_its_own_checks(fleet: Case) -> None:
    plan = plan_of(fleet)
    assert lint.problems(plan) == ()
    assert plan == plan_of(fleet)
    for step in plan.steps:
        if isinstance(step, Probe):
            assert {fleet.sorts[name] for name in step.targets} == {check.on for check in step.checks}
    assert {name for tier in plan.tiers for name in tier.targets} == {*fleet.targets}


@given(mixed())
def test_requests_are_taken_off_before_a_change_as_long_as_another_has_any(fleet: Case) -> None:
    plan = plan_of(fleet)
    if fleet.slots or fleet.first or fleet.ill or plan.router is None:
        return
    members = {each.server for each in plan.router.members}
    serving = members - {*fleet.away}
    for step in plan.steps:
        match step:
            case Drain():
                serving -= {*step.servers}
            case Shift():
                said = {share.server: share.weight for share in step.shares}
                serving = {each for each in serving if said.get(each, 1)} | {each for each in said if said[each]}
            case Apply():
                batch = {each.target for each in step.targets} & members
                assert not serving & batch or serving <= batch
            case _:
                pass


def test_what_is_done_on_an_api_are_requests_and_never_guarded() -> None:
    plan = plan_of(case({**MIXED, "guard": "always"}))
    by_target = {each.target: each for step in plan.steps if isinstance(step, Apply) for each in step.targets}
    assert {name: type(each.operations[0]) for name, each in by_target.items()} == {
        "web-1": WriteFile,
        "engine": Send,
        "cluster": Send,
    }
    assert [name for name, each in by_target.items() if each.guard] == ["web-1"]


def test_sorts_that_need_each_other_in_a_circle_cannot_be_planned() -> None:
    circle = {"host": "dockerEngine", "dockerEngine": "host"}
    with pytest.raises(Cycle, match="several sorts of targets depend on each other in a circle: host, dockerEngine"):
        plan_of(case({**MIXED, "needs": circle}))
