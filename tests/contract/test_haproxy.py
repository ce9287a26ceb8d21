"""What is HAProxy's own: its health checks, its socket, its names."""

import asyncio
from collections.abc import Mapping

import pytest

from reconciler.model.traffic import HaproxyRouter, Member, Router, Share
from reconciler.ports.errors import Denied, Refused, Unreachable
from tests.contract.routing import HAPROXY, NAMES, SERVERS, Real, haproxy_of, seen, shares, until
from tests.lab import app, balancer
from tests.lab.hosts import LabHost
from tests.lab.load import Load

pytestmark = pytest.mark.lab


async def test_haproxy_tells_who_is_ill_and_how_many_requests_are_under_way(haproxy: Real) -> None:
    await asyncio.to_thread(app.control, haproxy.machines["lb-1"], {"web-1:healthy": "no", "latency_ms": "700"})
    await until(lambda told: [route.serving for route in told["lb-1"]] == [False, True], haproxy)
    url = f"http://{haproxy.machines['lb-1'].inner_address}:{balancer.PORT}/"
    async with Load(url, per_second=50):
        await until(lambda told: (told["lb-1"][1].in_flight or 0) > 10, haproxy)
    await until(lambda told: told["lb-1"][1].in_flight == 0, haproxy)
    await asyncio.to_thread(app.control, haproxy.machines["lb-1"], {})


async def test_haproxy_takes_a_server_out_of_maintenance_when_it_is_given_a_share(haproxy: Real) -> None:
    await haproxy.sh("lb-1", _by_hand("set server shop/web-1 state maint"))
    assert (await seen(haproxy))["lb-1"][0] == 0
    await haproxy.routers.set_weights(haproxy.router, shares(haproxy, 1, 1), haproxy.hosts)
    assert (await seen(haproxy))["lb-1"] == (1, 1)


@pytest.mark.parametrize(
    ("router", "why"),
    [
        (HaproxyRouter(hosts=("lb-1",), backend="shop", members=(Member("a", "web-1"),)), "web-2 too, which is no tar"),
        (
            HaproxyRouter(hosts=("lb-1",), backend="shop", members=(*HAPROXY.members, Member("web-3", "web-3"))),
            "lb-1: the backend shop has no server web-3",
        ),
        (HaproxyRouter(hosts=("lb-1",), backend="shoq", members=HAPROXY.members), "lb-1: there is no backend shoq"),
    ],
)
async def test_haproxy_with_other_or_missing_servers_is_refused(haproxy: Real, router: Router, why: str) -> None:
    with pytest.raises(Refused, match=why):
        await haproxy.routers.weights(router, haproxy.hosts)


async def test_a_backup_server_is_no_stranger(haproxy: Real) -> None:
    await asyncio.to_thread(
        balancer.with_haproxy, haproxy.machines["lb-1"], SERVERS, ["server sorry 127.0.0.1:9001 backup"]
    )
    assert sorted(await seen(haproxy)) == list(NAMES)


async def test_haproxy_refuses_a_server_it_does_not_have_by_name(haproxy: Real) -> None:
    with pytest.raises(Refused, match="lb-1: HAProxy refuses for the backend shop: No such server"):
        await haproxy.routers.set_weights(haproxy.router, [Share("web-9", 1)], haproxy.hosts)


async def test_a_name_that_would_end_a_command_is_never_sent(haproxy: Real) -> None:
    with pytest.raises(Refused, match="cannot be a name in HAProxy"):
        await haproxy.routers.drain(haproxy.router, ["web-1 state maint;shutdown sessions"], haproxy.hosts)


async def test_haproxy_without_a_socket_is_told(haproxy: Real) -> None:
    await haproxy.sh("lb-2", "systemctl stop haproxy; rm -f /run/haproxy/admin.sock")
    with pytest.raises(Unreachable, match=r"lb-2: HAProxy has no socket /run/haproxy/admin\.sock"):
        await haproxy.routers.weights(haproxy.router, haproxy.hosts)


async def test_who_may_not_use_the_socket_is_told(balancers: Mapping[str, LabHost]) -> None:
    world = await haproxy_of(balancers, "plain")
    with pytest.raises(Denied, match=r"plain may not write to /run/haproxy/admin\.sock"):
        await world.routers.weights(world.router, world.hosts)
    await world.stop()


async def test_haproxy_is_told_with_whatever_talks_to_sockets_there(haproxy: Real) -> None:
    await haproxy.sh("lb-1", "mv /usr/bin/perl /usr/bin/perl.away")
    try:
        await haproxy.routers.set_weights(haproxy.router, shares(haproxy, 3, 4), haproxy.hosts)
        assert (await seen(haproxy))["lb-1"] == (3, 4)
        await haproxy.sh("lb-1", "mv /usr/bin/python3 /usr/bin/python3.away")
        with pytest.raises(Refused, match="lb-1 has no program to talk to HAProxy's socket with: install socat, nc"):
            await haproxy.routers.weights(haproxy.router, haproxy.hosts)
    finally:
        await haproxy.sh("lb-1", "cd /usr/bin; for each in perl python3; do mv $each.away $each || :; done")


async def test_haproxy_cannot_mirror(haproxy: Real) -> None:
    with pytest.raises(Refused, match="HAProxy cannot send copies"):
        await haproxy.routers.mirror(haproxy.router, ["web-1"], 10, haproxy.hosts)
    await haproxy.routers.mirror(haproxy.router, ["web-1"], 0, haproxy.hosts)


def _by_hand(command: str) -> str:
    program = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/run/haproxy/admin.sock'); "
    return f"python3 -c \"{program} s.sendall(b'{command}\\n'); s.recv(9)\""
