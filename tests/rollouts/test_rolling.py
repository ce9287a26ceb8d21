"""Host after host behind a real load balancer: nobody's request fails, forward and back."""

from pathlib import Path

from tests.lab.hosts import Lab
from tests.rollouts.world import World

ROLLING = {"strategy": {"rolling": {"batchSize": 1, "maxUnavailable": 1}}, "progressDeadline": "30s"}


def test_no_request_fails_while_a_version_is_rolled_out(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, ROLLING) as world:
        world.first("1.4.1")
        with world.requests() as requests:
            world.release("1.4.2")
            last = requests.next(200)
        assert not requests.tally.failed, requests.tally
        assert set(last.versions) == {"1.4.2"}
        assert set(world.weights().values()) == {100}


def test_no_request_fails_while_a_version_that_is_not_well_is_taken_back(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, ROLLING) as world:
        world.first("1.4.1")
        world.control({"1.4.2:healthy": "no"})
        with world.requests() as requests:
            world.commit("1.4.2")
            world.until(state="holding", inSync=True)
            last = requests.next(200)
        assert not requests.tally.failed, requests.tally
        assert set(last.versions) == {"1.4.1"}
        assert set(last.servers) == set(world.webs)
