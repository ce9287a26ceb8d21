"""A daemon that has put things on an engine loses its state folder: what it had made is still known to be its own."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab

NETWORK, VOLUME = {"network": {"name": "backend"}}, {"volume": {"name": "data", "removable": True}}


def _container(name: str, image: str = "app:1", **more: Any) -> dict[str, Any]:
    return {"container": {"name": name, "image": image, "networks": ["backend"], "stopTimeout": "1s", **more}}


@pytest.fixture
def world(tmp_path: Path, engine: OwnEngine) -> Iterator[World]:
    with made_world(tmp_path, "web-1") as made:
        made.policy(prune={"mode": "delete", "atMost": "100%"})
        spec = {"environment": "test", "address": "127.0.0.1", "unix": {"path": str(engine.socket)}}
        target = {"kind": "DockerEngine", "metadata": {"name": "engine-1", "labels": {"role": "apps"}}, "spec": spec}
        made.write({"desired-state/engine.yaml": documents.text(target)})
        yield made


def _commit(world: World, *resources: dict[str, Any]) -> None:
    world.app(*resources, targets={"dockerEngines": {"role": "apps"}})


def test_what_we_had_made_on_an_engine_goes_after_the_loss_and_what_was_there_stays(
    world: World, engine: OwnEngine
) -> None:
    engine.docker("run", "--detach", "--name", "theirs", "app:2")
    theirs = _container("theirs", adopt=True)
    _commit(world, NETWORK, VOLUME, _container("shop"), theirs)
    world.settled()
    _commit(world, NETWORK, VOLUME, _container("shop", "app:2"), theirs)
    world.settled()
    shutil.rmtree(world.state)

    said = world.reconciler("rebuild", "--json")
    assert said.status == 0, said.text
    (unit,) = json.loads(said.out)["units"]
    created = {each["id"].rpartition("/")[2]: each["created"] for each in unit["resources"]}
    assert created == {"network:backend": True, "volume:data": True, "container:shop": True, "container:theirs": False}
    assert unit["good"], said.text
    plan = world.reconciler("plan", "--detailed-exitcode")
    assert plan.status == 0, plan.text

    _commit(world, NETWORK)
    world.settled()
    assert engine.docker("ps", "--format", "{{.Names}}").split() == ["theirs"]
    assert "data" not in engine.docker("volume", "ls", "--quiet").split()
