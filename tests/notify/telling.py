"""The parts that tell people, put together around a journal, with a clock that hurries and a receiver that is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.daemon.deliveries import Deliveries
from reconciler.daemon.intake import Intake
from reconciler.daemon.news import News
from reconciler.daemon.notice_facts import NoticeFacts
from reconciler.daemon.notices import Notices
from reconciler.model.notification import Notifications
from reconciler.model.unit import Desired
from reconciler.ports.channels import Channels, Delivered, Outgoing
from reconciler.store.journal import SqliteStore

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class HurryingClock:
    """A clock by which a thousand seconds pass in each."""

    def __init__(self, times: float = 1000) -> None:
        self._times, self._began = times, asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return START + timedelta(seconds=(asyncio.get_running_loop().time() - self._began) * self._times)

    def catch_up(self) -> timedelta:
        return timedelta(0)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds() / self._times)

    def new_id(self) -> str:
        return "id"

    def jitter(self, duration: timedelta) -> timedelta:
        return duration


@dataclass
class Following:
    """A branch whose newest commit says who is told what."""

    newest: Intake
    targets: dict[str, object] = field(default_factory=dict)

    async def begin(self) -> None: ...

    async def refresh(self) -> None: ...

    async def at(self, commit: object) -> Desired:
        raise NotImplementedError

    async def newly(self, head: object) -> Desired:
        raise NotImplementedError


def saying(notifications: Notifications, **more: object) -> Following:
    desired = Desired(commit="c1", targets={}, units={}, notifications=notifications, **more)  # type: ignore[arg-type]
    return Following(Intake(desired=desired))


class NobodyKnows:
    async def authors(self, commit: str, since: str) -> frozenset[str]:
        return frozenset({"ann@example.com"})


@dataclass
class Receiver:
    """All channels: keeps what it is told. ``answers`` says what becomes of a message: it may raise."""

    answers: Callable[[Outgoing], Delivered] = lambda message: Delivered(thread=f"ref:{message.notice.thread}")
    got: list[Outgoing] = field(default_factory=list)
    tried: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, message: Outgoing) -> Delivered:
        self.tried += 1
        self.more.set()
        await asyncio.sleep(0)
        delivered = self.answers(message)
        self.got.append(message)
        self.more.set()
        return delivered

    async def until(self, enough: Callable[[], bool], within: float = 60) -> None:
        """Return when it has been told enough; ``within`` are seconds."""
        async with asyncio.timeout(within):
            while not enough():
                self.more.clear()
                await self.more.wait()

    def said(self) -> list[tuple[str, str]]:
        """Each message: to which channel, and its title."""
        return [(each.channel.name, each.notice.title) for each in self.got]


@dataclass
class Telling:
    """What runs: a journal to write to, and all that tells of it."""

    store: SqliteStore
    news: News
    clock: HurryingClock
    deliveries: Deliveries

    async def append(self, *events: object, at: datetime | None = None) -> None:
        await self.store.append(events, at or self.clock.now())  # type: ignore[arg-type]
        self.news.ring()


@asynccontextmanager
async def telling(
    path: Path, following: Following, receiver: Channels, clock: HurryingClock | None = None
) -> AsyncIterator[Telling]:
    """Have people told for the time of the block; what was left there before is gone on with."""
    store, news = await SqliteStore.open(path), News()
    clock = clock or HurryingClock()
    deliveries = Deliveries(
        outbox=store.outbox,
        channels=receiver,
        following=following,
        clock=clock,
        news=news,  # type: ignore[arg-type]
    )
    notices = Notices(
        store=store,
        facts=NoticeFacts(store=store, authorship=NobodyKnows()),
        following=following,  # type: ignore[arg-type]
        news=news.reader(),
        tell=deliveries.tell,
    )
    await store.outbox.begin()
    tasks = [asyncio.create_task(notices.keep()), asyncio.create_task(deliveries.keep())]
    try:
        yield Telling(store, news, clock, deliveries)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await store.close()
        assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended
