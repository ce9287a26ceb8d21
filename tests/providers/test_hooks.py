"""Hooks are asked over real HTTP and on a real shell; what they say is an answer or an error by what to do about it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from reconciler.model.step import CommandHook, HttpHook
from reconciler.ports.errors import Denied, Refused, TimedOut, Unreachable
from reconciler.ports.outputs import SILENT
from reconciler.ports.shell import Completed, Script
from reconciler.providers.hooks import HookCalls
from reconciler.providers.http import Http
from tests import factory
from tests.providers.secret_values import SecretValues

PAYLOAD = {"unit": "shop", "version": "1.4.2; rm -rf /", "step": 3}


@dataclass(slots=True)
class Asked:
    """A server that answers one way, and what it was sent."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nyes"
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self.heard.append(head + await reader.readexactly(length))
        writer.write(self.answer)
        if not self.answer:
            await reader.read()
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def listening(answer: bytes | None = None) -> AsyncIterator[Asked]:
    asked = Asked() if answer is None else Asked(answer)
    server = await asyncio.start_server(asked.serve, "127.0.0.1")
    async with server:
        asked.port = server.sockets[0].getsockname()[1]
        yield asked


class LocalShell:
    """Runs scripts here, as the shell of a host would."""

    async def run(self, host: object, script: Script) -> Completed:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec("sh", "-c", script.text, stdin=pipe, stdout=pipe, stderr=pipe)
        output, errors = await process.communicate(b"what comes after the script\n")
        return Completed(process.returncode or 0, output, errors.decode())


@pytest.fixture
async def hooks() -> AsyncIterator[HookCalls]:
    http = Http()
    yield HookCalls(http, LocalShell(), SecretValues({"ops/hook": "s3cret"}))  # type: ignore[arg-type]
    await http.close()


async def test_a_post_tells_what_goes_on_with_a_key_and_a_token(hooks: HookCalls) -> None:
    async with listening() as asked:
        hook = HttpHook(url=f"http://127.0.0.1:{asked.port}/ask", token="ops/hook")
        assert await hooks.call(hook, PAYLOAD, "r1-plan-3", None, SILENT) == "HTTP 200: yes"
    head, _, body = asked.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /ask HTTP/1.1")
    assert b"idempotency-key: r1-plan-3" in head.lower()
    assert b"Authorization: Bearer s3cret" in head
    assert json.loads(body) == PAYLOAD


async def test_another_status_is_a_no(hooks: HookCalls) -> None:
    async with listening(b"HTTP/1.1 409 Conflict\r\nConnection: close\r\n\r\n" + b"not on a\nFriday " * 50) as asked:
        with pytest.raises(Refused, match=r"^HTTP 409: not on a Friday .*…$"):
            await hooks.call(HttpHook(url=f"http://127.0.0.1:{asked.port}/"), PAYLOAD, "k", None, SILENT)


async def test_no_answer_is_no_answer(hooks: HookCalls) -> None:
    async with listening(b"") as asked:
        url = f"http://127.0.0.1:{asked.port}/"
        with pytest.raises(TimedOut):
            await hooks.call(HttpHook(url=url, timeout=timedelta(milliseconds=200)), PAYLOAD, "k", None, SILENT)
    with pytest.raises(Unreachable):
        await hooks.call(HttpHook(url=url), PAYLOAD, "k", None, SILENT)


async def test_a_token_that_is_missing_is_for_a_person(hooks: HookCalls) -> None:
    with pytest.raises(Denied, match="the token of the hook cannot be read"):
        await hooks.call(HttpHook(url="http://127.0.0.1:1/", token="nobody/knows"), PAYLOAD, "k", None, SILENT)


async def test_a_command_sees_what_goes_on_and_nothing_of_it_is_run(hooks: HookCalls) -> None:
    hook = CommandHook(command=("sh", "-c", 'echo "$RECONCILER_UNIT $RECONCILER_VERSION $RECONCILER_KEY"'))
    said = await hooks.call(hook, PAYLOAD, "k 1", factory.host("web-1"), SILENT)
    assert said == "status 0 on web-1: shop 1.4.2; rm -rf / k 1"


async def test_a_command_that_fails_is_a_no(hooks: HookCalls) -> None:
    hook = CommandHook(command=("sh", "-c", "echo not today >&2; exit 3"))
    with pytest.raises(Refused, match=r"^status 3 on web-1: not today$"):
        await hooks.call(hook, PAYLOAD, "k", factory.host("web-1"), SILENT)
    with pytest.raises(Refused, match="has no host to run on"):
        await hooks.call(hook, PAYLOAD, "k", None, SILENT)


async def test_a_command_that_reads_finds_nothing_to_read(hooks: HookCalls) -> None:
    assert (
        await hooks.call(CommandHook(command=("cat",)), PAYLOAD, "k", factory.host("web-1"), SILENT)
        == "status 0 on web-1"
    )
