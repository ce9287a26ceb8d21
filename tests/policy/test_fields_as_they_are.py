"""Fields of an object that somebody else has the say over are sent as they are there."""

from typing import Any

import pytest

from reconciler.policy.object_fields import as_it_is


def rules(*weights: int | None) -> dict[str, Any]:
    names = ("shop-blue", "shop-green")
    refs = [
        {"name": name} | ({} if weight is None else {"weight": weight})
        for name, weight in zip(names, weights, strict=True)
    ]
    return {"spec": {"rules": [{"backendRefs": refs}]}}


WEIGHTS = "spec.rules.*.backendRefs.*.weight"


@pytest.mark.parametrize(
    ("item", "live", "pattern", "sent"),
    [
        ({"spec": {"replicas": 3}}, {"spec": {"replicas": 7}}, "spec.replicas", {"spec": {"replicas": 7}}),
        ({"spec": {"replicas": 3}}, {"spec": {}}, "spec.replicas", {"spec": {}}),
        ({"spec": {"replicas": 3}}, {}, "spec.replicas", {"spec": {"replicas": 3}}),
        ({"spec": {"paused": False}}, {"spec": {"replicas": 7}}, "spec.replicas", {"spec": {"paused": False}}),
        (rules(100, 0), rules(90, 10), WEIGHTS, rules(90, 10)),
        (rules(None, None), rules(90, 10), WEIGHTS, rules(90, 10)),
        (rules(100, 0), rules(None, None), WEIGHTS, rules(None, None)),
        (rules(None, None), {"spec": {"rules": []}}, WEIGHTS, rules(None, None)),
        (rules(None, None), rules(90, 10), "spec.rules.*.matches", rules(None, None)),
    ],
)
def test_named_fields_are_sent_as_they_are_there(
    item: dict[str, Any], live: dict[str, Any], pattern: str, sent: dict[str, Any]
) -> None:
    assert as_it_is(item, live, [pattern]) == sent


def test_a_rule_that_is_new_has_no_weights_yet() -> None:
    both = {"spec": {"rules": [*rules(None, None)["spec"]["rules"], {"backendRefs": [{"name": "docs"}]}]}}
    assert as_it_is(both, rules(90, 10), [WEIGHTS])["spec"]["rules"] == [
        *rules(90, 10)["spec"]["rules"],
        {"backendRefs": [{"name": "docs"}]},
    ]
