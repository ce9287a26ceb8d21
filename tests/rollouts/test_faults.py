"""What a canary needs goes away in the middle of it and comes back, people change their minds, the program dies."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.conftest import unavailable
from tests.lab import balancer, prometheus
from tests.lab.hosts import Lab
from tests.rollouts.figures import error_rate
from tests.rollouts.test_canary import canary
from tests.rollouts.world import UNIT, World


def waits_for(world: World, reason: str, version: str) -> dict[str, Any]:
    """Wait until the rollout of the version waits for that, and return what the status says."""
    return world.until(version=version, rollout=world.wait(lambda: _waiting(world, reason, version), bool))


def _waiting(world: World, reason: str, version: str) -> str:
    now = world.status()
    there = (now.get("waiting") or {}).get("reason") == reason and now.get("version") == version
    return str(now.get("rollout") or "") if there else ""


def told(world: World, *words: str) -> str:
    """Return what the command says, in one line."""
    return " ".join(world.controller.run(*words).stdout.split())


def test_a_canary_goes_on_whatever_goes_away_meanwhile(lab: Lab, tmp_path: Path) -> None:
    if reason := prometheus.obstacle():
        unavailable(reason)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    policy = canary({"setWeight": 25}, {"analyse": "error-rate"}, {"pause": {}})
    with World(lab, tmp_path, policy) as world, ExitStack() as first:
        scraped = [f"{host.inner_address}:8080" for host in world.webs.values()]
        url = first.enter_context(prometheus.prometheus(folder, targets=scraped))
        world.documents = [error_rate(url, count=12, consecutiveErrorLimit=100)]
        world.first("1.4.1")
        with world.requests() as requests:
            world.commit("1.4.2")
            figures_go_away_and_come_back(world, first, url, folder)
            weights = world.weights()
            balancer.reload_haproxy(world.balancer)
            world.wait(world.weights, lambda now: now == weights)
            the_controller_dies_and_a_newer_commit_comes(world)
            assert not requests.tally.failed, requests.tally
        the_load_balancer_goes_away_and_comes_back(world)
        people_decide(world)


def figures_go_away_and_come_back(world: World, first: ExitStack, url: str, folder: Path) -> None:
    """No answer is no statement about the app: it goes on when there are answers again."""
    world.wait(lambda: told(world, "explain", UNIT), lambda now: "under way" in now and ", 0 good" not in now)
    first.close()
    away = world.wait(lambda: told(world, "status"), lambda now: "could not be had" in now)
    assert "waits (analysis): figures are not all in: error-rate (" in away
    assert "connection refused" in away
    assert "waits for a person" not in away
    scraped = [f"{host.inner_address}:8080" for host in world.webs.values()]
    with prometheus.prometheus(folder, targets=scraped, port=int(url.rpartition(":")[2])):
        assert waits_for(world, "promotion", "1.4.2")["stuck"]
    ways = told(world, "explain", UNIT)
    assert f"reconciler promote {UNIT} ends this wait" in ways
    assert f"reconciler abort {UNIT} ends the rollout and takes it back" in ways


def the_controller_dies_and_a_newer_commit_comes(world: World) -> None:
    """Killed while it waits for a person and in the middle of a bake, and pre-empted in between: it goes on as told."""
    world.controller.kill()
    world.controller.start()
    waits_for(world, "promotion", "1.4.2")
    world.policy = canary({"setWeight": 50}, {"bake": "8s"}, {"pause": {}})
    world.commit("1.4.3")
    waits_for(world, "time", "1.4.3")
    world.controller.kill()
    world.controller.start()
    waits_for(world, "promotion", "1.4.3")
    assert sorted(world.versions().values()) == ["1.4.1", "1.4.1", "1.4.3", "1.4.3"]
    assert "1.4.2 commit" in told(world, "history", UNIT)
    assert "superseded" in told(world, "history", UNIT)


def the_load_balancer_goes_away_and_comes_back(world: World) -> None:
    """Nothing needs it while a person is waited for, and still it is said that nobody can see to it."""
    missed = "nobody can see to how they are sent now"
    weights = world.weights()
    world.balancer.disconnect()
    world.wait(lambda: told(world, "explain", UNIT), lambda now: missed in now)
    assert "lb-1" in told(world, "status")
    world.balancer.connect()
    world.wait(lambda: told(world, "explain", UNIT), lambda now: missed not in now)
    world.wait(world.weights, lambda now: now == weights)


def people_decide(world: World) -> None:
    """Taken back by a word; held, whatever is committed; let go again."""
    said = told(world, "abort", UNIT, "--reason", "orders are missing")
    assert "it goes back to 1.4.1" in said
    world.until(state="holding", inSync=True, version="1.4.1")
    assert "aborted by" in told(world, "status")
    assert "orders are missing" in told(world, "status")
    told(world, "hold", UNIT, "--reason", "a campaign runs")
    world.policy = {}
    world.commit("1.4.4")
    world.wait(lambda: told(world, "explain", UNIT), lambda now: "Git says 1.4.4" in now)
    assert set(world.versions().values()) == {"1.4.1"}
    assert f"To follow Git again: reconciler release {UNIT}" in told(world, "status")
    told(world, "release", UNIT, "--reason", "it is over")
    world.until(state="in sync", version="1.4.4")
