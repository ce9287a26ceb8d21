"""What is nginx's own: its files, its reloads, copies of requests."""

import asyncio
from collections.abc import Mapping

import pytest

from reconciler.model.traffic import Route
from reconciler.ports.errors import Denied, Refused, Unreachable
from tests.contract.routing import SERVERS, Real, nginx_of, seen, shares
from tests.lab import balancer
from tests.lab.hosts import LabHost
from tests.lab.load import Load

pytestmark = pytest.mark.lab


async def test_a_file_that_nginx_refuses_is_put_back(nginx: Real) -> None:
    await nginx.routers.set_weights(nginx.router, shares(nginx, 10, 90), nginx.hosts)
    before = await nginx.sh("lb-2", f"cat {balancer.INCLUDE}")
    await nginx.sh("lb-2", "echo 'nonsense;' >>/etc/nginx/nginx.conf")
    with pytest.raises(Refused, match=f'lb-2: nginx refuses {balancer.INCLUDE}, .* unknown directive "nonsense"'):
        await nginx.routers.set_weights(nginx.router, shares(nginx, 50, 50), nginx.hosts)
    assert (
        await nginx.sh("lb-2", f"cat {balancer.INCLUDE}; ls -A {balancer.INCLUDE}*") == before + balancer.INCLUDE + "\n"
    )
    assert await seen(nginx) == {"lb-1": (50, 50), "lb-2": (10, 90)}


async def test_what_nginx_has_not_taken_over_yet_does_not_count(nginx: Real) -> None:
    await nginx.routers.set_weights(nginx.router, shares(nginx, 10, 90), nginx.hosts)
    folder, name = balancer.INCLUDE.rsplit("/", 1)
    cut_off = f"cd {folder} && cp {name} .{name}.before && printf 'server {SERVERS['web-1']};\\n' >{name}"
    await nginx.sh("lb-1", cut_off)
    assert (await seen(nginx))["lb-1"] == (10, 90)
    await nginx.routers.set_weights(nginx.router, shares(nginx, 20, 80), nginx.hosts)
    assert (await seen(nginx))["lb-1"] == (20, 80)
    assert await nginx.sh("lb-1", f"ls -A {folder}") == f"shop.mirror\n{name}\n"


async def test_a_server_that_is_no_member_is_told_and_goes_with_the_next_change(nginx: Real) -> None:
    await nginx.sh("lb-1", f"echo 'server 127.0.0.1:9003 weight=7;' >>{balancer.INCLUDE}")
    told = await nginx.routers.weights(nginx.router, nginx.hosts)
    assert told["lb-1"][2:] == (Route("127.0.0.1:9003", 7, serving=True),)
    await nginx.routers.set_weights(nginx.router, shares(nginx, 1, 1), nginx.hosts)
    assert "9003" not in await nginx.sh("lb-1", f"cat {balancer.INCLUDE}")


async def test_nginx_that_does_not_run_is_told(nginx: Real) -> None:
    await nginx.sh("lb-1", "systemctl stop nginx")
    with pytest.raises(Unreachable, match="lb-1: nginx does not run"):
        await nginx.routers.weights(nginx.router, nginx.hosts)


async def test_who_may_not_write_nginx_files_is_told(balancers: Mapping[str, LabHost]) -> None:
    world = await nginx_of(balancers, "plain")
    with pytest.raises(Denied, match=f"plain may not write {balancer.INCLUDE}"):
        await world.routers.set_weights(world.router, shares(world, 1, 2), world.hosts)
    await world.stop()


async def test_nginx_copies_a_part_of_the_requests_until_it_is_told_to_stop(nginx: Real) -> None:
    await nginx.routers.set_weights(nginx.router, shares(nginx, 1, 0), nginx.hosts)
    await nginx.routers.mirror(nginx.router, [SERVERS["web-2"]], 50, nginx.hosts)
    url = f"http://{nginx.machines['lb-1'].inner_address}:{balancer.PORT}/"
    before = await _served(nginx)
    async with Load(url, per_second=200) as load:
        assert (await load.next(300)).shares == {"web-1": 1.0}
    sent = load.tally.sent
    assert load.tally.failed == 0, load.tally
    async with asyncio.timeout(20):
        while await _served(nginx) - before < sent * 0.35:
            pass
    assert await _served(nginx) - before < sent * 0.65
    await nginx.routers.mirror(nginx.router, [], 0, nginx.hosts)
    after = await _served(nginx)
    async with Load(url, per_second=200) as load:
        await load.next(100)
    assert await _served(nginx) == after


async def _served(world: Real) -> int:
    said = await world.sh("lb-1", f"curl -s http://{SERVERS['web-2']}/metrics | grep '^http_requests_total' || :")
    return sum(int(line.rsplit(" ", 1)[1]) for line in said.splitlines())
