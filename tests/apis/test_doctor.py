"""The doctor looks at an API: whether it answers, and what it lets us see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.apis.http_server import Api
from tests.apis.test_http_api_daemon import app, begin, record
from tests.e2e.conftest import made_world
from tests.e2e.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with made_world(tmp_path, "web-1") as made:
        yield made


def test_an_api_that_answers_is_well_and_one_that_refuses_our_token_is_told(world: World, api: Api) -> None:
    begin(world, api)
    app(world, record("www"), record("mail"))

    assert "dns good resources" in world.reconciler("doctor", "--host", "dns").flat

    api.allowed = {"Bearer another"}
    said = world.reconciler("doctor", "--host", "dns")
    assert said.status == 1
    assert "dns bad resources: 2 of 2 cannot be looked at: " in said.flat
    assert "t0p-s3cret" not in said.flat


def test_nothing_is_changed_by_a_look_of_the_doctor(world: World, api: Api) -> None:
    begin(world, api)
    app(world, record("www"))

    world.reconciler("doctor", "--host", "dns")

    assert api.methods() == []
    assert api.named("www") == []
