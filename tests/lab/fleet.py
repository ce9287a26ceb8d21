"""A small fleet on loopback: one SSH server, one folder and a real /bin/sh a host. Neither root nor Docker.

    python -m tests.lab.fleet --dir DIR --hosts web-1,web-2 [--port-base 2200]

prints the hosts as one line of JSON and serves until SIGTERM or SIGINT.
"""

import argparse
import asyncio
import getpass
import json
import os
import signal
import subprocess
import sys
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh

from reconciler.model.target import Host

ADDRESS = "127.0.0.1"


@dataclass
class _Server:
    """One host: where it lives, its key, and, while it is up, its listener and connections."""

    name: str
    root: Path
    key: asyncssh.SSHKey
    port: int
    listener: asyncssh.SSHAcceptor | None = None
    connections: set[asyncssh.SSHServerConnection] = field(default_factory=set)
    sessions: int = 0
    logins: int = 0
    forwards: bool = True


class Fleet:
    """Hosts by name. Every host's folder is $HOME and working directory of its shell; its ``bin`` is first in PATH."""

    def __init__(self, folder: Path, names: Sequence[str], port_base: int = 0) -> None:
        self._folder = folder
        self.client_key = folder / "client_key"
        self.user = getpass.getuser()
        folder.mkdir(parents=True, exist_ok=True)
        self._client = _key(self.client_key)
        self._servers = {}
        for index, name in enumerate(names):
            root = folder / "hosts" / name
            (root / "bin").mkdir(parents=True, exist_ok=True)
            port = port_base + index if port_base else 0
            self._servers[name] = _Server(name, root, _key(folder / f"{name}.host_key"), port)
        self._children: set[asyncio.subprocess.Process] = set()

    async def start(self) -> "Fleet":
        """Bring all hosts up; from then on their ports are known."""
        for name in self._servers:
            await self.restore(name)
        return self

    async def stop(self) -> None:
        """Take all hosts down and end what their shells still run."""
        for name in self._servers:
            await self.cut(name)
        for child in list(self._children):
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.wait()

    async def cut(self, name: str) -> None:
        """Take a host off the network: open connections break, new ones are refused. Running scripts go on."""
        server = self._servers[name]
        if server.listener is not None:
            server.listener.close()
            await server.listener.wait_closed()
            server.listener = None
        for connection in list(server.connections):
            connection.abort()
        server.connections.clear()

    async def restore(self, name: str) -> None:
        """Bring a host (back) up, on the port it had."""
        server = self._servers[name]
        if server.listener is not None:
            return
        server.listener = await asyncssh.listen(
            ADDRESS,
            server.port,
            server_host_keys=[server.key],
            server_factory=lambda: _Login(server, self.user, self._client),
            process_factory=lambda process: self._shell(server, process),
            encoding=None,
            allow_scp=False,
            x11_forwarding=False,
            agent_forwarding=False,
            reuse_address=True,
        )
        server.port = server.listener.get_port()

    def forbid_forwarding(self, name: str) -> None:
        """From now on the host opens no ports for anybody."""
        self._servers[name].forwards = False

    def root(self, name: str) -> Path:
        """Return the host's folder."""
        return self._servers[name].root

    def sessions(self, name: str) -> int:
        """Return how many scripts were run on the host so far."""
        return self._servers[name].sessions

    def logins(self, name: str) -> int:
        """Return how many connections the host has accepted so far."""
        return self._servers[name].logins

    def host(self, name: str, environment: str = "testing") -> Host:
        """Return the host as the program knows it."""
        server = self._servers[name]
        return Host(
            name=name,
            environment=environment,
            address=ADDRESS,
            port=server.port,
            user=self.user,
            host_key=server.key.export_public_key().decode().strip(),
            labels={},
        )

    async def _shell(self, server: _Server, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        server.sessions += 1
        environment = {
            "HOME": str(server.root),
            "USER": self.user,
            "LOGNAME": self.user,
            "SHELL": "/bin/sh",
            "PATH": f"{server.root / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "XDG_STATE_HOME": str(server.root / ".local/state"),
        }
        child = await asyncio.create_subprocess_exec(
            "/bin/sh",
            *(("-c", process.command) if process.command else ()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=server.root,
            env=environment,
            start_new_session=True,
        )
        self._children.add(child)
        carrying = [asyncio.create_task(work) for work in _carry(process, child)]
        try:
            await asyncio.gather(*carrying[1:])
            process.exit(_status(await child.wait()))
            await process.wait_closed()
        except (asyncssh.Error, OSError):
            # The network went away: the script goes on without its pipes, as it would on a real host.
            for pipe in (child.stdout, child.stderr):
                pipe._transport.close()
            await child.wait()
        finally:
            carrying[0].cancel()
            self._children.discard(child)


def _status(code: int) -> int:
    return code if code >= 0 else 128 - code


class _Login(asyncssh.SSHServer):
    """Lets the one client key in."""

    def __init__(self, server: _Server, user: str, client: asyncssh.SSHKey) -> None:
        self._server = server
        self._user = user
        self._client = client
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._server.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def auth_completed(self) -> None:
        self._server.logins += 1

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._user and key.public_data == self._client.public_data

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        if not self._server.forwards:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "open failed")
        return True


def _carry(
    process: "asyncssh.SSHServerProcess[bytes]", child: asyncio.subprocess.Process
) -> list[Coroutine[None, None, None]]:
    return [
        _feed(process, child.stdin),
        _pour(child.stdout, process.stdout),
        _pour(child.stderr, process.stderr),
    ]


async def _feed(process: "asyncssh.SSHServerProcess[bytes]", stdin: asyncio.StreamWriter) -> None:
    """Carry what the client sends to the shell; what an ended shell did not read is thrown away."""
    try:
        with suppress(asyncssh.Error, OSError):
            while part := await process.stdin.read(65536):
                stdin.write(part)
                await stdin.drain()
    finally:
        stdin.close()


async def _pour(source: asyncio.StreamReader, into: "asyncssh.SSHWriter[bytes]") -> None:
    while part := await source.read(65536):
        into.write(part)
        await into.drain()


def _key(path: Path) -> asyncssh.SSHKey:
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519")
        path.touch(mode=0o600)
        path.write_bytes(key.export_private_key())
        path.with_name(path.name + ".pub").write_bytes(key.export_public_key())
    return asyncssh.read_private_key(path)


async def _serve(folder: Path, names: Sequence[str], port_base: int) -> None:
    fleet = await Fleet(folder, names, port_base).start()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    hosts = [fleet.host(name) for name in names]
    shown = [
        {
            "name": host.name,
            "address": host.address,
            "port": host.port,
            "user": host.user,
            "hostKey": host.host_key,
            "root": str(fleet.root(host.name)),
        }
        for host in hosts
    ]
    sys.stdout.write(json.dumps({"identity": str(fleet.client_key), "hosts": shown}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    await fleet.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.fleet")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--hosts", required=True, help="names, separated by commas")
    parser.add_argument("--port-base", type=int, default=0, help="first port; free ones when not given")
    given = parser.parse_args()
    asyncio.run(_serve(given.dir.resolve(), given.hosts.split(","), given.port_base))


if __name__ == "__main__":
    main()
