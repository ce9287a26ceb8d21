"""What HTTP checks expect of real servers: what is asked and answered, TLS, and servers that do not play along."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.health import CheckResult, Header, HttpCheck, StatusRange, TcpCheck, Timing, Tls
from tests.providers.local_shell import host
from tests.providers.test_checks import checks
from tests.providers.tls import Authority, serving

PAGE = b"HTTP/1.1 200 OK\r\nX-Version: 1.4.2\r\nContent-Length: 13\r\n\r\nversion 1.4.2"
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(answer: bytes | Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[str]]]:
    """Have a server that says just this; what it was asked is told."""
    asked: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=tls)
    async with listening:
        yield listening.sockets[0].getsockname()[1], asked


async def ask(folder: Path, check: HttpCheck) -> CheckResult:
    return await checks(folder).ask(host(), check)


async def test_a_request_has_what_the_check_says_and_little_else(tmp_path: Path) -> None:
    async with server(PAGE) as (port, asked):
        check = HttpCheck(
            port=port,
            path="/ready?deep=1",
            method="POST",
            host="shop.example:8443",
            headers=(Header("X-Probe", "yes"), Header("accept", "text/plain")),
        )
        assert (await ask(tmp_path, check)).healthy
        await ask(tmp_path, HttpCheck(port=port))
    assert asked[0].splitlines()[:7] == [
        "POST /ready?deep=1 HTTP/1.1",
        "Host: shop.example:8443",
        "User-Agent: reconciler",
        "Accept-Encoding: identity",
        "Connection: close",
        "X-Probe: yes",
        "accept: text/plain",
    ]
    assert f"Host: 127.0.0.1:{port}" in asked[1].splitlines()


async def test_statuses_headers_and_bodies_are_looked_at(tmp_path: Path) -> None:
    async with server(PAGE) as (port, _):
        good = HttpCheck(
            port=port,
            statuses=(StatusRange(200, 200),),
            expected=(Header("x-version", "1.4.2"),),
            contains="version 1.4.2",
            matches=r"^version \d",
        )
        assert (await ask(tmp_path, good)).healthy
        wrong = await ask(tmp_path, replace(good, contains="version 1.5"))
        assert wrong.detail == (
            f"HTTP 200 from http://127.0.0.1:{port}/: 'version 1.5' is not in the body, which begins 'version 1.4.2'"
        )


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nvers\r\n9\r\nion 1.4.2\r\n0\r\n\r\n"
UNTIL_CLOSED = b"HTTP/1.0 200 OK\r\n\r\nversion 1.4.2"
EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + PAGE


@pytest.mark.parametrize("said", [PAGE, CHUNKED, UNTIL_CLOSED, EARLY])
async def test_a_body_is_read_however_it_is_sent(tmp_path: Path, said: bytes) -> None:
    async with server(said) as (port, _):
        answer = await ask(tmp_path, HttpCheck(port=port, matches=r"^version 1\.4\.2$"))
        assert answer.healthy, answer.detail


async def test_of_a_body_without_end_the_start_is_enough(tmp_path: Path) -> None:
    async def for_ever(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nversion 1.4.2")
        while True:
            writer.write(b"." * 65536)
            await writer.drain()

    async with server(for_ever) as (port, _):
        check = HttpCheck(port=port, contains="1.4.2", timing=Timing(timeout=timedelta(seconds=20)))
        assert (await ask(tmp_path, check)).healthy


@pytest.mark.parametrize(
    ("said", "detail"),
    [
        (b"", "{place} closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "{place} closed the connection without an answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "what {place} says is not HTTP: "),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, "what {place} says is not HTTP: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "what {place} says is not HTTP: "),
    ],
)
async def test_what_is_no_answer_is_unhealthy(tmp_path: Path, said: bytes, detail: str) -> None:
    async with server(said) as (port, _):
        answer = await ask(tmp_path, HttpCheck(port=port, contains="x", timing=Timing(timeout=timedelta(seconds=5))))
    assert not answer.healthy
    assert answer.asked
    assert answer.detail.startswith(detail.format(place=f"127.0.0.1:{port}"))


async def test_where_nobody_listens_is_said(tmp_path: Path) -> None:
    async with server(PAGE) as (port, _):
        pass
    for check in (HttpCheck(port=port), TcpCheck(port=port)):
        answer = await checks(tmp_path).ask(host(), check)
        assert (answer.healthy, answer.detail) == (False, f"connection refused by 127.0.0.1:{port}")


LATE = datetime.datetime(2020, 2, 1, tzinfo=datetime.UTC)
WELL_KNOWN = ("127.0.0.1", "shop.example")


@pytest.mark.parametrize(
    ("names", "until", "asked", "detail"),
    [
        (WELL_KNOWN, None, {}, None),
        (WELL_KNOWN, None, {"host": "shop.example"}, None),
        (("shop.example",), None, {"host": "shop.example:8443"}, None),
        (("shop.example",), None, {"server_name": "shop.example"}, None),
        (("shop.example",), None, {"insecure": True}, None),
        (("shop.example",), None, {}, "is not valid for 127.0.0.1: IP address mismatch"),
        (WELL_KNOWN, None, {"host": "other.example"}, "is not valid for other.example: Hostname mismatch"),
        (WELL_KNOWN, None, {"system": True}, "is not valid for 127.0.0.1: unable to get local issuer certificate"),
        (WELL_KNOWN, LATE, {}, "is not valid for 127.0.0.1: certificate has expired"),
    ],
)
async def test_a_certificate_has_to_be_valid_for_the_name_that_is_asked(tmp_path, names, until, asked, detail) -> None:
    authority = Authority.make()
    shown = authority.issue(*names, **({"until": until} if until else {}))
    trusted = None if asked.get("system") or asked.get("insecure") else authority.pem
    tls = Tls(server_name=asked.get("server_name"), ca=trusted, insecure=asked.get("insecure", False))
    async with server(PAGE, serving(tmp_path, *shown)) as (port, _):
        answer = await ask(
            tmp_path,
            HttpCheck(
                port=port,
                scheme="https",
                host=asked.get("host"),
                tls=tls,
                contains="1.4.2",
                timing=Timing(timeout=timedelta(seconds=5)),
            ),
        )
    assert answer.healthy is (detail is None), answer.detail
    assert detail is None or f"the certificate of 127.0.0.1:{port} {detail}" in answer.detail


async def test_a_server_without_tls_is_told_so(tmp_path: Path) -> None:
    async with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (port, _):
        check = HttpCheck(port=port, scheme="https", timing=Timing(timeout=timedelta(seconds=1)))
        answer = await ask(tmp_path, check)
    assert not answer.healthy
    assert answer.detail.startswith((f"no TLS with 127.0.0.1:{port}", "no answer from"))
