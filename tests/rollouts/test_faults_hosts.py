"""Hosts, the program, Git and the artifact server go away, before a rollout, during it and while it is taken back."""

import hashlib
import http.server
import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab.hosts import Lab
from tests.rollouts.test_blue_green import SLOTS, blue_green, live
from tests.rollouts.test_canary import canary
from tests.rollouts.test_faults import told, waits_for
from tests.rollouts.world import UNIT, World
from tests.stories.controller import Controller

ROLLING = {"strategy": {"rolling": {"batchSize": 1, "maxUnavailable": 1}}, "progressDeadline": "30s"}
HALF = canary({"setWeight": 50}, {"pause": {}}, progressDeadline="30s")


def test_hosts_that_are_away_hold_up_a_rollout_and_are_told_of_when_it_is_taken_back(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, ROLLING) as world:
        ssh = {"identities": [str(lab.client_key)], "agent": False, "connect_timeout": "3s", "keepalive": "2s"}
        settings = {"git": {"url": "repository"}, "ssh": ssh, "drift": {"interval": "5s"}}
        world.controller = Controller(tmp_path, "state", settings)
        world.first("1.4.1")
        away = [world.webs["web-3"], world.webs["web-4"]]
        for host in away:
            host.disconnect()
        world.commit("1.4.2")
        waiting = world.wait(world.status, lambda now: (now.get("waiting") or {}).get("reason") == "budget")["waiting"]
        assert "2 of 4 targets are out of service already (web-3, web-4)" in waiting["detail"]
        assert world.answers(world.webs["web-1"]) == "1.4.1"
        for host in away:
            host.connect()
        world.until(state="in sync", version="1.4.2")

        world.policy = HALF
        world.commit("1.4.3")
        waits_for(world, "promotion", "1.4.3")
        world.webs["web-1"].kill()
        told(world, "abort", UNIT, "--reason", "orders are missing")
        world.until(state="holding", rollout=None)
        left = "web-2 back at 1.4.2"
        assert left in told(world, "explain", UNIT)
        assert "web-1 not reached, 1.4.3 when it was changed" in told(world, "explain", UNIT)
        world.webs["web-1"].start()
        world.wait(world.versions, lambda now: set(now.values()) == {"1.4.2"})
        world.until(state="holding", inSync=True)


def test_it_is_taken_back_with_git_and_the_artifact_server_away_and_the_program_killed(
    lab: Lab, tmp_path: Path
) -> None:
    served = tmp_path / "artifacts"
    served.mkdir()
    with World(lab, tmp_path, ROLLING, webs=2) as world:
        with artifacts(served) as url:
            app = world.resources()
            world.spec = {"resources": [*app, release(url, served, "1.4.1")]}
            world.first("1.4.1")
            world.spec = {"resources": [*app, release(url, served, "1.4.2")]}
            world.policy = HALF
            # Answers take long, and so does a drain.
            world.control({"latency_ms": "4000"})
            with world.requests(20) as requests:
                world.commit("1.4.2")
                waits_for(world, "traffic", "1.4.2")
                world.controller.kill()
                world.controller.start()
                waits_for(world, "promotion", "1.4.2")
            assert not requests.tally.failed, requests.tally
        world.repository.rename(tmp_path / "gone")
        with world.requests(20) as requests:
            told(world, "abort", UNIT, "--reason", "orders are missing")
            world.until(state="reverting")
            world.controller.kill()
            world.controller.start()
            world.until(state="holding", inSync=True)
        assert not requests.tally.failed, requests.tally
        world.control({})
        assert set(world.versions().values()) == {"1.4.1"}
        assets = {host.sh("cat /opt/assets/current/version") for host in world.webs.values()}
        assert assets == {"assets of 1.4.1\n"}
        assert "Git cannot be asked" in told(world, "status")


def test_killed_while_the_old_side_is_kept_it_gets_the_new_version_all_the_same(lab: Lab, tmp_path: Path) -> None:
    with World(lab, tmp_path, blue_green(retireAfter="10s"), webs=2, slots=SLOTS) as world:
        world.first("1.4.1")
        before = live(world)
        with world.requests() as requests:
            world.commit("1.4.2")
            world.wait(lambda: live(world), lambda now: now != before and len(now) == 1)
            waits_for(world, "time", "1.4.2")
            world.controller.kill()
            world.controller.start()
            world.until(state="in sync", version="1.4.2")
        assert not requests.tally.failed, requests.tally
        assert live(world) != before
        assert {world.answers(host, port) for host in world.webs.values() for port in SLOTS.values()} == {"1.4.2"}


@contextmanager
def artifacts(folder: Path) -> Iterator[str]:
    """Serve the files of a folder, and yield the URL."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *words: Any) -> None:
            super().__init__(*words, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def release(url: str, folder: Path, version: str) -> dict[str, Any]:
    """Make an archive in the folder, and return the resource that unpacks it; the host keeps no older one."""
    path = folder / f"assets-{version}.tar"
    text = f"assets of {version}\n".encode()
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("version")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = {"name": "assets", "artifact": f"{url}/{path.name}", "sha256": sha256, "path": "/opt/assets", "keep": 1}
    return {"release": spec}
