"""The rules of an HTTPRoute: the weights in them are read, and given, and the rest of a rule stays."""

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.traffic import HttpRouteRouter, Member, Route, Share
from reconciler.traffic import route_rules as rules

MEMBERS = (Member("prod", "shop-blue", "blue"), Member("prod", "shop-green", "green"))
ROUTER = HttpRouteRouter(hosts=("prod",), namespace="shop", route="shop", members=MEMBERS, port=80)
BOTH = {"shop-blue": True, "shop-green": True}


def ref(name: str, weight: int | None = None, **more: object) -> dict[str, Any]:
    return {"name": name, "port": 80, **({} if weight is None else {"weight": weight}), **more}


def pair(blue: int | None, green: int | None) -> dict[str, Any]:
    return {"backendRefs": [ref("shop-blue", blue), ref("shop-green", green)]}


def route(*its: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "shop", "uid": "7", "resourceVersion": "9"}
    return {"metadata": metadata, "spec": {"parentRefs": [{"name": "gateway"}], "rules": list(its)}}


def weights(found: dict[str, Any], router: HttpRouteRouter = ROUTER) -> dict[str, list[int]]:
    return {place: [each.weight for each in told] for place, told in rules.routes(router, MEMBERS, found, BOTH).items()}


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (route(pair(90, 10)), {"": [90, 10]}),
        (route(pair(None, None)), {"": [1, 1]}),
        (route(pair(0, None)), {"": [0, 1]}),
        (route({"backendRefs": [ref("shop-blue")]}), {"": [1, 0]}),
        (route({"matches": []}, pair(9, 1)), {"": [9, 1]}),
        (route(pair(90, 10), pair(9, 1)), {"": [90, 10]}),
        (route(pair(100, 0), pair(0, 100), pair(1, 0)), {"": [100, 0], " (rule 2)": [0, 100]}),
        (route({"backendRefs": [ref("other")]}), {"": [0, 0]}),
        (route(), {"": [0, 0]}),
        ({"metadata": {}}, {"": [0, 0]}),
    ],
)
def test_what_the_rules_say(found: dict[str, Any], said: dict[str, list[int]]) -> None:
    assert weights(found) == said


def test_other_backends_of_a_rule_are_told_of_when_they_get_requests() -> None:
    found = route(
        {"backendRefs": [*pair(1, 1)["backendRefs"], ref("old", 1), ref("off", 0), ref("far", namespace="x")]}
    )
    told = rules.routes(ROUTER, MEMBERS, found, {"shop-blue": False, "shop-green": True})
    assert told[""] == (
        Route("shop-blue", 1, serving=False),
        Route("shop-green", 1, serving=True),
        Route("old", 1, serving=True),
        Route("x/far:80", 1, serving=True),
    )


def test_weights_are_given_in_every_rule_that_names_the_backends_and_nothing_else_changes() -> None:
    other = {"matches": [{"path": {"value": "/docs"}}], "backendRefs": [ref("docs", 1)]}
    first = {"filters": [{"type": "URLRewrite"}], **pair(100, 0)}
    third = {"backendRefs": [*pair(None, None)["backendRefs"], ref("old", 5)]}
    shares = [Share("shop-blue", 90), Share("shop-green", 10)]
    assert rules.rules(ROUTER, MEMBERS, shares, route(first, other, third)) == [
        {"filters": [{"type": "URLRewrite"}], **pair(90, 10)},
        other,
        {"backendRefs": [*pair(90, 10)["backendRefs"], ref("old", 0)]},
    ]


def test_who_is_not_named_keeps_its_weight() -> None:
    assert rules.rules(ROUTER, MEMBERS, [Share("shop-blue", 7)], route(pair(None, None))) == [pair(7, 1)]


def test_nothing_is_written_where_it_is_so_already() -> None:
    shares = [Share("shop-blue", 90), Share("shop-green", 10)]
    assert rules.rules(ROUTER, MEMBERS, shares, route(pair(90, 10))) is None


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (route(), "no rule of the HTTPRoute shop names shop-blue or shop-green at port 80"),
        (
            route({"matches": []}, {"backendRefs": [ref("shop-blue")]}),
            "rule 2 of the HTTPRoute shop does not name shop-green at port 80: it has to name every slot's Service",
        ),
        (
            route({"backendRefs": [ref("shop-blue"), {"name": "shop-green", "port": 81}]}),
            "rule 1 of the HTTPRoute shop does not name shop-green at port 80",
        ),
    ],
)
def test_rules_that_cannot_be_given_weights(found: dict[str, Any], why: str) -> None:
    with pytest.raises(rules.Unfit) as raised:
        rules.rules(ROUTER, MEMBERS, [Share("shop-blue", 1)], found)
    assert str(raised.value).startswith(why)


def test_any_port_will_do_where_none_is_named() -> None:
    found = route({"backendRefs": [{"name": "shop-blue", "port": 80}, {"name": "shop-green", "port": 81}]})
    assert weights(found, replace(ROUTER, port=None)) == {"": [1, 1]}


def test_the_rules_are_written_where_nobody_has_changed_them_meanwhile() -> None:
    name = rules.ObjectName("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", "shop")
    assert rules.fields(name, [pair(1, 2)], route(pair(1, 1))) == {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "shop", "namespace": "shop", "uid": "7", "resourceVersion": "9"},
        "spec": {"rules": [pair(1, 2)]},
    }


@pytest.mark.parametrize(
    ("endpoints", "serves"),
    [
        ({"subsets": [{"addresses": [{"ip": "10.0.0.1"}]}]}, True),
        ({"subsets": [{"notReadyAddresses": [{"ip": "10.0.0.1"}]}]}, False),
        ({"metadata": {}}, False),
        (None, False),
    ],
)
def test_a_backend_serves_when_it_has_an_address(endpoints: dict[str, Any] | None, serves: bool) -> None:
    assert rules.serves(endpoints) is serves


def accepted(status: str, generation: int | None) -> dict[str, Any]:
    seen = {} if generation is None else {"observedGeneration": generation}
    return {"conditions": [{"type": "ResolvedRefs", "status": "False"}, {"type": "Accepted", "status": status, **seen}]}


@pytest.mark.parametrize(
    ("parents", "serving"),
    [
        ([], True),
        ([accepted("True", 3)], True),
        ([accepted("True", None)], True),
        ([accepted("True", 2)], False),
        ([accepted("False", 3)], False),
        ([accepted("True", 3), accepted("True", 2)], False),
        ([{"conditions": []}], True),
    ],
)
def test_a_backend_serves_when_every_gateway_has_taken_the_rules_over(
    parents: list[dict[str, Any]], serving: bool
) -> None:
    found = route(pair(90, 10))
    found["metadata"]["generation"] = 3
    told = rules.routes(ROUTER, MEMBERS, {**found, "status": {"parents": parents}}, BOTH)
    assert [each.serving for each in told[""]] == [serving, serving]
