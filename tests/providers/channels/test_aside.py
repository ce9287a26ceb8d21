"""A channel that hangs keeps nobody waiting but those who are told through it."""

import asyncio
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.model.channel import Email, MailSecurity
from reconciler.ports.errors import Lost
from reconciler.providers.channels import mail
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.channels.aside import aside
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from tests.providers.channels.notices import outgoing
from tests.providers.secret_values import SecretValues
from tests.providers.tls import Authority, serving

MANY = 40
"""More than a loop has threads of its own."""


async def test_a_mail_server_that_never_answers_takes_no_thread_that_others_need() -> None:
    there, over = asyncio.Semaphore(0), asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.release()
        await over.wait()
        writer.close()
        await writer.wait_closed()

    http = Http()
    async with await asyncio.start_server(silent, "127.0.0.1", 0, backlog=MANY) as server:
        port = server.sockets[0].getsockname()[1]
        via = Email(server="127.0.0.1", sender="a@b.c", to=("d@e.f",), port=port, security=MailSecurity.NONE)
        channels = AllChannels(http, SecretValues({}), SystemClock())
        hanging = [asyncio.create_task(channels.deliver(outgoing(via))) for _ in range(MANY)]
        for _ in range(MANY):
            await there.acquire()
        # All of them are connected and wait; the loop's own threads are free.
        assert await asyncio.to_thread(lambda: "free") == "free"
        assert not any(each.done() for each in hanging)
        over.set()
        ended = await asyncio.gather(*hanging, return_exceptions=True)
    await http.close()
    assert {type(each) for each in ended} == {Lost}


@pytest.mark.parametrize("security", [MailSecurity.NONE, MailSecurity.TLS])
@pytest.mark.parametrize("said", [b"220-a word\r\n220-and an", b"220 ready\r\n250-a wo"])
async def test_a_mail_server_that_says_a_word_now_and_then_is_left_when_nobody_waits_any_more(
    security: MailSecurity, said: bytes, tmp_path: Path
) -> None:
    talking, left = asyncio.Event(), asyncio.Event()

    async def trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        if said.startswith(b"220 "):
            await reader.readline()
        talking.set()
        with suppress(OSError):
            while await reader.read(1024):
                pass
        left.set()
        writer.transport.abort()

    authority = Authority.make()
    shown = serving(tmp_path, *authority.issue("127.0.0.1")) if security is MailSecurity.TLS else None
    http = Http()
    async with await asyncio.start_server(trickling, "127.0.0.1", 0, ssl=shown) as server:
        port = server.sockets[0].getsockname()[1]
        via = Email(server="127.0.0.1", sender="a@b.c", to=("d@e.f",), port=port, security=security, ca=authority.pem)
        waiting = asyncio.create_task(AllChannels(http, SecretValues({}), SystemClock()).deliver(outgoing(via)))
        await talking.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        # The limit for each answer is longer than this.
        async with asyncio.timeout(mail.LIMIT.total_seconds() / 2):
            await left.wait()
    await http.close()


async def test_what_is_to_be_cut_is_cut_until_it_has_ended() -> None:
    tried, go, begun = list[int](), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go.wait()

    def cut() -> None:
        tried.append(1)
        if len(tried) < 2:
            raise OSError("there is nothing to be cut yet")
        go.set()

    waiting = asyncio.create_task(aside(work, cut))
    await asyncio.wait((waiting,), timeout=0)
    assert await asyncio.to_thread(begun.wait, 10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.to_thread(go.wait, 10)
    assert len(tried) == 2


async def test_what_is_raised_is_raised_where_it_is_waited_for() -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(lambda: 1 // 0)


async def test_who_stops_waiting_stops_at_once() -> None:
    go = threading.Event()
    waiting = asyncio.create_task(aside(go.wait))
    await asyncio.wait((waiting,), timeout=0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    go.set()
