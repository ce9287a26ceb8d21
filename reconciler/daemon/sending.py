"""Sends the record to the places of the settings: each has its own place in it, and none waits for another."""

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias, assert_never
from urllib.parse import urlsplit

from reconciler.audit import sinks
from reconciler.audit.formats import Format
from reconciler.audit.record import Record, record
from reconciler.daemon.audit_records import source_of
from reconciler.daemon.keeping import own_secrets
from reconciler.daemon.logs import log
from reconciler.daemon.settings import Settings
from reconciler.daemon.sink_settings import DEV_LOG, JOURNALD, SinkSettings
from reconciler.daemon.sources import Keeping, Sources
from reconciler.daemon.wake import Wake
from reconciler.model.deed import NoticeDropped
from reconciler.model.question import Question, Stored
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Refused, WorldError
from reconciler.ports.secrets import SecretMissing
from reconciler.ports.sink import Sink
from reconciler.providers.audit_sinks.collector import EVENTS, LINES, Collector
from reconciler.providers.audit_sinks.datagrams import Datagrams, Journald
from reconciler.providers.audit_sinks.file import File
from reconciler.providers.audit_sinks.streams import Stream
from reconciler.providers.http import Http
from reconciler.store.journal import SqliteStore

READER = "audit sink "
"""Before the name of a sink: that of its place in the table of readers."""
AT_ONCE = 200
LOOKS = timedelta(seconds=10)
"""Another process may have written to the journal; it rings no bell here."""
GATHERS = timedelta(milliseconds=200)
"""What is written within that time goes together."""
FIRST_REST, LONGEST_REST = timedelta(seconds=1), timedelta(minutes=5)

REFUSALS = 20
"""So many times an entry is refused alone, some in an hour, before it is looked whether the place takes others."""
LOOKED_AT = 5
"""So many of the next ones are shown to the place then."""
SAID_AGAIN = timedelta(days=1)

Worded: TypeAlias = Callable[[Record], bytes]


def sending(sources: Sources) -> Iterator[tuple[str, Keeping]]:
    """Yield a reader for each sink of the settings."""
    for name, settings in sources.settings.audit.sinks.items():
        place = Place(READER + name, sink_of(settings, sources.settings, sources.http), worded(settings, sources))
        yield place.name, partial(_keep, place, sources)


@dataclass(frozen=True, slots=True)
class Place:
    """A place that entries are sent to: the name of its reader, what takes them, and how each is worded for it."""

    name: str
    sink: Sink
    worded: Worded


async def _keep(place: Place, sources: Sources) -> None:
    bell, sender = sources.news.reader(), Sender(place, sources.store, sources.world.clock)
    try:
        await sender.keep(bell)
    finally:
        await place.sink.close()


class Sender:
    """Sends what is new, in order, until it is cancelled; what was not taken is sent again, with growing rests.

    One that the place refuses alone, shortened too, is left out in the end, and that is written down.
    """

    def __init__(self, place: Place, store: SqliteStore, clock: Clock) -> None:
        self._place, self._store, self._clock = place, store, clock
        self._at_once, self._rest = AT_ONCE, FIRST_REST
        self._told: datetime | None = None
        self._refused, self._refusals = 0, 0

    async def keep(self, bell: Wake) -> None:
        """Send at every ring; raise JournalUnavailable."""
        while True:
            while await self.send():
                pass
            await bell.heard(LOOKS)
            await self._clock.sleep(GATHERS)

    async def send(self) -> bool:
        """Send what comes next; return whether there was something. A new sink begins with the first entry kept."""
        after = await self._store.readers.at(self._place.name) or 0
        entries = await self._store.search.oldest(Question(above=after), self._at_once)
        if not entries:
            return False
        records = await self._records(entries)
        try:
            await self._offer(records)
        except (WorldError, SecretMissing) as error:
            if not isinstance(error, Refused) or not await self._steps_over(records, error):
                await self._wait(error)
                return True
        # A crash before this line sends them again: at least once, never not at all.
        await self._store.readers.put(self._place.name, records[-1].number)
        self._good()
        return True

    async def _records(self, entries: Sequence[Stored]) -> Sequence[Record]:
        among = await self._store.search.belongings(entries)
        return [record(each, among) for each in entries]

    async def _offer(self, records: Sequence[Record]) -> None:
        """Send them; one that is refused alone is sent once more with what it is found by alone."""
        try:
            await self._place.sink.send([self._place.worded(each) for each in records])
        except Refused as error:
            if len(records) > 1:
                raise
            await self._place.sink.send([self._place.worded(sinks.shortened(records[0]))])
            told = self._said(error) | {"entry": str(records[0].number)}
            log.warning("an entry of the record is not taken whole; it was sent shortened", **told)

    async def _steps_over(self, records: Sequence[Record], error: Refused) -> bool:
        """Return whether to go on without the one entry: refused for long, while the place takes others."""
        if len(records) > 1:
            return False
        number = records[0].number
        self._refusals = self._refusals + 1 if number == self._refused else 1
        self._refused = number
        if self._refusals < REFUSALS or not await self._takes_others(number):
            return False
        log.error("an entry of the record is never taken; it is left out", **self._said(error), entry=str(number))
        left_out = NoticeDropped(
            channel=self._place.name, notice=f"there is entry {number}", unit=None, reason=str(error)
        )
        await self._store.append([left_out], self._clock.now())
        return True

    async def _takes_others(self, number: int) -> bool:
        """Return whether one of the next is taken: then it is the entry, and not the place. It will come again."""
        for each in await self._records(await self._store.search.oldest(Question(above=number), LOOKED_AT)):
            try:
                await self._offer([each])
            except (WorldError, SecretMissing):
                continue
            return True
        return False

    async def _wait(self, error: Exception) -> None:
        now = self._clock.now()
        if self._told is None or now - self._told >= SAID_AGAIN:
            log.warning("entries of the record are not taken; they wait and are sent again", **self._said(error))
            self._told = now
        # One that is too large for the place, or that it does not like, is found by sending fewer at once.
        self._at_once = max(1, self._at_once // 2)
        await self._clock.sleep(self._clock.jitter(self._rest))
        self._rest = min(self._rest * 2, LONGEST_REST)

    def _good(self) -> None:
        if self._told:
            log.info("entries of the record are taken again", sink=self._place.name)
        self._at_once, self._rest, self._told = min(self._at_once * 2, AT_ONCE), FIRST_REST, None

    def _said(self, error: Exception) -> dict[str, str]:
        return {"sink": self._place.name.removeprefix(READER), "reason": str(error)}


def worded(settings: SinkSettings, sources: Sources) -> Worded:
    """Return how a record is said to that place."""
    source = source_of(sources.settings)
    form = {"json": Format.JSONL, "cloudevents": Format.CLOUDEVENTS, "ocsf": Format.OCSF}[settings.format]
    match settings.to:
        case "syslog":
            host = socket.gethostname()
            over_stream = urlsplit(settings.url).scheme in ("tcp", "tls")
            return lambda each: _framed(sinks.syslog_message(each, form, source, host), over_stream=over_stream)
        case "journald":
            return lambda each: sinks.journald_message(each, form, source)
        case "file" | "http":
            return lambda each: sinks.line_message(each, form, source)
        case _:
            assert_never(settings.to)


def _framed(message: bytes, *, over_stream: bool) -> bytes:
    return sinks.framed(message) if over_stream else message


def sink_of(settings: SinkSettings, all_settings: Settings, http: Http) -> Sink:
    """Return what takes the messages."""
    match settings.to:
        case "syslog":
            return _syslog(settings.url or DEV_LOG)
        case "journald":
            return Journald(settings.path or JOURNALD)
        case "file":
            assert settings.path is not None, "the settings were checked"
            return File(settings.path)
        case "http":
            batch = EVENTS if settings.format == "cloudevents" else LINES
            return Collector(http, settings.url, batch, partial(_token, settings.token, all_settings))
        case _:
            assert_never(settings.to)


def _syslog(url: str) -> Sink:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return Datagrams(Path(parts.path))
    assert parts.hostname, "the settings were checked"
    assert parts.port, "the settings were checked"
    if parts.scheme == "udp":
        return Datagrams((parts.hostname, parts.port))
    return Stream(parts.hostname, parts.port, ssl.create_default_context() if parts.scheme == "tls" else None)


def _token(reference: str, settings: Settings) -> str | None:
    """Read anew each time: a token may be changed while the daemon runs."""
    return own_secrets(settings).value(reference) if reference else None
