"""Two services of an app on a real Swarm behind a real HAProxy: requests go over little by little, or at once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apis.engine_world import free_port
from tests.apis.test_docker_traffic import BLUE_GREEN, CANARY, GATEWAY, Shop, settled
from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World
from tests.lab.balancer import BACKEND, PORT, with_haproxy
from tests.lab.hosts import Lab
from tests.lab.image import BALANCER
from tests.lab.swarm import RealSwarm

pytestmark = pytest.mark.lab


class SwarmShop(Shop):
    """The app in two slots of one Swarm, each a service on the node's own network, and who asks for it."""

    def __init__(self, world: World, lab: Lab, swarm: RealSwarm) -> None:
        self.world = world
        self.ports = {"blue": free_port(), "green": free_port()}
        balancer = lab.host("lb-1", BALANCER)
        with_haproxy(balancer, {f"swarm-1-{slot}": f"{GATEWAY}:{port}" for slot, port in self.ports.items()})
        self.url = f"http://{balancer.inner_address}:{PORT}/"
        keys = [str(world.there.fleet.client_key), str(balancer.client_key)]
        world.settings(ssh={"identities": keys}, drift={"interval": "1h"})
        spec = {"environment": "test", "address": GATEWAY, "unix": {"path": str(swarm.socket)}}
        target = {"kind": "Swarm", "metadata": {"name": "swarm-1", "labels": {"role": "apps"}}, "spec": spec}
        who = {"environment": "test", "address": balancer.address, "user": "deploy", "become": "sudo"}
        front = {"kind": "Host", "metadata": {"name": "lb-1", "labels": {"role": "lb"}}}
        host = {**front, "spec": {**who, "hostKey": balancer.host_key}}
        world.write({"desired-state/swarm.yaml": documents.text(target, host)})

    def commit(self, image: str, **more: Any) -> str:
        """Commit the app with that image."""
        serve = ["httpd", "-f", "-p", "{{ slot.port }}", "-h", "/www"]
        shop = {"name": "shop-{{ slot.name }}", "image": image, "networks": ["host"], "command": serve}
        shop |= {"stopTimeout": "1s", "restart": {"delay": "200ms"}, "update": {"monitor": "1s"}, **more}
        check = {"http": {"port": "{{ slot.port }}", "on": "swarm", "period": "200ms", "failureThreshold": 20}}
        server = "{{ target.name }}-{{ slot.name }}"
        haproxy = {"hosts": {"role": "lb"}, "backend": BACKEND, "server": server, "drainWithin": "5s"}
        return self.world.app(
            {"swarmService": shop},
            targets={"swarms": {"role": "apps"}},
            slots={name: {"port": port} for name, port in self.ports.items()},
            health=[check],
            traffic={"haproxy": haproxy},
            version=image.rpartition(":")[2],
        )


@pytest.fixture
def shop(tmp_path: Path, swarm: RealSwarm, lab: Lab) -> Iterator[SwarmShop]:
    for name, text in (("web:1", b"one"), ("web:2", b"two"), ("web:3", b"three")):
        swarm.engine.image(name, {"/www/index.html": text, "/www/healthz": b"ok"})
    with made_world(tmp_path, "web-1") as world:
        yield SwarmShop(world, lab, swarm)


@pytest.mark.parametrize("strategy", [CANARY, BLUE_GREEN], ids=["canary", "blue-green"])
def test_a_new_version_gets_the_requests_without_one_lost_and_a_bad_one_gets_none(
    shop: SwarmShop, strategy: dict[str, Any]
) -> None:
    world = shop.world
    world.policy(strategy=strategy, progressDeadline="60s")
    first = shop.commit("web:1")
    with world.daemon():
        world.until(world.in_sync_at(first), "the first version is there")
        with shop.asked() as said:
            second = shop.commit("web:2")
            world.until(world.in_sync_at(second), "the second version is there")
            assert set(Counter(said)) == {"one", "two"}, Counter(said)
            said.clear()
            settled(said, 40)
            assert set(said) == {"two"}

            shop.commit("web:3", command=["false"])
            world.until(lambda: "rejected" in str(world.unit()), "the third version is rejected")
            world.until(world.state_of("holding"), "the third version was taken back")
            settled(said, 40)
            assert set(said) == {"two"}, Counter(said)
