"""Two sides, one of which serves: the other gets the new version, and the requests are switched."""

from pathlib import Path
from typing import Any

from tests.lab.hosts import Lab
from tests.rollouts.requests import Requests
from tests.rollouts.world import UNIT, World

SLOTS = {"blue": 8080, "green": 8081}


def blue_green(**strategy: Any) -> dict[str, Any]:
    return {"strategy": {"blueGreen": {"retireAfter": "2s", **strategy}}, "progressDeadline": "30s"}


def live(world: World) -> set[str]:
    return {name.rpartition("-")[2] for name, weight in world.weights().items() if weight}


def test_two_slots_on_the_same_hosts_take_turns_and_it_is_switched_back_at_once(lab: Lab, tmp_path: Path) -> None:
    policy = blue_green(warmUp="1s", shift=[{"weight": 25, "for": "2s"}])
    with World(lab, tmp_path, policy, webs=2, slots=SLOTS) as world:
        world.first("1.4.1")
        before = live(world)
        with world.requests() as requests:
            world.release("1.4.2")
            assert set(requests.next(200).versions) == {"1.4.2"}
            after = live(world)
            assert (len(before), len(after), before & after) == (1, 1, set())

            not_well(world, "1.4.3", requests)
            assert live(world) == after

            world.release("1.4.4")
            assert set(requests.next(200).versions) == {"1.4.4"}
            assert live(world) == before
            old = [world.answers(host, port) for host in world.webs.values() for port in SLOTS.values()]
            assert set(old) == {"1.4.4"}

            switched_back(world, "1.4.5", requests)
            assert live(world) == before
        assert not requests.tally.failed, requests.tally


def not_well(world: World, version: str, requests: Requests) -> None:
    """Nobody's request sees a version that is not well."""
    world.control({f"{version}:healthy": "no"})
    world.commit(version)
    world.rejected()
    assert not requests.tally.versions[version]


def switched_back(world: World, version: str, requests: Requests) -> None:
    """While the old side is kept, all requests are there again at once."""
    good = set(requests.next(100).versions)
    world.policy = blue_green(retireAfter="10m")
    world.commit(version)
    world.wait(lambda: set(requests.next(100).versions), lambda seen: seen == {version})
    aborted = world.controller.run("abort", UNIT, "--reason", "orders are missing")
    assert aborted.returncode == 0, aborted.stdout
    world.wait(lambda: set(requests.next(100).versions), lambda seen: seen == good, within=15)
    world.rejected()


def test_two_sets_of_hosts_take_turns_and_no_request_fails(lab: Lab, tmp_path: Path) -> None:
    def side(number: int) -> dict[str, str]:
        return {"side": "blue" if number % 2 else "green"}

    with World(lab, tmp_path, blue_green(), webs=2, labels=side) as world:
        world.first("1.4.1")
        before = live(world)
        with world.requests() as requests:
            world.release("1.4.2")
            assert set(requests.next(200).versions) == {"1.4.2"}
        assert not requests.tally.failed, requests.tally
        after = live(world)
        assert (len(before), len(after), before & after) == (1, 1, set())
        assert set(world.versions().values()) == {"1.4.2"}
