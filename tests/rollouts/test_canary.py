"""A part of the requests first, and figures of a real Prometheus decide."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import unavailable
from tests.lab import prometheus
from tests.lab.hosts import Lab
from tests.rollouts.figures import error_rate
from tests.rollouts.world import World

NOBODY = "http://127.0.0.1:9"
"""The discard port: nobody listens there."""


def canary(*steps: dict[str, Any], **policy: Any) -> dict[str, Any]:
    return {"strategy": {"canary": {"steps": list(steps)}}, "progressDeadline": "40s", **policy}


STEPS = ({"setWeight": 10}, {"analyse": "error-rate"}, {"setWeight": 50}, {"bake": "1s"})


@pytest.fixture
def world(lab: Lab, tmp_path: Path) -> World:
    reason = prometheus.obstacle()
    if reason:
        unavailable(reason)
    return World(lab, tmp_path, canary(*STEPS))


def test_a_canary_gets_its_share_and_then_everything_and_no_request_fails(world: World, tmp_path: Path) -> None:
    scraped = [f"{host.inner_address}:8080" for host in world.webs.values()]
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with prometheus.prometheus(folder, targets=scraped) as url, world:
        world.documents = [error_rate(url)]
        world.first("1.4.1")
        with world.requests() as requests:
            world.commit("1.4.2")
            world.wait(world.weights, lambda weights: min(weights.values()) > 0 and len(set(weights.values())) > 1)
            share = requests.next(400).shares["1.4.2"]
            world.until(state="in sync", version="1.4.2")
            last = requests.next(200)
        assert 0.06 < share < 0.15
        assert not requests.tally.failed, requests.tally
        assert set(last.versions) == {"1.4.2"}
        measured = [each["event"] for each in world.journal() if each["event"].get("analysis") == "error-rate"]
        assert len(measured) == 3, "each measurement is kept"


def test_figures_that_go_bad_take_it_back_before_more_than_a_tenth_sees_it(world: World, tmp_path: Path) -> None:
    scraped = [f"{host.inner_address}:8080" for host in world.webs.values()]
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with prometheus.prometheus(folder, targets=scraped) as url, world:
        world.documents = [error_rate(url)]
        world.first("1.4.1")
        world.control({"1.4.2:error_rate": "0.5"})
        with world.requests() as requests:
            world.commit("1.4.2")
            world.until(state="holding", inSync=True)
            before = requests.tally.copy()
            last = requests.next(200)
        assert set(last.versions) == {"1.4.1"}
        assert not requests.tally.since(before).failed
        assert not requests.tally.errors
        assert requests.tally.shares["1.4.2"] < 0.15
        assert set(world.versions().values()) == {"1.4.1"}
        told = world.controller.run("explain", "shop@production").stdout
        assert "error-rate" in told
        assert "failed" in told


def test_figures_that_nobody_has_let_nothing_pass(world: World) -> None:
    with world:
        world.documents = [error_rate(NOBODY, consecutiveErrorLimit=0)]
        world.first("1.4.1")
        with world.requests() as requests:
            world.commit("1.4.2")
            world.until(state="holding", inSync=True)
        assert not requests.tally.failed, requests.tally
        assert set(world.versions().values()) == {"1.4.1"}


def test_a_person_lets_it_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ada")
    with world:
        world.policy = canary({"setWeight": 50}, {"pause": {}}, {"approve": {"from": ["ada"]}})
        world.first("1.4.1")
        world.commit("1.4.2")
        world.wait(world.status, lambda now: "promote" in str(now))
        assert sorted(world.versions().values()) == ["1.4.1", "1.4.1", "1.4.2", "1.4.2"]
        assert world.controller.run("promote", "shop@production", "--reason", "it does well").returncode == 0
        world.wait(world.status, lambda now: "approve" in str(now))
        assert world.controller.run("approve", "shop@production", "--reason", "yes").returncode == 0
        world.until(state="in sync", version="1.4.2")
