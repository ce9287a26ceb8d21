"""Every route, asked by everybody: each built-in role over its own unit and over a foreign one, and by a stranger."""

from http import HTTPStatus

import pytest

from reconciler.api.app import app
from reconciler.api.rule import RULES, ByDesk, ForAll, ForKnown, OfAll, OfRecord, OfUnit
from reconciler.model.access import Action
from reconciler.model.identity import UnitId
from reconciler.model.word import AccessRefused
from reconciler.policy.access import BUILT_IN
from tests.api.routes import Route, mounted, routes
from tests.api.world import BANK, COMMIT, ROLES, SHOP, World, client

FINE = {HTTPStatus.OK, HTTPStatus.CONFLICT}
"""It was let in. Whether it can be as things are is another question."""
_TOKENS = {"/v1/tokens", "/v1/tokens/{token}"}
_EVERYBODY = [*ROLES, *(f"all-{role}" for role in ROLES)]


def test_no_route_is_without_a_rule_and_no_rule_without_a_route(world: World) -> None:
    there = {(method, path) for method, path in mounted(world.app()) if method != "HEAD"}
    assert there == set(RULES)


def test_every_route_is_in_the_document(world: World) -> None:
    made = world.app()
    documented = {(each.method, each.template) for each in routes(made)}
    # Values are for our own command line of the same version.
    of_ours = {(method, path) for method, path in RULES if path.startswith("/v1/values/")}
    assert documented == set(RULES) - of_ours - {("GET", "/openapi.json")}


async def test_a_route_that_nobody_has_thought_of_is_for_nobody(world: World) -> None:
    made = app(world.door())

    @made.get("/v1/forgotten")
    async def forgotten() -> str:
        return "all secrets"

    async with client(made, "owner") as owner:
        answer = await owner.get("/v1/forgotten")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "secrets" not in answer.text


@pytest.mark.parametrize("unit", [SHOP, BANK], ids=str)
async def test_who_may_do_what_and_to_which_unit(world: World, unit: UnitId) -> None:
    made, plan = world.app(), await _plan_of(world, unit)
    wrong = []
    for who in _EVERYBODY:
        async with client(made, who) as caller:
            for route in routes(made):
                if route.template.endswith("/stream"):
                    continue  # it has no end; its own tests are elsewhere
                answer = await caller.request(route.method, route.path(unit, plan), json=route.body)
                told = f"{who}: {route.method} {route.path(unit, plan)}: {answer.status_code} {answer.text}"
                if answer.status_code not in _allowed(route, who, unit):
                    wrong.append(told)
                if not who.startswith("all-") and unit is SHOP and "bank" in answer.text:
                    wrong.append(f"tells of a foreign unit: {told}")
    assert wrong == []
    assert world.troubles == []


async def test_a_stranger_gets_nothing_but_whether_we_are_well(world: World) -> None:
    made, plan = world.app(), await _plan_of(world, SHOP)
    open_to_all = {"/healthz", "/readyz"}
    async with client(made) as stranger:
        for route in routes(made):
            answer = await stranger.request(route.method, route.path(SHOP, plan), json=route.body)
            expected = HTTPStatus.OK if route.template in open_to_all else HTTPStatus.UNAUTHORIZED
            assert answer.status_code == expected, (route, answer.text)
            assert (expected is HTTPStatus.OK) == ("www-authenticate" not in answer.headers)
            assert "shop" not in answer.text


async def test_who_is_known_and_has_no_role_gets_nothing_either(world: World) -> None:
    made, plan = world.app(), await _plan_of(world, SHOP)
    open_to_all = {"/healthz", "/readyz"}
    async with client(made, "roleless") as roleless:
        for route in routes(made):
            answer = await roleless.request(route.method, route.path(SHOP, plan), json=route.body)
            expected = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
            assert answer.status_code in ({HTTPStatus.OK} if route.template in open_to_all else expected), route
            assert COMMIT not in answer.text
        for name in ("picture", "since?number=0", "review"):
            assert (await roleless.get(f"/v1/values/{name}")).status_code == HTTPStatus.FORBIDDEN


async def test_what_is_not_there_and_what_may_not_be_read_are_told_alike(world: World) -> None:
    async with client(world.app(), "viewer") as viewer:
        for template in ("/v1/units/{}", "/v1/units/{}/history"):
            foreign = (await viewer.get(template.format(BANK))).json()
            absent = (await viewer.get(template.format("nosuch@production"))).json()
            assert foreign | {"instance": ""} == absent | {"instance": ""}
        foreign = (await viewer.post(f"/v1/units/{BANK}/sync")).json()
        absent = (await viewer.post("/v1/units/nosuch@production/sync")).json()
        assert foreign | {"instance": ""} == absent | {"instance": ""}
        foreign = (await viewer.get("/v1/rollouts/01jq8-bank")).json()
        absent = (await viewer.get("/v1/rollouts/01jq8-none")).json()
        assert foreign | {"instance": ""} == absent | {"instance": ""}


async def test_every_refusal_of_a_request_is_written_down(world: World) -> None:
    async with client(world.app(), "viewer") as viewer:
        assert (await viewer.post(f"/v1/units/{SHOP}/hold")).status_code == HTTPStatus.FORBIDDEN
        assert (await viewer.post(f"/v1/units/{BANK}/hold")).status_code == HTTPStatus.NOT_FOUND
    entries = await world.store.history.since(0)
    refused = [each.event for each in entries if isinstance(each.event, AccessRefused)]
    told = [(each.name, each.action, each.unit) for each in refused]
    assert told == [("viewer", "hold", SHOP), ("viewer", "hold", BANK)]


async def _plan_of(world: World, unit: UnitId) -> str:
    (newest,) = await world.store.history.rollouts(unit, 1)
    return newest.forward


def _allowed(route: Route, who: str, unit: UnitId) -> set[HTTPStatus]:
    everything, role = who.startswith("all-"), who.removeprefix("all-")
    reads = everything or unit is SHOP
    match RULES[route.method, route.template]:
        case ForAll():
            return {HTTPStatus.FORBIDDEN} if route.template == "/metrics" and not everything else FINE
        case ForKnown():
            return FINE
        case OfRecord():
            return FINE if reads else {HTTPStatus.NOT_FOUND}
        case OfUnit(action):
            return _one(reads, _has(role, action))
        case OfAll(action):
            return FINE if everything and _has(role, action) else {HTTPStatus.FORBIDDEN}
        case ByDesk():
            return _of_request(route, role, everything=everything, reads=reads)


def _of_request(route: Route, role: str, *, everything: bool, reads: bool) -> set[HTTPStatus]:
    verb = route.template.rpartition("/")[2]
    action = Action.TOKENS if route.template in _TOKENS else Action(verb)
    if "{unit}" in route.template:
        return _one(reads, _has(role, action))
    # Who may consent anywhere may pass that on.
    somewhere = everything or action is Action.DELEGATE
    return FINE if somewhere and _has(role, action) else {HTTPStatus.FORBIDDEN}


def _one(reads: bool, may: bool) -> set[HTTPStatus]:
    if not reads:
        return {HTTPStatus.NOT_FOUND}
    return FINE if may else {HTTPStatus.FORBIDDEN}


def _has(role: str, action: Action) -> bool:
    return action in BUILT_IN[role].actions
