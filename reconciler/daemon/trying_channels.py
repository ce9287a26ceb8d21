"""Sends a sample through channels of the commit that is followed, and tells what each answered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from reconciler.daemon.doorway import JOURNAL
from reconciler.daemon.one_pass import NothingToDo
from reconciler.daemon.settings import Settings
from reconciler.daemon.wiring import examining
from reconciler.model.channel import PagerDuty
from reconciler.model.notification import Course, Notice, Notifications
from reconciler.notify.trials import Trial
from reconciler.ports.channels import Channels, Outgoing
from reconciler.ports.errors import WorldError
from reconciler.ports.secrets import SecretMissing
from reconciler.providers.channels.all import AllChannels
from reconciler.providers.http import Http
from reconciler.store.journal import SqliteStore


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of one trial, in a line; ``told`` is whether the channel took it."""

    trial: Trial
    told: bool
    said: str


@dataclass(frozen=True, slots=True)
class Trying:
    """The channels and policies of the commit that is followed, and the way to them."""

    notifications: Notifications
    channels: Channels

    async def send(self, trials: Sequence[Trial], notice: Notice) -> Sequence[Answered]:
        """Send it through all of them at once; a channel that does not take it is told, not raised."""
        return await asyncio.gather(*(self._sent(each, notice) for each in trials))

    async def _sent(self, trial: Trial, notice: Notice) -> Answered:
        message = Outgoing(
            key=f"test-{trial.channel.name}-{notice.id}",
            channel=trial.channel,
            notice=notice,
            template=trial.template,
        )
        try:
            delivered = await self.channels.deliver(message)
            if isinstance(trial.channel.via, PagerDuty):
                # What was begun to try it is not to go on ringing.
                ended = replace(notice, course=Course.ENDED_WELL)
                await self.channels.deliver(replace(message, notice=ended, thread=delivered.thread))
        except (WorldError, SecretMissing) as error:
            return Answered(trial, told=False, said=str(error))
        return Answered(trial, told=True, said=delivered.detail)


@asynccontextmanager
async def trying(settings: Settings) -> AsyncIterator[Trying]:
    """Read the commit that is followed; raise NothingToDo, JournalUnavailable, SourceError, Invalid.

    The journal is only read, and nothing is kept of what is sent.
    """
    store = SqliteStore.open_read_only(settings.state_dir / JOURNAL)
    try:
        followed = await store.accepted_commit()
    finally:
        await store.close()
    if followed is None:
        raise NothingToDo("no commit has loaded yet")
    async with examining(settings) as there:
        desired = await there.read(await there.source.resolve(followed))
        http = Http()
        try:
            yield Trying(desired.notifications, AllChannels(http, there.secrets, there.clock))
        finally:
            await http.close()
