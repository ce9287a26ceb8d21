"""The server itself: TLS, a Unix socket with who is behind it, connections that say nothing, and leaving."""

import asyncio
import errno
import grp
import os
import socket
import ssl
import stat
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from reconciler.api.listening import CannotListen, Tcp, Unix, listening
from reconciler.api.server import served
from tests.api.world import World


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "reconciler")])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, private


async def test_over_tls_the_api_answers_and_plain_http_gets_nothing(world: World, tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    trusted = ssl.create_default_context(cafile=str(certificate))
    async with served(world.app(), Tcp("127.0.0.1", 0, certificate, key), 100) as address:
        assert address.startswith("https://127.0.0.1:")
        async with httpx.AsyncClient(verify=trusted, headers={"Authorization": "Bearer owner"}) as client:
            answer = await client.get(f"{address}/v1/units")
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert "server" not in answer.headers
            with pytest.raises(httpx.TransportError):
                await client.get(f"{address.replace('https', 'http')}/v1/units")


async def test_old_tls_is_refused(world: World, tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with served(world.app(), Tcp("127.0.0.1", 0, certificate, key), 100) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=old)


async def test_over_the_unix_socket_it_is_known_who_is_there(world: World, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    async with served(world.app(), Unix(path), 100) as address:
        assert address == f"unix://{path}"
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        async with httpx.AsyncClient(transport=transport, headers={"Authorization": "Bearer nobody"}) as client:
            answer = await client.get("http://reconciler/v1/tokens")
            figures = await client.get("http://reconciler/metrics")
    assert answer.status_code == 403
    # The kernel says who is at the other end.
    assert answer.json()["detail"].startswith(f"nobody-{os.getuid()} may not")
    assert figures.status_code == 200
    assert not path.exists()


def test_a_socket_that_a_dead_process_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with listening(Unix(path)) as (_, address):
        assert address == f"unix://{path}"
    assert not path.exists()


def test_what_somebody_else_has_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    path.write_text("precious")
    with pytest.raises(CannotListen, match="is there and no socket"), listening(Unix(path)):
        pass
    assert path.read_text() == "precious"
    path.unlink()
    with listening(Unix(path)):
        with pytest.raises(CannotListen, match="another process listens"), listening(Unix(path)):
            pass
        assert path.exists()
    with pytest.raises(CannotListen, match="there is no group nosuch"), listening(Unix(path, "nosuch")):
        pass
    with pytest.raises(CannotListen, match=r"set api\.socket elsewhere"), listening(Unix(tmp_path / ("x" * 120))):
        pass


def test_a_group_that_the_daemon_is_not_in_is_told_with_what_its_unit_has_to_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chown(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "chown", chown)
    group = grp.getgrgid(os.getgid()).gr_name
    said = (
        f"to the group {group}: Operation not permitted.*in that group .SupplementaryGroups=.*PrivateUsers=no.*@chown"
    )
    with pytest.raises(CannotListen, match=said), listening(Unix(tmp_path / "api.sock", group)):
        pass
    # The unit's filter of system calls refuses chown to everybody; without a group there is no need of it.
    with listening(Unix(tmp_path / "api.sock")):
        pass


async def test_a_port_that_is_taken_and_a_certificate_that_is_none_are_told(world: World, tmp_path: Path) -> None:
    async with served(world.app(), Tcp("127.0.0.1", 0), 100) as address:
        taken = Tcp("127.0.0.1", int(address.rpartition(":")[2]))
        with pytest.raises(CannotListen, match=r"set api\.tcp\.listen elsewhere"):
            async with served(world.app(), taken, 100):
                pass
    (tmp_path / "none.pem").write_text("none")
    bad = Tcp("127.0.0.1", 0, tmp_path / "none.pem", tmp_path / "none.pem")
    with pytest.raises(CannotListen, match="are both PEM files"):
        async with served(world.app(), bad, 100):
            pass


async def test_more_connections_than_allowed_are_closed(world: World, tmp_path: Path) -> None:
    async with served(world.app(), Tcp("127.0.0.1", 0), 4) as address:
        port = int(address.rpartition(":")[2])
        open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        reader, third = await asyncio.open_connection("127.0.0.1", port)
        # Nobody alone has more than half of them.
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        for _, writer in open_ones:
            writer.close()
        third.close()


@pytest.mark.parametrize("sent", [b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\n\x00: x\r\n\r\n"])
async def test_what_is_no_http_is_a_problem_too(world: World, sent: bytes) -> None:
    async with served(world.app(), Tcp("127.0.0.1", 0), 100) as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(sent)
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


async def test_streams_that_are_open_do_not_keep_us_from_leaving(world: World, tmp_path: Path) -> None:
    path = tmp_path / "api.sock"
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport, headers={"Authorization": "Bearer owner"}) as client:
        async with served(world.app(), Unix(path), 100):
            stream = client.stream("GET", "http://reconciler/v1/events/stream")
            answer = await stream.__aenter__()
            assert answer.status_code == 200
            told = answer.aiter_raw()
            await anext(told)
        with pytest.raises((httpx.TransportError, StopAsyncIteration, httpx.StreamError)):
            await anext(told)
        await stream.__aexit__(None, None, None)
    assert world.troubles == []
