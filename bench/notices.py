"""How long it takes from the journal to somebody's webhook: ``python -m bench.notices [--events 500] [--pause 20]``.

Events of a hundred units are written one after the other, ``pause`` milliseconds apart; each is told through a signed
webhook on loopback by what the daemon tells with. The time is from the call that writes it to the request.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from reconciler.daemon.deliveries import Deliveries
from reconciler.daemon.intake import Intake
from reconciler.daemon.news import News
from reconciler.daemon.notice_facts import NoticeFacts
from reconciler.daemon.notices import Notices
from reconciler.model.channel import Channel, Webhook
from reconciler.model.event import Paused
from reconciler.model.identity import UnitId
from reconciler.model.notification import NotificationPolicy, Notifications
from reconciler.model.unit import Desired
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.clock import SystemClock
from reconciler.providers.http import Http
from reconciler.store.journal import SqliteStore


class Known:
    """One secret, one commit, one author."""

    def __init__(self, notifications: Notifications) -> None:
        self.newest = Intake(desired=Desired(commit="c", targets={}, units={}, notifications=notifications))

    def value(self, reference: str) -> str:
        return "the key of the hook"

    async def authors(self, commit: str, since: str) -> frozenset[str]:
        return frozenset()


class Told:
    """When each was told first, and whether all have been."""

    def __init__(self, events: int) -> None:
        self.at: dict[str, float] = {}
        self.all = asyncio.Event()
        self._events = events

    def hear(self, reason: str, at: float) -> None:
        self.at.setdefault(reason, at)
        if len(self.at) == self._events:
            self.all.set()


async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, told: Told) -> None:
    loop = asyncio.get_running_loop()
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = next(int(line.split(":")[1]) for line in head.splitlines() if line.startswith("content-length:"))
            body = (await reader.readexactly(length)).decode()
            told.hear(body.split('"reason":"')[1].split('"')[0], loop.time())
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
    writer.close()


async def measured(events: int, pause: timedelta) -> Mapping[str, float]:
    told = Told(events)
    written: dict[str, float] = {}
    server = await asyncio.start_server(lambda reader, writer: receive(reader, writer, told), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    channel = Channel(name="hook", via=Webhook(url=url, secret="hook/secret"))
    known = Known(Notifications(channels={"hook": channel}, policies=(NotificationPolicy(name="all", to=("hook",)),)))
    http, clock, news, loop = Http(), SystemClock(), News(), asyncio.get_running_loop()
    with tempfile.TemporaryDirectory() as folder:
        store = await SqliteStore.open(Path(folder) / "journal.db")
        deliveries = Deliveries(
            outbox=store.outbox, channels=AllChannels(http, known, clock), following=known, clock=clock, news=news
        )
        facts = NoticeFacts(store=store, authorship=known)
        notices = Notices(store=store, facts=facts, following=known, news=news.reader(), tell=deliveries.tell)
        await store.outbox.begin()
        tasks = [asyncio.create_task(notices.keep()), asyncio.create_task(deliveries.keep())]
        for number in range(events):
            written[f"{number}"] = loop.time()
            unit = UnitId(f"app{number % 100}", "production")
            await store.append([Paused(unit=unit, author="ann", reason=f"{number}")], clock.now())
            news.ring()
            await asyncio.sleep(pause.total_seconds())
        await told.all.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await http.close()
        await store.close()
    server.close()
    return {each: told.at[each] - at for each, at in written.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--pause", type=int, default=20, help="milliseconds")
    args = parser.parse_args()
    late = sorted(asyncio.run(measured(args.events, timedelta(milliseconds=args.pause))).values())
    for name, part in (("p50", 0.5), ("p99", 0.99), ("slowest", 1.0)):
        print(f"{name}: {late[min(len(late) - 1, int(len(late) * part))] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
