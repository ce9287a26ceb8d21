"""The whole program on a real Swarm: from a commit to services and back, and what somebody else changes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apis.swarm_world import QUICK
from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World
from tests.lab.swarm import RealSwarm

pytestmark = pytest.mark.lab


@pytest.fixture
def world(tmp_path: Path, swarm: RealSwarm) -> Iterator[World]:
    """A repository with one Swarm, and nothing to do yet."""
    with made_world(tmp_path, "web-1") as made:
        (made.folder / "secrets" / "shop").mkdir(parents=True)
        (made.folder / "secrets" / "shop" / "db").write_text("hunter2")
        made.settings(secrets={"directory": "secrets"}, drift={"interval": "1h"})
        spec = {"environment": "test", "address": "127.0.0.1", "unix": {"path": str(swarm.socket)}}
        target = {"kind": "Swarm", "metadata": {"name": "swarm-1", "labels": {"role": "apps"}}, "spec": spec}
        made.write({"desired-state/swarm.yaml": documents.text(target)})
        yield made


def app(world: World, image: str, text: str = "a = 1", **more: Any) -> str:
    """Commit the app: two tasks of a service, with a config, a secret and a password in a variable."""
    shop = {
        "name": "shop",
        "image": image,
        "replicas": 2,
        **QUICK,
        "env": {"DB": "{{ secrets.db }}"},
        "secrets": {"db": "shop/db"},
        "configFiles": [{"config": "settings", "path": "/etc/shop.toml"}],
        "secretFiles": [{"secret": "db"}],
        "update": {"monitor": "1s", "failureAction": "rollback"},
        **more,
    }
    resources = [
        {"swarmService": shop},
        {"swarmConfig": {"name": "settings", "content": text}},
        {"swarmSecret": {"name": "db", "secret": "shop/db"}},
    ]
    return world.app(*resources, targets={"swarms": {"role": "apps"}})


def there(swarm: RealSwarm, image: str, replicas: int = 2) -> bool:
    return "shop" in swarm.names("service") and swarm.running("shop") == [image] * replicas


def test_a_commit_becomes_services_is_kept_and_what_swarm_takes_back_is_reverted(
    world: World, swarm: RealSwarm
) -> None:
    first = app(world, "app:1")
    planned = world.reconciler("plan")
    assert "swarmService" in planned.text, planned.text
    assert "hunter2" not in planned.text
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        assert there(swarm, "app:1")
        assert "No changes." in world.reconciler("plan").text

        swarm.engine.docker("service", "scale", "--detach", "shop=5")
        world.until(lambda: swarm.replicas_of("shop") == 2, "what was scaled by hand is as Git says")
        swarm.engine.docker("service", "update", "--detach", "--no-resolve-image", "--image", "app:2", "shop")
        world.until(lambda: there(swarm, "app:1"), "what was updated by hand is as Git says")
        swarm.engine.docker("service", "rm", "shop")
        world.until(lambda: there(swarm, "app:1"), "what was removed by hand is there again")
        world.until(world.in_sync_at(first), "what drifted is healed")

        second = app(world, "app:2", "a = 2")
        world.until(world.in_sync_at(second), "the second commit is there, with another config")
        assert there(swarm, "app:2")
        assert len(swarm.names("config")) == 2

        app(world, "app:1", "a = 3", command=["false"])
        world.until(lambda: "rejected" in str(world.unit()), "the third commit is rejected")
        world.until(world.state_of("holding"), "the bad commit was taken back")
        assert "Swarm took the update of shop back by itself" in str(world.unit())
        world.until(lambda: there(swarm, "app:2"), "the second commit is there again")
    assert "hunter2" not in (world.state / "journal.db").read_bytes().decode("latin-1")


def test_a_daemon_that_is_killed_while_swarm_is_at_its_update_goes_on_with_it(world: World, swarm: RealSwarm) -> None:
    first = app(world, "app:1")
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
    second = app(world, "app:2", "a = 2")
    with world.daemon() as killed:
        world.until(lambda: swarm.image_of("shop") == "app:2", "the update has begun")
        killed.kill()
    with world.daemon():
        world.until(world.in_sync_at(second), "the second commit is there")
    assert there(swarm, "app:2")
    assert len(swarm.names("config")) == 2


def test_what_is_no_longer_in_git_goes_with_all_versions_of_its_secrets(world: World, swarm: RealSwarm) -> None:
    world.policy(prune={"mode": "delete", "atMost": "100%"})
    first = app(world, "app:1")
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        resources = [{"swarmConfig": {"name": "settings", "content": "a = 1"}}]
        second = world.app(*resources, targets={"swarms": {"role": "apps"}})
        world.until(world.in_sync_at(second), "only the config is left")
        assert (swarm.names("service"), swarm.names("secret")) == ([], [])
        assert len(swarm.names("config")) == 1


def test_a_newer_commit_takes_the_place_of_one_that_no_node_takes(world: World, swarm: RealSwarm) -> None:
    first = app(world, "app:1")
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        app(world, "app:2", constraints=["node.labels.disk == ssd"])
        world.until(lambda: "no suitable node" in str(world.unit()), "the second commit waits for a node")
        third = app(world, "app:2")
        world.until(world.in_sync_at(third), "the third commit is there")
    assert there(swarm, "app:2")
