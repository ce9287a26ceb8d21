"""Reads the journal and puts into the outbox what people are to be told: each entry once, whatever ends the daemon."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from reconciler.daemon.logs import log
from reconciler.daemon.notice_facts import NoticeFacts
from reconciler.daemon.wake import Wake
from reconciler.daemon.world import Following
from reconciler.model.delivery import Due, Read
from reconciler.model.notification import NOBODY
from reconciler.model.record import Entry
from reconciler.model.unit import Desired
from reconciler.notify.escalation import settled
from reconciler.notify.happened import happened
from reconciler.notify.routing import routed
from reconciler.ports.journal import JournalUnavailable
from reconciler.store.journal import SqliteStore

AT_ONCE = 200
IDLE = timedelta(seconds=5)
"""After so long without news the place is kept too; else only when somebody is told, so that it costs no write."""

_KEPT_EACH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """The reader. ``news`` rings at all that is written, ``tell`` is given the channels that have something to tell."""

    store: SqliteStore
    facts: NoticeFacts
    following: Following
    news: Wake
    tell: Callable[[Collection[str]], None]

    async def keep(self) -> None:
        """Read until cancelled; raise JournalUnavailable."""
        kept = at = await self.store.outbox.begin()
        while True:
            desired = self.following.newest.desired
            entries = await self.store.history.since(at, AT_ONCE) if desired else ()
            if desired is None or not entries:
                if at > kept:
                    await self.store.outbox.put(Read(number=at))
                    kept = at
                await self.news.heard(IDLE)
                continue
            read = await self.read(entries, desired)
            at = read.number
            if read.due or read.settled or at - kept >= _KEPT_EACH:
                await self.store.outbox.put(read)
                kept = at
                self.tell({due.channel for _, due in read.due})

    async def read(self, entries: Sequence[Entry], desired: Desired) -> Read:
        """Return what follows from the entries by the policies of that commit."""
        told: list[tuple[int, Due]] = []
        acted: list[tuple[int, str]] = []
        for entry in entries if desired.notifications != NOBODY else ():
            try:
                acted += [(entry.number, subject) for subject in sorted(settled(entry.event))]
                told += [(entry.number, due) for due in await self._told(entry, desired)]
            except JournalUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one that we cannot tell of must not hide all after it
                log.error("internal error: people are not told of an entry", number=entry.number, exc_info=error)
        return Read(number=entries[-1].number, due=tuple(told), settled=tuple(acted))

    async def _told(self, entry: Entry, desired: Desired) -> Sequence[Due]:
        facts = await self.facts.of(entry, desired)
        notice = happened(entry, facts)
        if notice is None:
            return ()
        return [
            Due(
                channel=each.channel,
                policy=each.policy,
                due=each.due,
                notice=notice,
                bundle=each.bundle,
                awaits=each.awaits,
            )
            for each in routed(notice, desired.notifications, facts.placed)
        ]
