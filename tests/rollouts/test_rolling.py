"""Host after host behind a real nginx: nobody's request fails, forward and back. And how long the way back takes."""

from datetime import datetime
from pathlib import Path

from tests.lab import app
from tests.lab.hosts import Lab
from tests.rollouts.world import World

ROLLING = {"strategy": {"rolling": {"batchSize": 1, "maxUnavailable": 1}}}
HALF = {"strategy": {"rolling": {"maxUnavailable": "50%"}}}
SECONDS = 30.0
"""From the moment that it is known that ten hosts have to go back until they are: 10 s is the aim, and 3 s are usual on
two cores; but ten hosts, the load and other tests share this machine."""


def test_behind_nginx_no_request_fails_while_a_version_is_rolled_out_and_taken_back(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, ROLLING, webs=3, router="nginx") as world:
        world.first("1.4.1")
        with world.requests() as requests:
            world.release("1.4.2")
            assert set(requests.next(200).versions) == {"1.4.2"}
            app.control(world.webs["web-3"], {"1.4.3:healthy": "no"})
            world.commit("1.4.3")
            world.rejected()
            last = requests.next(200)
        assert not requests.tally.failed, requests.tally
        assert set(last.versions) == {"1.4.2"}
        assert set(last.servers) == set(world.webs)
        assert set(world.weights().values()) == {100}


def test_ten_hosts_are_taken_back_in_seconds_and_no_request_fails(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, HALF, webs=10) as world:
        world.first("1.4.1")
        app.control(world.webs["web-9"], {"1.4.2:healthy": "no"})
        with world.requests() as requests:
            world.commit("1.4.2")
            world.rejected()
            last = requests.next(200)
        assert not requests.tally.failed, requests.tally
        assert set(last.versions) == {"1.4.1"}
        assert set(world.versions().values()) == {"1.4.1"}
        took = seconds(world)
        print(f"ten hosts, half of them at once, were taken back in {took:.1f} s")  # noqa: T201
        assert took < SECONDS


def seconds(world: World) -> float:
    """Return how long it took from the failure being known until all was back.

    A host that does not answer at once is not waited for on the way back: the next pass takes it back.
    """
    events = world.journal()
    at = {each["event"].get("after"): datetime.fromisoformat(each["at"]) for each in events}
    if "revert_needed" not in at:
        before = {each["event"].get("after"): datetime.fromisoformat(each["at"]) for each in world.journal(1)}
        assert "reverted" in before, before
        return (at["succeeded"] - before["revert_needed"]).total_seconds()
    return (at["reverted"] - at["revert_needed"]).total_seconds()
