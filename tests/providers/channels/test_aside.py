"""A channel that hangs keeps nobody waiting but those who are told through it."""

import asyncio
import threading

import pytest

from reconciler.model.channel import Email, MailSecurity
from reconciler.ports.errors import Lost
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.channels.aside import aside
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from tests.providers.channels.notices import outgoing
from tests.providers.secret_values import SecretValues

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
