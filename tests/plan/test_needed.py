"""A change waits for targets of another sort that it needs something of, when none of them can be seen."""

from dataclasses import replace

import pytest

from reconciler.model.target import Sort
from reconciler.model.waiting import Reason
from reconciler.plan.needed import out_of_sight
from tests.plan.travel import case, plan_of

FLEET = {
    "strategy": {"allAtOnce": {}},
    "targets": {"web-1": {}, "engine-1": {}, "engine-2": {}, "cluster": {}},
    "sorts": {"engine-1": "dockerEngine", "engine-2": "dockerEngine", "cluster": "kubernetesCluster"},
    "needs": {"dockerEngine": "host", "kubernetesCluster": "dockerEngine"},
    "router": False,
}


@pytest.mark.parametrize(
    ("of", "detail"),
    [
        ({}, None),
        ({"away": "engine-1"}, None),
        ({"away": "cluster"}, None),
        (
            {"away": "engine-1 engine-2"},
            "what is on cluster needs what is on engine-1, engine-2, which cannot be seen: away",
        ),
        ({"away": "web-1"}, "what is on engine-1, engine-2 needs what is on web-1, which cannot be seen: away"),
        (
            {"away": "web-1", "changed": "cluster"},
            "what is on cluster needs what is on web-1, which cannot be seen: away",
        ),
        ({"away": "engine-1 engine-2", "changed": "web-1"}, None),
        ({"away": "web-1", "cause": "revert"}, None),
        ({"away": "web-1", "cause": "drift"}, None),
        ({"away": "web-1", "needs": {}}, None),
    ],
)
def test_what_is_built_upon_has_to_be_seen(of: dict, detail: str | None) -> None:
    waiting = out_of_sight(plan_of(case({**FLEET, **of})))
    assert (waiting.detail if waiting else None) == detail
    assert waiting is None or waiting.reason is Reason.UNREACHABLE


def test_what_a_target_needs_of_its_own_sort_is_no_other() -> None:
    plan = plan_of(case({**FLEET, "needs": {}, "away": "engine-1 engine-2"}))
    things = tuple(replace(each, depends_on=("box:/app",)) for each in plan.unit.resources)
    assert out_of_sight(replace(plan, unit=replace(plan.unit, resources=things))) is not None
    alone = tuple(each for each in things if each.id.kind in ("box", "thing"))
    only = replace(plan.unit, resources=tuple(replace(each, depends_on=()) for each in alone))
    assert out_of_sight(replace(plan, unit=only)) is None
    assert Sort.DOCKER_ENGINE in {tier.sort for tier in plan.tiers}
