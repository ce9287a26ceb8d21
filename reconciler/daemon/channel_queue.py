"""One channel's queue: what is due is delivered, in order within each thread, and tried again when it fails."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.daemon.logs import log
from reconciler.daemon.news import News
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import Following
from reconciler.model.canonical import Json, digest
from reconciler.model.channel import Channel
from reconciler.model.delivery import Kept, Waiting
from reconciler.model.notification import Notifications
from reconciler.notify import sending
from reconciler.notify.grouping import summed
from reconciler.notify.matching import template
from reconciler.ports.channels import Channels, Delivered, Outgoing, TooMany
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Denied, Refused, TimedOut, WorldError
from reconciler.ports.secrets import SecretMissing
from reconciler.store.outbox import Outbox

AT_ONCE = 8
"""So many messages of different threads are under way at once."""

LIMIT = timedelta(seconds=60)
"""So long one message may take."""

LOOK_AGAIN = timedelta(minutes=5)
NO_COMMIT_YET = timedelta(seconds=5)
_IN_A_ROW = 5
"""After so many failures with no success between, all of the channel waits."""


@dataclass(slots=True, kw_only=True)
class ChannelQueue:
    """What waits for one channel. ``bell`` rings when there is more."""

    name: str
    outbox: Outbox
    channels: Channels
    following: Following
    clock: Clock
    bell: Wake
    news: News
    _busy: dict[asyncio.Task[None], frozenset[str]] = field(default_factory=dict)
    _sent: list[datetime] = field(default_factory=list)
    _failures: int = 0
    _paused_until: datetime | None = None

    async def keep(self) -> None:
        """Deliver until cancelled; raise JournalUnavailable."""
        try:
            while True:
                await self._rest(await self._round())
        finally:
            tasks = list(self._busy)
            self._busy.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _round(self) -> datetime:
        """Begin what is due and can be begun now, and return when to look again: sooner when one under way ends."""
        now = self.clock.now()
        later = now + LOOK_AGAIN
        desired = self.following.newest.desired
        if desired is None:
            return now + NO_COMMIT_YET
        if self._paused_until and self._paused_until > now:
            return self._paused_until
        channel = desired.notifications.channels.get(self.name)
        if channel is None:
            return await self._drop_all(later)
        if len(self._busy) >= AT_ONCE:
            return later
        return await self._begin_next(channel, desired.notifications, now)

    async def _begin_next(self, channel: Channel, notifications: Notifications, now: datetime) -> datetime:
        later, room = now + LOOK_AGAIN, AT_ONCE - len(self._busy)
        waiting = await self._next(channel, now)
        rate, left = channel.rate, sending.left(self._sent, channel.rate, now)
        messages = sending.ready(waiting, now)
        chosen = sending.urgent_first(sending.within_rate(messages, waiting, left, now), waiting, now)
        # No more than can be begun now: what comes meanwhile, is settled or leaves Git counts for the rest.
        begun = chosen[:room]
        whole = {each.id: each for each in await self.outbox.kept([one for ids in begun for one in ids])}
        for ids in begun:
            if self._paused_until and self._paused_until > now:
                return self._paused_until
            await self._begin([whole[each] for each in ids], channel, notifications)
        if len(chosen) > room:
            return later
        if rate and messages and not chosen:
            return sending.free_at(self._sent, rate, now)
        return await self.outbox.next_due(self.name, now) or later

    async def _next(self, channel: Channel, now: datetime) -> list[Waiting]:
        """What may be begun, and with a rate all that could be summed up; nothing of threads that are at work."""
        at_work = frozenset[str]().union(*self._busy.values())
        found = {each.id: each for each in await self.outbox.next(self.name, now)}
        if channel.rate:
            found |= {each.id: each for each in await self.outbox.due(self.name, now)}
        return [found[number] for number in sorted(found) if found[number].thread not in at_work]

    async def _begin(self, told: list[Kept], channel: Channel, notifications: Notifications) -> None:
        first = told[0].id
        if channel.rate:
            since = self.clock.now() - channel.rate.per
            self._sent[:] = [*(each for each in self._sent if each > since), self.clock.now()]
        if len(told) > 1:
            # From the first try on it is this message, also when more comes: whoever has it already knows its key.
            await self.outbox.together([each.id for each in told], f"{sending.MESSAGE}{first}")
        task = asyncio.create_task(self._tell(told, channel, notifications), name=f"tell {self.name} {first}")
        self._busy[task] = frozenset(each.told.notice.thread for each in told)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._busy.pop(task, None)
        self.bell.ring()
        if not task.cancelled() and (error := task.exception()):
            # What waits is still in the outbox, as it was.
            log.error("a message could not be kept as told; it is tried again", channel=self.name, exc_info=error)
            self._paused_until = self.clock.now() + sending.pause_after(_IN_A_ROW)

    async def _tell(self, told: list[Kept], channel: Channel, notifications: Notifications) -> None:
        notice = summed([each.told.notice for each in told])
        policy = next((each for each in notifications.policies if each.name == told[0].told.policy), None)
        message = Outgoing(
            key=_key(channel, told[0]),
            channel=channel,
            notice=notice,
            thread=told[-1].known if notice.thread == told[-1].told.notice.thread else "",
            template=template(policy, notice),
        )
        try:
            delivered = await self._delivered(message)
        except Refused as error:
            await self._drop(told, str(error))
        except (Denied, SecretMissing) as error:
            await self._again(told, error, sending.PATIENCE_WITH_PEOPLE)
        except WorldError as error:
            await self._again(told, error, sending.PATIENCE)
        except Exception as error:  # noqa: BLE001 - a bug with one message must not lose it, nor keep others back
            log.error("internal error: a message was not sent", channel=self.name, notice=notice.title, exc_info=error)
            await self._again(told, WorldError(f"internal error: {error}"), sending.PATIENCE_WITH_PEOPLE)
        else:
            self._failures = 0
            thread = (notice.thread, delivered.thread)
            await self.outbox.delivered(told, thread, delivered.detail, self.clock.now())

    async def _delivered(self, message: Outgoing) -> Delivered:
        try:
            async with asyncio.timeout(LIMIT.total_seconds()):
                return await self.channels.deliver(message)
        except TimeoutError as error:
            raise TimedOut(f"{self.name} has not taken a message within {LIMIT.total_seconds():g} s") from error

    async def _again(self, told: list[Kept], error: WorldError | SecretMissing, patience: timedelta) -> None:
        now, tries = self.clock.now(), told[0].tries + 1
        if now - told[0].since >= patience and tries >= sending.LEAST_TRIES:
            await self._drop(told, f"{error} (tried {tries} times)")
            return
        pause = self.clock.jitter(sending.pause_after(tries))
        self._failures += 1
        if self._failures >= _IN_A_ROW:
            self._paused_until = now + self.clock.jitter(sending.pause_after(self._failures))
        if isinstance(error, TooMany) and error.after is not None:
            pause = max(error.after, pause)
            self._paused_until = now + error.after
        # The first of many is enough: each try would be a line a second for as long as the channel is dead.
        tell = log.warning if self._failures == 1 else log.debug
        tell("people could not be told now; it is tried again", channel=self.name, reason=str(error))
        await self.outbox.again([each.id for each in told], now + pause, str(error))

    async def _drop(self, told: list[Kept], reason: str) -> None:
        log.error("people are not told, and it is given up", channel=self.name, reason=reason)
        await self.outbox.dropped(told, reason, self.clock.now())
        self.news.ring()

    async def _drop_all(self, later: datetime) -> datetime:
        """Nobody can be told through a channel that is in no document any more."""
        at_work = frozenset[str]().union(*self._busy.values())
        waiting = [each for each in await self.outbox.waiting(self.name) if each.thread not in at_work]
        if not waiting:
            return later
        told = list(await self.outbox.kept([each.id for each in waiting]))
        await self._drop(told, f"there is no NotificationChannel named {self.name} in the commit that is followed")
        return self.clock.now()

    async def _rest(self, until: datetime) -> None:
        """Return when there is more to deliver, or at that time."""
        timer = asyncio.create_task(self.clock.sleep(until - self.clock.now()))
        heard = asyncio.create_task(self.bell.heard(LOOK_AGAIN))
        try:
            await asyncio.wait((timer, heard), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (timer, heard):
                task.cancel()
            await asyncio.gather(timer, heard, return_exceptions=True)


def _key(channel: Channel, first: Kept) -> str:
    """The same each time for the same message, and for no other."""
    said: list[Json] = [channel.name, first.id, first.event, first.told.notice.at.isoformat()]
    return "ntc_" + digest(said).removeprefix("sha256:")[:32]
