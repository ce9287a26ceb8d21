"""Ways to an engine: a socket that allows only what is needed, TLS on both sides, and the SSH connection of a host."""

import asyncio
import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.resource import Unknown
from reconciler.model.target import Host, HostSocket, TlsSocket, UnixSocket
from reconciler.ports.errors import Denied
from tests.apis.engine_world import free_port, one_app, page, version
from tests.lab import own_engine, registry
from tests.lab.engine_proxy import Asked, in_front_of
from tests.lab.hosts import Lab, LabHost
from tests.lab.own_engine import OwnEngine
from tests.providers.tls import Authority

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
DOCUMENTED = re.findall(r"^(GET|POST|DELETE) (/\S+)$", (ROOT / "docs" / "targets.md").read_text(), re.MULTILINE)
GATEWAY = "172.31.77.1"

_RELAY = """
import asyncio, os, sys
async def pump(r, w):
    try:
        while data := await r.read(65536):
            w.write(data); await w.drain()
    finally:
        w.close()
async def serve(r, w):
    there, onward = await asyncio.open_connection(sys.argv[1], int(sys.argv[2]))
    await asyncio.gather(pump(r, onward), pump(there, w), return_exceptions=True)
async def main():
    server = await asyncio.start_unix_server(serve, "/run/docker.sock")
    os.chmod("/run/docker.sock", int(sys.argv[3], 8))
    await server.serve_forever()
asyncio.run(main())
"""


def documented(asked: Asked) -> bool:
    """The rule of docs/targets.md: just these requests."""
    found = (
        method == asked.method and re.fullmatch(re.sub(r"\{[a-z]+\}", ".+", path), asked.path)
        for method, path in DOCUMENTED
    )
    return any(found)


async def test_a_socket_that_allows_what_the_page_lists_is_enough_for_everything(engine: OwnEngine) -> None:
    assert len(DOCUMENTED) > 15
    with registry.running() as there:
        reference = there.push("shop", {"/www/index.html": b"pulled"}, ["httpd", "-f", "-h", "/www"])
        async with in_front_of(engine.socket, engine.folder) as proxy:
            proxy.rule = documented
            async with one_app(engine, UnixSocket(path=str(proxy.socket))) as app:
                port = free_port()
                wanted = [
                    app.of("network", name="backend"),
                    app.of("volume", name="data", removable=True),
                    app.of("image", reference=reference, credentials="registry/shop"),
                    version(app, reference, port, volumes=["data:/data"]),
                ]
                await app.bring(*wanted)
                assert page(port) == b"pulled"
                assert (await app.health(wanted[-1])).healthy
                changed = version(app, reference, port, volumes=["data:/data"], memory="64MiB")
                await app.bring(changed)
                engine.docker("pause", "shop")
                await app.bring(changed)
                await app.bring(version(app, "app:2", port))
                await app.take_away(*wanted)
            assert proxy.refused == []
            assert {each.method for each in proxy.asked} == {"GET", "POST", "DELETE"}


async def test_what_the_socket_does_not_allow_is_told_with_the_request(engine: OwnEngine) -> None:
    async with in_front_of(engine.socket, engine.folder) as proxy:
        proxy.rule = lambda asked: not asked.changes
        async with one_app(engine, UnixSocket(path=str(proxy.socket))) as app:
            with pytest.raises(Denied, match="cannot make the volume data on engine-1: POST /volumes/create is not"):
                await app.bring(app.of("volume", name="data"))
            proxy.rule = lambda asked: asked.path == "/version"
            (seen,) = await app.seen(app.of("volume", name="data"))
            assert isinstance(seen, Unknown)
            assert "does not let us ask for /volumes/data" in seen.reason


async def test_tls_shows_who_both_are(tmp_path: Path) -> None:
    authority, stranger, port = Authority.make(), Authority.make(), free_port()
    certificate, key = authority.issue("127.0.0.1")
    for name, data in (("ca", authority.pem.encode()), ("cert", certificate), ("key", key)):
        (tmp_path / f"{name}.pem").write_bytes(data)
    files = [f"--tls{name}={tmp_path}/{name}.pem" for name in ("key", "cert")] + [f"--tlscacert={tmp_path}/ca.pem"]
    with own_engine.running(tmp_path, ["--tlsverify", *files, "--host", f"tcp://127.0.0.1:{port}"]) as engine:
        ours, private = authority.issue("controller")
        good = TlsSocket(host="127.0.0.1", port=port, ca=authority.pem, certificate=ours.decode(), key="tls")
        async with one_app(engine, good, tls=private.decode()) as app:
            await app.bring(app.of("volume", name="data"))
            assert asked_whether_there(port) == {"keepalive"}
        theirs, other = stranger.issue("controller")
        for endpoint, secret, words in (
            (
                TlsSocket(host="127.0.0.1", port=port, ca=stranger.pem, certificate=ours.decode(), key="tls"),
                private,
                "is not the engine we know",
            ),
            (
                TlsSocket(host="127.0.0.1", port=port, ca=authority.pem, certificate=theirs.decode(), key="tls"),
                other,
                "does it accept our certificate",
            ),
            (good, other, "the key that of the certificate"),
        ):
            async with one_app(engine, endpoint, tls=secret.decode()) as app:
                (seen,) = await app.seen(app.of("volume", name="data"))
                assert isinstance(seen, Unknown)
                assert words in seen.reason


async def test_an_engine_behind_a_host_is_asked_through_its_ssh_connection(engine: OwnEngine, lab: Lab) -> None:
    host = lab.host("web-1")
    async with relayed(engine, host, "0666"):
        async with one_app(engine, behind(host), host.client_key) as app:
            network = app.of("network", name="backend")
            await app.bring(network, version(app, "app:1"))
            await app.bring(version(app, "app:2"))
            hearing = asyncio.create_task(anext(app.targets.changes(app.target, [network], timedelta(seconds=1))))
            await app.take_away(version(app, "app:2"), network)
            await asyncio.wait_for(hearing, 20)
        host.sh("chmod 0600 /run/docker.sock")
        async with one_app(engine, behind(host), host.client_key) as app:
            (seen,) = await app.seen(app.of("volume", name="data"))
            assert isinstance(seen, Unknown)
            assert "deploy on web-1 cannot use /run/docker.sock" in seen.reason


def behind(host: LabHost) -> HostSocket:
    """Return the way to the socket on the host."""
    there = Host(
        name=host.name, environment="testing", address=host.address, user="deploy", host_key=host.host_key, labels={}
    )
    return HostSocket(host=there, path="/run/docker.sock")


@asynccontextmanager
async def relayed(engine: OwnEngine, host: LabHost, mode: str) -> AsyncIterator[None]:
    """Have the engine's socket on the host as /run/docker.sock, for the time of the block."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_unix_connection(engine.socket)
        await asyncio.gather(pump(reader, onward), pump(there, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, GATEWAY, 0)
    port = server.sockets[0].getsockname()[1]
    host.write("/root/relay.py", _RELAY.encode())
    words = shlex.join(["systemd-run", "--quiet", "python3", "/root/relay.py", GATEWAY, str(port), mode])
    host.sh(f"{words} && until [ -S /run/docker.sock ]; do sleep 0.05; done; sleep 0.2")
    async with server:
        yield
        host.sh("systemctl stop 'run-*.service'")


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def asked_whether_there(port: int) -> set[str]:
    """What the system does by itself about connections of this machine to the port that are open and still."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    timers = {"02": "keepalive"}
    open_to = [line for line in lines if line[2].endswith(f":{port:04X}") and line[3] == "01"]
    return {timers.get(line[5].partition(":")[0], "nothing") for line in open_to}
