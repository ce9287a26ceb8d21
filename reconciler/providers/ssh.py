"""Scripts on hosts over SSH: one kept connection a host, a time limit on everything."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import asyncssh

from reconciler.model.target import Host
from reconciler.ports.errors import Broken, Denied, Lost, TimedOut, Unreachable
from reconciler.ports.secrets import Secrets
from reconciler.ports.shell import Completed, Payload, Question, Reply, Script
from reconciler.providers import bootstrap, ssh_tunnel
from reconciler.providers.secret_use import used
from reconciler.providers.ssh_kept import OUTPUT_LIMIT, KeptShell, Process, end
from reconciler.providers.ssh_line import Jump, Line
from reconciler.providers.ssh_options import SshOptions, common_options

_ERRORS_KEPT = 64 * 1024
_CHUNK = 128 * 1024


class SshShell:
    """``ports.shell.Shell`` with asyncssh. ``hosts`` gives the hosts that jump hosts are looked up in."""

    def __init__(self, options: SshOptions, hosts: Callable[[], Mapping[str, Host]], secrets: Secrets) -> None:
        self._settings = options
        self._hosts = hosts
        self._secrets = secrets
        self._handshakes = asyncio.Semaphore(options.max_handshakes)
        self._common: asyncssh.SSHClientConnectionOptions | None = None
        self._lines: dict[str, Line] = {}
        self._kept: dict[str, KeptShell] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self, host: Host, script: Script) -> Completed:
        """Run the script with the rights ``host.become`` asks for; raise WorldError when it could not be run.

        A connection that died unnoticed is opened anew, once, and only while the script had not been started.
        """
        return await self._run(self._line(host), script)

    async def run_anew(self, host: Host, script: Script) -> Completed:
        """Run the script over a connection that is made for it alone; no kept one answers for the host."""
        line = self._new_line(host)
        try:
            return await self._run(line, script)
        finally:
            await line.close()

    async def _run(self, line: Line, script: Script) -> Completed:
        host = line.host
        start = bootstrap.opening(script.text, await self._password_of(host))
        seconds = script.limit.total_seconds()
        async with line.sessions:
            connection, process = await self._session(line)
            talk = _Talk(host, process, script.sift)
            try:
                async with asyncio.timeout(seconds):
                    return await talk.hold(start, script.payloads)
            except TimeoutError as error:
                raise TimedOut(f"a script on {host.name} did not end within {seconds:g} s") from error
            except (asyncssh.Error, OSError) as error:
                line.drop(connection)
                raise Lost(
                    f"lost the connection to {host.name} while a script ran; how it ended is not known: {error}"
                ) from error
            finally:
                talk.end()

    async def ask(self, host: Host, question: Question) -> Reply:
        """Ask the host's kept shell, or another one if that stays busy; raise WorldError when it could not be asked."""
        self._line(host)
        reply = await self._kept[host.name].ask(question)
        if reply is not None:
            return reply
        done = await self.run(host, Script(text=f"exec </dev/null\n{question.text}", limit=question.limit))
        errors = done.errors.rstrip("\n") if done.status else ""
        return Reply("", Completed(done.status, done.output.rstrip(b"\n"), errors))

    async def follow(self, host: Host, text: str) -> AsyncGenerator[bytes, None]:
        """Run a script that looks, without end, and yield its lines as they come; raise WorldError when it ends."""
        line = self._line(host)
        start = bootstrap.opening(text, await self._password_of(host))
        connection, process = await self._session(line)
        try:
            process.stdin.write(start)
            while said := await process.stdout.readline():
                if said != bootstrap.READY:
                    yield said
        except (asyncssh.Error, OSError) as error:
            line.drop(connection)
            raise Unreachable(f"lost the connection to {host.name}: {error}") from error
        finally:
            end(process)
        raise Unreachable(f"what {host.name} was to say ended")

    async def reach(self, host: Host) -> None:
        """Have the connection open; raise WorldError."""
        await self._line(host).connection()

    @asynccontextmanager
    async def through(self, host: Host, port: int) -> AsyncIterator[socket.socket]:
        """Have a socket to ``localhost:port`` as the host sees it; ``providers.dial.Tunnel`` says what is raised."""
        async with ssh_tunnel.through(await self._line(host).connection(), host, port) as there:
            yield there

    @asynccontextmanager
    async def to_socket(self, host: Host, path: str) -> AsyncIterator[socket.socket]:
        """Have a socket to what listens at the path there; ``docker.doors.SocketTunnel`` says what is raised."""
        async with ssh_tunnel.to_socket(await self._line(host).connection(), host, path) as there:
            yield there

    async def close(self) -> None:
        """Close all connections."""
        lines, self._lines = list(self._lines.values()), {}
        self._kept.clear()
        await asyncio.gather(*(line.close() for line in lines), *self._closing)

    async def _password_of(self, host: Host) -> str | None:
        return await asyncio.to_thread(self._password, host) if host.become_password else None

    def _password(self, host: Host) -> str | None:
        if host.become_password is None:
            return None
        return used(self._secrets, host.become_password, f"cannot become root on {host.name}", Denied)

    def _line(self, host: Host) -> Line:
        line = self._lines.get(host.name)
        if line is not None and line.host == host:
            return line
        if line is not None:
            closing = asyncio.create_task(line.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        line = self._new_line(host)
        self._lines[host.name] = line
        self._kept[host.name] = self._new_kept(line)
        return line

    def _new_line(self, host: Host) -> Line:
        if self._common is None:
            self._common = common_options(self._settings)
        return Line(host, self._common, self._handshakes, self._jump(host) if host.jump else None)

    def _new_kept(self, line: Line) -> KeptShell:
        async def session() -> Process:
            _, process = await self._session(line)
            return process

        return KeptShell(line.host, lambda text: bootstrap.opening(text, self._password(line.host)), session)

    def _jump(self, host: Host) -> Jump:
        async def connect() -> asyncssh.SSHClientConnection:
            seen, at = [host.name], host.jump
            while at is not None:
                if at in seen:
                    raise Broken(f"the jump hosts of {host.name} go in a circle: {' -> '.join([*seen, at])}")
                through = self._hosts().get(at)
                if through is None:
                    raise Unreachable(f"cannot connect to {seen[-1]}: its jump host {at} is not a Host we know")
                seen.append(at)
                at = through.jump
            return await self._line(self._hosts()[seen[1]]).connection()

        return connect

    async def _session(self, line: Line) -> tuple[asyncssh.SSHClientConnection, Process]:
        """Open a session; nothing of a script has been sent when this fails, so a second try is safe."""
        again = True
        while True:
            connection = await line.connection()
            try:
                async with asyncio.timeout(self._settings.connect_timeout.total_seconds()):
                    command = bootstrap.command(line.host)
                    return connection, await connection.create_process(command, encoding=None)
            except (asyncssh.Error, OSError) as error:
                line.drop(connection)
                if not again:
                    reason = "no answer in time" if isinstance(error, TimeoutError) else error
                    raise Unreachable(f"{line.host.name} opens no session: {reason}") from error
                again = False


class _Talk:
    """One script's exchange over its session: everything sent and everything read at the same time."""

    def __init__(self, host: Host, process: Process, sift: Callable[[bytes], bytes]) -> None:
        self._host = host
        self._process = process
        self._sift = sift
        self._feeding: asyncio.Task[None] | None = None

    async def hold(self, start: bytes, payloads: Sequence[Payload]) -> Completed:
        self._feeding = asyncio.create_task(self._feed(start, payloads))
        output, errors = await asyncio.gather(self._output(), self._errors())
        await self._process.wait_closed()
        status = self._process.returncode
        if status is None:
            raise asyncssh.ConnectionLost("it was closed")
        printed = bootstrap.split_ready(output)
        if self._feeding.done():
            self._feeding.result()
        if printed is None:
            raise bootstrap.not_started(self._host, status, errors)
        return Completed(status, printed, errors)

    def end(self) -> None:
        """Leave nothing behind, however the exchange ended."""
        if self._feeding is not None and not self._feeding.cancel() and not self._feeding.cancelled():
            self._feeding.exception()
        end(self._process)

    async def _feed(self, start: bytes, payloads: Sequence[Payload]) -> None:
        stdin = self._process.stdin
        try:
            stdin.write(start)
            await stdin.drain()
            for payload in payloads:
                async for chunk in _chunks(payload):
                    stdin.write(chunk)
                    await stdin.drain()
            stdin.write_eof()
        except (asyncssh.Error, ConnectionError):
            # The script may end without reading all that is for it; how it ended is told by its status, not by us.
            return

    async def _output(self) -> bytes:
        parts, size = [], 0
        while part := await self._process.stdout.read(_CHUNK):
            kept = self._sift(part)
            parts.append(kept)
            size += len(kept)
            if size > OUTPUT_LIMIT:
                raise Broken(f"a script on {self._host.name} printed more than {OUTPUT_LIMIT >> 20} MiB")
        return b"".join(parts)

    async def _errors(self) -> str:
        kept = b""
        while part := await self._process.stderr.read(_CHUNK):
            kept = (kept + part)[-_ERRORS_KEPT:]
        return kept.decode(errors="replace")


async def _chunks(payload: Payload) -> AsyncIterator[bytes]:
    if isinstance(payload, bytes):
        for start in range(0, len(payload), _CHUNK):
            yield payload[start : start + _CHUNK]
        return
    try:
        with payload.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
    except OSError as error:
        raise Broken(f"cannot read {payload} on this machine: {error.strerror}") from error
