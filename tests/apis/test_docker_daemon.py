"""The whole program on a real Docker Engine: from a commit to containers and back, and what somebody else changes."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.apis.engine_world import free_port, page
from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab


@pytest.fixture
def world(tmp_path: Path, engine: OwnEngine) -> Iterator[World]:
    """A repository with one engine, and nothing to do yet."""
    with made_world(tmp_path, "web-1") as made:
        (made.folder / "secrets" / "shop").mkdir(parents=True)
        (made.folder / "secrets" / "shop" / "db").write_text("hunter2")
        made.settings(secrets={"directory": "secrets"}, drift={"interval": "1h"})
        spec = {"environment": "test", "address": "127.0.0.1", "unix": {"path": str(engine.socket)}}
        target = {"kind": "DockerEngine", "metadata": {"name": "engine-1", "labels": {"role": "apps"}}, "spec": spec}
        made.write({"desired-state/engine.yaml": documents.text(target)})
        yield made


def app(world: World, image: str, port: int, **more: Any) -> str:
    """Commit the app with a network, and a container at the port."""
    shop = {"name": "shop", "image": image, "networks": ["backend"], "stopTimeout": "1s", **more}
    shop |= {"ports": [f"127.0.0.1:{port}:80"], "env": {"DB": "{{ secrets.db }}"}, "secrets": {"db": "shop/db"}}
    check = {"http": {"port": port, "on": "dockerEngine", "period": "200ms", "failureThreshold": 20}}
    resources = [{"network": {"name": "backend"}}, {"container": shop}]
    return world.app(*resources, targets={"dockerEngines": {"role": "apps"}}, health=[check])


def test_a_commit_becomes_containers_is_kept_and_a_bad_one_is_taken_back(world: World, engine: OwnEngine) -> None:
    port = free_port()
    first = app(world, "app:1", port)
    planned = world.reconciler("plan")
    assert "container" in planned.text, planned.text
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        assert page(port) == b"one"
        assert "No changes." in world.reconciler("plan").text

        before = engine.docker("inspect", "--format", "{{.Id}}", "shop")
        engine.docker("stop", "--time", "1", "shop")
        world.until(lambda: "true" in engine.docker("inspect", "--format", "{{.State.Running}}", "shop"), "it runs")
        engine.docker("rm", "--force", "shop")
        world.until(lambda: "shop" in engine.docker("ps", "--format", "{{.Names}}").split(), "it is there again")
        world.until(world.in_sync_at(first), "what drifted is healed")
        assert engine.docker("inspect", "--format", "{{.Id}}", "shop") != before

        second = app(world, "app:2", port)
        world.until(world.in_sync_at(second), "the second commit is there")
        assert page(port) == b"two"

        app(world, "app:2", port, command=["false"])
        world.until(lambda: "rejected" in str(world.unit()), "the third commit is rejected")
        world.until(world.state_of("holding"), "the bad commit was taken back")
        assert page(port) == b"two"
    assert "hunter2" not in (world.state / "journal.db").read_bytes().decode("latin-1")


def test_a_daemon_that_is_killed_in_the_middle_of_a_replacement_ends_it_when_it_is_back(
    world: World, engine: OwnEngine
) -> None:
    port = free_port()
    first = app(world, "app:1", port)
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
    for moment in ("shop.new created", "shop exited", "shop.new running", "shop.previous exited"):
        image = "app:2" if page(port) == b"one" else "app:1"
        wanted = app(world, image, port, labels={"moment": moment})
        with world.daemon() as daemon:
            come = partial(reached, engine, moment, world.in_sync_at(wanted))
            world.until(come, moment)
            daemon.kill()
        with world.daemon():
            world.until(world.in_sync_at(wanted), f"it goes on after {moment}")
            assert page(port) == (b"one" if image == "app:1" else b"two")
            world.until(lambda: states(engine) == ["shop running", "shop.previous exited"], "nothing is left over")


def reached(engine: OwnEngine, moment: str, over: Callable[[], Any]) -> bool:
    """Whether the moment is there, or was missed."""
    return moment in states(engine) or bool(over())


def states(engine: OwnEngine) -> list[str]:
    """Return all containers with their state."""
    return sorted(engine.docker("ps", "--all", "--format", "{{.Names}} {{.State}}").splitlines())
