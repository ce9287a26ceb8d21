"""One long-lived shell on a host, which is asked again and again without a new session."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import asyncssh

from reconciler.model.target import Host
from reconciler.ports.errors import Broken, TimedOut, Unreachable
from reconciler.ports.shell import Question, Reply
from reconciler.providers import bootstrap, kept

Process: TypeAlias = "asyncssh.SSHClientProcess[bytes]"
Open: TypeAlias = Callable[[], Awaitable[Process]]
"""Opens a session with our constant command; raises WorldError."""

OUTPUT_LIMIT = 64 * 1024 * 1024
_NOISE_LIMIT = 64 * 1024
_PATIENCE = 1.0
_LOST = (asyncssh.Error, OSError, EOFError)


class KeptShell:
    """The kept shell of one host. It is started when it is first asked, and anew when it was lost.

    ``opening`` gives what makes a session run a script (``bootstrap.opening``). A shell that fails in any way, that
    takes too long or whose asker goes away in the middle, is given up: what it still says is for nobody.
    """

    def __init__(self, host: Host, opening: Callable[[str], bytes], session: Open) -> None:
        self._host = host
        self._opening = opening
        self._session = session
        self._lock = asyncio.Lock()
        self._process: Process | None = None
        self._slots = kept.Slots("")

    async def ask(self, question: Question) -> Reply | None:
        """Ask it; None when somebody else has asked it something that takes its time. Raise WorldError."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._lock.acquire()
        except TimeoutError:
            return None
        try:
            return await self._within_limit(question)
        except BaseException:
            self.forget()
            raise
        finally:
            self._lock.release()

    async def _within_limit(self, question: Question) -> Reply:
        seconds = question.limit.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._reply(question)
        except TimeoutError as error:
            raise TimedOut(f"a script on {self._host.name} did not end within {seconds:g} s") from error
        except _LOST as error:
            raise Unreachable(f"lost the connection to {self._host.name} while it was asked: {error}") from error

    def forget(self) -> None:
        """Give the shell up, whatever it does; the next question starts another."""
        process, self._process = self._process, None
        if process is not None:
            end(process)

    async def _reply(self, question: Question) -> Reply:
        if self._process is not None:
            try:
                return await self._exchange(self._process, question, b"")
            except _LOST:
                # It died unnoticed. That the question may have been asked already does no harm: it only looks.
                self.forget()
        opening = self._opening(kept.LOOP)
        self._process = await self._session()
        self._slots = kept.Slots(secrets.token_hex(8))
        return await self._exchange(self._process, question, opening)

    async def _exchange(self, process: Process, question: Question, opening: bytes) -> Reply:
        asking = self._slots.ask(question.text, question.known)
        process.stdin.write(opening + asking.sent)
        await process.stdin.drain()
        if opening:
            await self._ready(process)
        line = await process.stdout.readline()
        if not line:
            raise EOFError("its shell ended")
        head = kept.head(line)
        if head is None or head.number != asking.number:
            raise Broken(f"the shell on {self._host.name} said something that makes no sense: {line[:80]!r}")
        if head.length > OUTPUT_LIMIT:
            raise Broken(f"a script on {self._host.name} printed more than {OUTPUT_LIMIT >> 20} MiB")
        completed = head.completed(await process.stdout.readexactly(head.length))
        return Reply(question.known if completed is None else self._slots.mark(asking.number), completed)

    async def _ready(self, process: Process) -> None:
        """Read up to where our script starts; a login may print something before."""
        noise = 0
        while line := await process.stdout.readline():
            noise += len(line)
            if line == bootstrap.READY:
                return
            if noise > _NOISE_LIMIT:
                raise Broken(f"the login of {self._host.user} on {self._host.name} prints without end")
        errors = (await process.stderr.read(_NOISE_LIMIT)).decode(errors="replace")
        await process.wait_closed()
        if process.returncode is None:
            raise asyncssh.ConnectionLost("it was closed")
        raise bootstrap.not_started(self._host, process.returncode, errors)


def end(process: Process) -> None:
    """Leave nothing behind of a session."""
    if process.returncode is None and not process.is_closing():
        process.terminate()
    process.close()
