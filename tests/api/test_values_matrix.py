"""What the command line elsewhere asks for, asked by who may read a part: nothing of the rest is in any answer."""

from http import HTTPStatus

import pytest

from tests.api.world import BANK, SHOP, World, client

_ASKED = {
    "picture": {},
    "rollouts": {},
    "since": {"number": 0},
    "review": {},
    "remembered": {},
    "events": {"rollout": "01jq8-bank"},
    "sightings": {"what": "*"},
}


@pytest.mark.parametrize(("name", "query"), _ASKED.items(), ids=list(_ASKED))
async def test_values_of_foreign_units_are_left_out(world: World, name: str, query: dict[str, str]) -> None:
    async with client(world.app(), "viewer") as viewer:
        answer = await viewer.get(f"/v1/values/{name}", params=query)
    assert answer.status_code == HTTPStatus.OK
    assert "bank" not in answer.text


@pytest.mark.parametrize("name", ["states", "took"])
async def test_a_foreign_unit_is_not_there(world: World, name: str) -> None:
    async with client(world.app(), "viewer") as viewer:
        own = await viewer.get(f"/v1/values/{name}", params={"unit": str(SHOP)})
        foreign = await viewer.get(f"/v1/values/{name}", params={"unit": str(BANK)})
    assert (own.status_code, foreign.status_code) == (HTTPStatus.OK, HTTPStatus.NOT_FOUND)


async def test_a_plan_of_a_foreign_unit_is_not_there(world: World) -> None:
    (rollout,) = await world.store.history.rollouts(BANK, 1)
    async with client(world.app(), "viewer") as viewer:
        foreign = await viewer.get("/v1/values/plan", params={"plan": rollout.plan})
    assert foreign.status_code == HTTPStatus.NOT_FOUND
