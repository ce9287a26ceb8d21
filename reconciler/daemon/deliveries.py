"""Delivers what waits in the outbox: each channel by itself, so that a dead one keeps nobody waiting but its own."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta

from reconciler.daemon.channel_queue import ChannelQueue
from reconciler.daemon.logs import log
from reconciler.daemon.news import News
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import Following
from reconciler.ports.channels import Channels
from reconciler.ports.clock import Clock
from reconciler.ports.journal import JournalUnavailable
from reconciler.store.outbox import Outbox

TRY_AGAIN = timedelta(seconds=5)
LOOK_AGAIN = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class Deliveries:
    """A queue for each channel that something waits for."""

    outbox: Outbox
    channels: Channels
    following: Following
    clock: Clock
    news: News
    _queues: dict[str, tuple[Wake, asyncio.Task[None]]] = field(default_factory=dict)
    _bell: Wake = field(default_factory=Wake)

    def tell(self, channels: Collection[str]) -> None:
        """Say that there is more for these channels."""
        for name in channels:
            if name in self._queues:
                self._queues[name][0].ring()
            else:
                self._bell.ring()

    async def keep(self) -> None:
        """Deliver until cancelled; raise JournalUnavailable."""
        try:
            while True:
                for name in await self.outbox.channels():
                    if name not in self._queues:
                        bell = Wake()
                        self._queues[name] = bell, asyncio.create_task(self._kept(name, bell), name=f"channel {name}")
                await self.outbox.prune(self.clock.now())
                await self._bell.heard(LOOK_AGAIN)
        finally:
            tasks = [task for _, task in self._queues.values()]
            self._queues.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _kept(self, name: str, bell: Wake) -> None:
        queue = ChannelQueue(
            name=name,
            outbox=self.outbox,
            channels=self.channels,
            following=self.following,
            clock=self.clock,
            bell=bell,
            news=self.news,
        )
        while True:
            try:
                await queue.keep()
            except JournalUnavailable as error:
                log.error("the journal cannot be used now; delivering is tried again", channel=name, error=str(error))
            except Exception as error:  # noqa: BLE001 - a bug in one channel must not keep the others from telling
                log.error("internal error: a channel has ended; it begins again", channel=name, exc_info=error)
            await self.clock.sleep(TRY_AGAIN)
