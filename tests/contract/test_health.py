"""Checks that ask as the target itself would, through the connection that is kept with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from reconciler.model.health import GrpcCheck, HttpCheck, Origin, TcpCheck, Timing
from reconciler.ports.shell import Script
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from tests.contract.conftest import FleetWorld, LabWorld, World
from tests.providers.test_check_http import PAGE, server

PORT = 18080
TARGET = Origin.TARGET
PATIENT = Timing(timeout=timedelta(seconds=10))

# What every Debian has; it serves on its own loopback only, so nobody else could ask it.
_SERVER = f"""
exec setsid perl -MIO::Socket::INET -e '
    $there = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => {PORT}, Listen => 5, ReuseAddr => 1) or die;
    $| = 1; print "$$\\n"; close STDOUT; alarm 120;
    while ($one = $there->accept) {{
        while (<$one>) {{ last if /^\\r?\\n/ }}
        print $one "HTTP/1.1 200 OK\\r\\nContent-Length: 13\\r\\n\\r\\nversion 1.4.2"; close $one;
    }}' </dev/null 2>/dev/null
"""


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[int]:
    """Have a server on the target's loopback; for the loopback fleet that is this machine's."""
    if isinstance(world, FleetWorld):
        async with server(PAGE) as (port, _):
            yield port
        return
    running = world.shell.follow(world.host(), _SERVER)
    try:
        process = int(await anext(running))
        yield PORT
        await world.shell.run(world.host(), Script(text=f"kill {process}"))
    finally:
        await running.aclose()


def checks(world: World) -> HealthChecks:
    return HealthChecks(world.shell, world.shell, SystemClock())


async def test_an_app_on_the_loopback_of_the_target_is_asked_there(world: World) -> None:
    async with serving(world) as port:
        check = HttpCheck(port=port, contains="version 1.4.2", origin=TARGET, timing=PATIENT)
        answer = await checks(world).ask(world.host(), check)
        assert answer.healthy, answer.detail
        if isinstance(world, LabWorld):
            from_here = await checks(world).ask(world.host(), HttpCheck(port=port))
            assert from_here.detail == f"connection refused by {world.host().address}:{port}"


async def test_a_port_of_the_target_is_open_or_not(any_world: World) -> None:
    host, asking = any_world.host(), checks(any_world)
    answer = await asking.ask(host, TcpCheck(port=host.port, origin=TARGET, timing=PATIENT))
    assert (answer.healthy, answer.detail) == (True, f"localhost:{host.port} on web-1 accepts connections")
    for check in (TcpCheck(port=1, origin=TARGET), HttpCheck(port=1, origin=TARGET), GrpcCheck(port=1, origin=TARGET)):
        answer = await asking.ask(host, check)
        assert (answer.healthy, answer.asked, answer.detail) == (
            False,
            True,
            "connection refused by localhost:1 on web-1",
        )


async def test_what_speaks_something_else_is_unhealthy_in_time(world: World) -> None:
    check = HttpCheck(port=world.host().port, origin=TARGET, timing=Timing(timeout=timedelta(seconds=3)))
    answer = await checks(world).ask(world.host(), check)
    assert (answer.healthy, answer.asked) == (False, True)


async def test_a_target_that_is_away_says_nothing_of_its_app(world: World) -> None:
    await world.cut()
    answer = await checks(world).ask(world.host(), TcpCheck(port=world.host().port, origin=TARGET))
    assert not answer.healthy
    assert not answer.asked or "no answer" in answer.detail


async def test_many_are_asked_through_one_connection(world: World) -> None:
    host, asking = world.host(), checks(world)
    check = TcpCheck(port=host.port, origin=TARGET, timing=PATIENT)
    answers = await asyncio.gather(*(asking.ask(host, check) for _ in range(20)))
    assert all(answer.healthy for answer in answers), answers
    if isinstance(world, FleetWorld):
        assert world.fleet.logins("web-1") == 1


async def test_a_host_that_opens_no_ports_says_what_to_do(world: World) -> None:
    if not isinstance(world, FleetWorld):
        pytest.skip("only the loopback fleet can be told to forbid it")
    world.fleet.forbid_forwarding("web-1")
    answer = await checks(world).ask(world.host(), TcpCheck(port=world.host().port, origin=TARGET))
    assert (answer.healthy, answer.asked) == (False, False)
    assert answer.detail.startswith("web-1 opens no port for us (")
    assert "AllowTcpForwarding local" in answer.detail
