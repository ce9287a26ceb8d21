"""Two containers of an app behind a real HAProxy: requests go over little by little, or at once, and back again."""

import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.apis.engine_world import free_port
from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World
from tests.lab.balancer import BACKEND, PORT, with_haproxy
from tests.lab.hosts import Lab
from tests.lab.image import BALANCER
from tests.lab.own_engine import OwnEngine

pytestmark = pytest.mark.lab

GATEWAY = "172.31.77.1"
CANARY = {"canary": {"steps": [{"setWeight": 25}, {"bake": "2s"}, {"setWeight": 60}, {"bake": "2s"}]}}
BLUE_GREEN = {"blueGreen": {"retireAfter": "1s"}}


class Shop:
    """The app in two slots of one engine, and who asks for it."""

    def __init__(self, world: World, lab: Lab, engine: OwnEngine) -> None:
        self.world, self.engine = world, engine
        self.ports = {"blue": free_port(), "green": free_port()}
        balancer = lab.host("lb-1", BALANCER)
        with_haproxy(balancer, {f"engine-1-{slot}": f"{GATEWAY}:{port}" for slot, port in self.ports.items()})
        self.url = f"http://{balancer.inner_address}:{PORT}/"
        keys = [str(world.there.fleet.client_key), str(balancer.client_key)]
        world.settings(ssh={"identities": keys}, drift={"interval": "1h"})
        spec = {"environment": "test", "address": GATEWAY, "unix": {"path": str(engine.socket)}}
        target = {"kind": "DockerEngine", "metadata": {"name": "engine-1", "labels": {"role": "apps"}}, "spec": spec}
        who = {"environment": "test", "address": balancer.address, "user": "deploy", "become": "sudo"}
        front = {"kind": "Host", "metadata": {"name": "lb-1", "labels": {"role": "lb"}}}
        world.write(
            {
                "desired-state/engine.yaml": documents.text(
                    target, {**front, "spec": {**who, "hostKey": balancer.host_key}}
                )
            }
        )

    def commit(self, image: str, **more: Any) -> str:
        """Commit the app with that image."""
        shop = {"name": "shop-{{ slot.name }}", "image": image, "networks": ["backend"], "init": True, **more}
        resources = [{"network": {"name": "backend"}}, {"container": {**shop, "ports": ["{{ slot.port }}:80"]}}]
        check = {"http": {"port": "{{ slot.port }}", "on": "dockerEngine", "period": "200ms", "failureThreshold": 20}}
        haproxy = {
            "hosts": {"role": "lb"},
            "backend": BACKEND,
            "server": "{{ target.name }}-{{ slot.name }}",
            "drainWithin": "5s",
        }
        return self.world.app(
            *resources,
            targets={"dockerEngines": {"role": "apps"}},
            slots={name: {"port": port} for name, port in self.ports.items()},
            health=[check],
            traffic={"haproxy": haproxy},
            version=image.rpartition(":")[2],
        )

    @contextmanager
    def asked(self) -> Iterator[list[str]]:
        """Ask all the time, for the time of the block; what came back, in order."""
        said: list[str] = []
        over = threading.Event()

        def ask() -> None:
            while not over.wait(0.02):
                try:
                    with urllib.request.urlopen(self.url, timeout=5) as answer:
                        said.append(answer.read().decode())
                except (OSError, urllib.error.URLError) as error:
                    said.append(f"error: {error}")

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield said
        finally:
            over.set()
            thread.join()


@pytest.fixture
def shop(tmp_path: Path, engine: OwnEngine, lab: Lab) -> Iterator[Shop]:
    for name, text in (("app:1", b"one"), ("app:2", b"two"), ("app:3", b"three")):
        engine.image(name, {"/www/index.html": text, "/www/healthz": b"ok"}, ['CMD ["httpd","-f","-h","/www"]'])
    with made_world(tmp_path, "web-1") as world:
        yield Shop(world, lab, engine)


@pytest.mark.parametrize("strategy", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
def test_a_new_version_gets_the_requests_without_one_lost_and_a_bad_one_gets_none(
    shop: Shop, strategy: dict[str, Any]
) -> None:
    world = shop.world
    world.policy(strategy=strategy, progressDeadline="60s")
    first = shop.commit("app:1")
    with world.daemon():
        world.until(world.in_sync_at(first), "the first version is there")
        with shop.asked() as said:
            second = shop.commit("app:2")
            world.until(world.in_sync_at(second), "the second version is there")
            seen = Counter(said)
            assert set(seen) == {"one", "two"}, seen
            said.clear()
            settled(said, 40)
            assert set(said) == {"two"}

            shop.commit("app:3", command=["false"])
            world.until(lambda: "rejected" in str(world.unit()), "the third version is rejected")
            world.until(world.state_of("holding"), "the third version was taken back")
            settled(said, 40)
            assert set(said) == {"two"}, Counter(said)
    if "canary" in strategy:
        assert seen["two"] > 0


def settled(said: list[str], many: int) -> None:
    """Wait for so many more answers."""
    deadline, before = time.monotonic() + 30, len(said)  # noqa: TID251 - processes live in real time
    while len(said) < before + many:
        assert time.monotonic() < deadline  # noqa: TID251
        threading.Event().wait(0.05)
