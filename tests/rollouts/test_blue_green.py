"""Two sides, one of which serves: the other gets the new version, and the requests are switched."""

from pathlib import Path
from typing import Any

from tests.lab.hosts import Lab
from tests.rollouts.world import World

SLOTS = {"blue": 8080, "green": 8081}


def blue_green(**strategy: Any) -> dict[str, Any]:
    return {"strategy": {"blueGreen": {"retireAfter": "2s", **strategy}}, "progressDeadline": "30s"}


def live(world: World) -> set[str]:
    return {name.rpartition("-")[2] for name, weight in world.weights().items() if weight}


def test_two_slots_on_the_same_hosts_take_turns_and_no_request_fails(lab: Lab, tmp_path: Path) -> None:
    policy = blue_green(warmUp="1s", shift=[{"weight": 25, "for": "2s"}])
    with World(lab, tmp_path, policy, webs=2, slots=SLOTS) as world:
        world.first("1.4.1")
        before = live(world)
        with world.requests() as requests:
            world.release("1.4.2")
            assert set(requests.next(200).versions) == {"1.4.2"}
            after = live(world)
            world.release("1.4.3")
            assert set(requests.next(200).versions) == {"1.4.3"}
        assert not requests.tally.failed, requests.tally
        assert (len(before), len(after)) == (1, 1)
        assert after != before
        assert live(world) == before
        old = [world.answers(host, port) for host in world.webs.values() for port in SLOTS.values()]
        assert set(old) == {"1.4.3"}


def test_a_version_that_is_not_well_never_sees_a_request(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, blue_green(), webs=2, slots=SLOTS) as world:
        world.first("1.4.1")
        before = live(world)
        world.control({"1.4.2:healthy": "no"})
        with world.requests() as requests:
            world.commit("1.4.2")
            world.until(state="holding", inSync=True)
        assert not requests.tally.failed, requests.tally
        assert set(requests.tally.versions) == {"1.4.1"}
        assert live(world) == before


def test_it_is_switched_back_at_once_while_the_old_side_is_kept(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, blue_green(retireAfter="10m"), webs=2, slots=SLOTS) as world:
        world.first("1.4.1")
        before = live(world)
        with world.requests() as requests:
            world.commit("1.4.2")
            world.wait(lambda: set(requests.next(100).versions), lambda seen: seen == {"1.4.2"})
            aborted = world.controller.run("abort", "shop@production", "--reason", "orders are missing")
            assert aborted.returncode == 0, aborted.stdout
            world.wait(lambda: set(requests.next(100).versions), lambda seen: seen == {"1.4.1"}, within=15)
            world.until(state="holding", inSync=True)
        assert not requests.tally.failed, requests.tally
        assert live(world) == before


def test_two_sets_of_hosts_take_turns_and_no_request_fails(lab: Lab, tmp_path: Path) -> None:
    def side(number: int) -> dict[str, str]:
        return {"side": "blue" if number % 2 else "green"}

    with World(lab, tmp_path, blue_green(), labels=side) as world:
        world.first("1.4.1")
        before = {name for name, weight in world.weights().items() if weight}
        with world.requests() as requests:
            world.release("1.4.2")
            assert set(requests.next(200).versions) == {"1.4.2"}
        assert not requests.tally.failed, requests.tally
        after = {name for name, weight in world.weights().items() if weight}
        assert (len(before), len(after), before & after) == (2, 2, set())
        assert set(world.versions().values()) == {"1.4.2"}
