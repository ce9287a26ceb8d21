"""No rollout is under way, and the load balancer sends requests elsewhere: it is told again, in seconds."""

import time
from pathlib import Path

from tests.lab import balancer
from tests.lab.hosts import Lab
from tests.rollouts.world import BACKEND, World
from tests.stories.controller import Controller

SIDES = {"strategy": {"blueGreen": {"retireAfter": "1s"}}, "progressDeadline": "30s"}
SECONDS = 8.0
"""It is asked every 2 s, a pass is made, and a rollout of one step; on a busy machine."""


def begun(lab: Lab, folder: Path, policy: dict[str, object]) -> World:
    """Two hosts, each a side of its own; a daemon that looks at nothing by itself for an hour."""
    world = World(lab, folder, policy, webs=2, labels=lambda number: {"side": "ab"[number - 1]})
    settings = {
        "git": {"url": "repository"},
        "ssh": {"identities": [str(lab.client_key)], "agent": False},
        "drift": {"interval": "1h"},
        "log": {"level": "warning"},
    }
    world.controller = Controller(folder, "state", settings)
    return world


def test_a_haproxy_that_was_reloaded_is_told_again_which_side_serves(lab: Lab, tmp_path: Path) -> None:
    with begun(lab, tmp_path, SIDES) as world:
        world.first("1.4.1")
        world.release("1.4.2")
        before = world.weights()
        assert sorted(before.values()) == [0, 100]
        with world.requests() as requests:
            balancer.reload_haproxy(world.balancer)
            told_again = time.monotonic()  # noqa: TID251 - it happens in the real world
            world.wait(world.weights, lambda now: now == before, within=SECONDS)
            print(f"told again after {time.monotonic() - told_again:.1f} s")  # noqa: T201, TID251
            requests.next(100)
        assert not requests.tally.failed, requests.tally
        world.until(state="in sync", inSync=True)


def test_a_server_that_a_person_drained_gets_requests_again_unless_the_unit_is_paused(lab: Lab, tmp_path: Path) -> None:
    with begun(lab, tmp_path, {}) as world:
        world.first("1.4.1")
        world.haproxy(f"set server {BACKEND}/web-1 state drain")
        world.wait(world.weights, lambda now: now["web-1"] > 0, within=SECONDS)
        world.until(state="in sync", inSync=True)

        assert world.controller.run("pause", "shop@production", "--reason", "maintenance").returncode == 0
        world.haproxy(f"set server {BACKEND}/web-1 state drain")
        world.wait(world.status, lambda now: now.get("inSync") is False, within=SECONDS)
        assert world.weights()["web-1"] == 0
        assert "lb-1/traffic:web-1" in world.controller.run("explain", "shop@production").stdout


def test_a_load_balancer_that_is_away_holds_up_a_new_version_and_says_so(lab: Lab, tmp_path: Path) -> None:
    with begun(lab, tmp_path, {}) as world:
        world.first("1.4.1")
        world.balancer.sh("systemctl stop haproxy")
        world.commit("1.4.2")
        world.until(state="waiting", within=30)
        assert "HAProxy" in world.controller.run("explain", "shop@production").stdout
        assert set(world.versions().values()) == {"1.4.1"}
        world.balancer.sh("systemctl start haproxy")
        world.until(state="in sync", version="1.4.2")
