"""A change that would lock everybody out of a host: the host takes it back by itself, and says so."""

from pathlib import Path
from typing import Any

from tests.lab.hosts import Lab
from tests.rollouts.world import UNIT, World

ROLLING = {"strategy": {"rolling": {"batchSize": 1}}, "progressDeadline": "40s"}
DROP_IN = "/etc/ssh/sshd_config.d/who.conf"


def sshd(who: str) -> list[dict[str, Any]]:
    return [
        {"file": {"path": DROP_IN, "content": f"DenyUsers {who}\n"}},
        {"systemdUnit": {"name": "ssh.service", "running": True, "restartOn": [f"file:{DROP_IN}"]}},
    ]


def test_a_host_whose_sshd_lets_nobody_in_takes_it_back_by_itself(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, {**ROLLING, "guard": {"within": "5s", "persistent": True}}, webs=2) as world:
        app = world.resources()
        world.spec = {"resources": [*app, *sshd("nobody")]}
        world.first("1.4.1")
        world.spec = {"resources": [*app, *sshd("deploy")]}
        with world.requests() as requests:
            world.commit("1.4.2")
            world.until(state="holding", inSync=True)
        assert not requests.tally.failed, requests.tally
        told = " ".join(world.controller.run("explain", UNIT).stdout.split())
        assert "web-1: changed" in told
        assert "no new connection could be made" in told
        assert "the host took it back by itself, and everything there is as it was" in told
        assert "Look at what the change does to sshd" in told
        for host in world.webs.values():
            assert host.ssh("deploy", "true").returncode == 0
            assert host.sh(f"cat {DROP_IN}") == "DenyUsers nobody\n"
        assert set(world.versions().values()) == {"1.4.1"}
