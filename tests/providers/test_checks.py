"""HTTP checks against a live server."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.health import CertificateCheck, HttpCheck, Timing
from reconciler.model.target import Host
from reconciler.providers.checks import HealthChecks
from tests.policy.issuer import START, Issuer
from tests.providers.local_shell import DASH, LocalShell, host
from tests.sim.clock import SimClock


class Here:
    """A tunnel to this machine: what the target's own localhost would be."""

    async def reach(self, host: Host) -> None:
        pass

    @asynccontextmanager
    async def through(self, host: Host, port: int) -> AsyncIterator[socket.socket]:
        with socket.create_connection(("localhost", port)) as there:
            there.setblocking(False)
            yield there


def checks(folder: Path) -> HealthChecks:
    return HealthChecks(LocalShell(folder, *DASH), Here(), SimClock(START))


class Server:
    """Answers every request with the status its path names; /silent never."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.requests.append(path)
        if path != "/silent":
            head = f"HTTP/1.1 {path[1:]} Word\r\nLocation: /200\r\nContent-Length: 0\r\n\r\n"
            writer.write(head.encode())
            await writer.drain()
        else:
            await reader.read()
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    listening.close()
    await listening.wait_closed()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (204, True), (302, True), (404, False), (500, False)])
async def test_two_and_three_hundreds_are_healthy(server: Server, tmp_path, status: int, healthy: bool) -> None:
    answer = await checks(tmp_path).ask(host(), HttpCheck(port=server.port, path=f"/{status}"))
    assert answer.healthy is healthy
    assert answer.detail == f"HTTP {status} from http://127.0.0.1:{server.port}/{status}"
    assert server.requests == [f"/{status}"]


async def test_a_server_that_is_silent_is_unhealthy_in_time(server: Server, tmp_path) -> None:
    check = HttpCheck(port=server.port, path="/silent", timing=Timing(timeout=timedelta(seconds=0.2)))
    answer = await checks(tmp_path).ask(host(), check)
    assert (answer.healthy, answer.detail) == (
        False,
        f"no answer from http://127.0.0.1:{server.port}/silent within 0.2 s",
    )


@pytest.mark.parametrize(
    ("valid_for", "healthy", "said"),
    [
        (14, True, "CN=shop.example is valid until 2026-01-31 00:00Z"),
        (40, False, "CN=shop.example is valid until 2026-01-31 00:00Z; that is less than 40d"),
    ],
)
async def test_a_certificate_is_healthy_as_long_as_it_is_valid(tmp_path, valid_for, healthy, said) -> None:
    pem = Issuer.root("root").issue("shop.example", until=START + timedelta(days=30)).pem
    (tmp_path / "it is.pem").write_bytes(pem)
    check = CertificateCheck(path="~/it is.pem", valid_for=timedelta(days=valid_for))
    answer = await checks(tmp_path).ask(host(), check)
    assert (answer.healthy, answer.detail) == (healthy, f"~/it is.pem: {said}")


async def test_a_certificate_that_cannot_be_read_is_unhealthy(tmp_path) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    missing = await checks(tmp_path).ask(host(), CertificateCheck(path="~/gone.pem"))
    assert (missing.healthy, missing.detail) == (False, "cannot read ~/gone.pem: No such file")
    wrong = await checks(tmp_path).ask(host(), CertificateCheck(path="~/no.pem"))
    assert not wrong.healthy
    assert "no certificate in PEM" in wrong.detail
