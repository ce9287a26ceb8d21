"""A Service's selector: which slot it names, and who is reached by it."""

from typing import Any

import pytest

from reconciler.model.traffic import Member, Route, Selects, ServiceRouter
from reconciler.traffic import service_selector as selectors

MEMBERS = (Member("prod", "blue", "blue"), Member("prod", "green", "green"))
ROUTER = ServiceRouter(
    hosts=("prod",),
    namespace="shop",
    service="shop",
    members=MEMBERS,
    selects=(Selects("blue", (("slot", "blue"),)), Selects("green", (("slot", "green"),))),
)


def service(selector: dict[str, str] | None) -> dict[str, Any]:
    return {"metadata": {"name": "shop", "uid": "7"}, "spec": {"selector": selector}}


def pod(name: str, ready: str = "True", **metadata: str) -> dict[str, Any]:
    conditions = [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": ready}]
    return {"metadata": {"name": name, **metadata}, "status": {"conditions": conditions}}


def endpoints(*names: str) -> dict[str, Any]:
    return {"subsets": [{"addresses": [{"ip": "10.0.0.1", "targetRef": {"name": name}} for name in names]}]}


PODS = {"blue": [pod("blue-1")], "green": [pod("green-1")]}


@pytest.mark.parametrize(
    ("selector", "weights"),
    [
        ({"app": "shop", "slot": "blue"}, (100, 0)),
        ({"app": "shop", "slot": "green"}, (0, 100)),
        ({"app": "shop"}, (100, 100)),
        ({"app": "shop", "slot": "red"}, (0, 0)),
        ({}, (0, 0)),
        (None, (0, 0)),
    ],
)
def test_the_slot_that_the_selector_names_gets_everything(
    selector: dict[str, str] | None, weights: tuple[int, int]
) -> None:
    found = selectors.routes(ROUTER, MEMBERS, service(selector), None, PODS)
    assert tuple(route.weight for route in found) == weights


@pytest.mark.parametrize(
    ("reached", "serving"),
    [(["blue-1"], True), (["blue-1", "green-1"], False), (["green-1"], False), ([], False)],
)
def test_the_selected_one_serves_when_requests_reach_its_pods_and_no_others(reached: list[str], serving: bool) -> None:
    found = selectors.routes(ROUTER, MEMBERS, service({"slot": "blue"}), endpoints(*reached), PODS)
    assert found[0] == Route("blue", 100, serving=serving)


@pytest.mark.parametrize(
    ("pods", "serving"),
    [
        ([pod("green-1")], True),
        ([pod("green-1", ready="False"), pod("green-2")], True),
        ([pod("green-1", ready="False")], False),
        ([pod("green-1", deletionTimestamp="2026-11-21T10:00:00Z")], False),
        ([{"metadata": {"name": "green-1"}}], False),
        ([], False),
    ],
)
def test_another_one_could_serve_when_a_pod_of_it_is_ready(pods: list[dict[str, Any]], serving: bool) -> None:
    found = selectors.routes(ROUTER, MEMBERS, service({"slot": "blue"}), endpoints("blue-1"), {**PODS, "green": pods})
    assert found[1] == Route("green", 0, serving=serving)


def test_the_rest_of_the_selector_stays() -> None:
    name = selectors.ObjectName("v1", "Service", "shop", "shop")
    now = service({"app": "shop", "slot": "blue"})
    assert selectors.fields(ROUTER, name, "green", now) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "shop", "namespace": "shop", "uid": "7"},
        "spec": {"selector": {"app": "shop", "slot": "green"}},
    }
