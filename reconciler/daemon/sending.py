"""Sends the record to the places of the settings: each has its own place in it, and none waits for another."""

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
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
from reconciler.model.question import Question
from reconciler.ports.clock import Clock
from reconciler.ports.errors import WorldError
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
    """Sends what is new, in order, until it is cancelled; what was not taken is sent again, with growing rests."""

    def __init__(self, place: Place, store: SqliteStore, clock: Clock) -> None:
        self._place, self._store, self._clock = place, store, clock
        self._at_once, self._rest, self._told = AT_ONCE, FIRST_REST, False

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
        among = await self._store.search.belongings(entries)
        messages = [self._place.worded(record(each, among)) for each in entries]
        try:
            await self._place.sink.send(messages)
        except (WorldError, SecretMissing) as error:
            await self._wait(error)
            return True
        # A crash before this line sends them again: at least once, never not at all.
        await self._store.readers.put(self._place.name, entries[-1].linked.row.number)
        self._good()
        return True

    async def _wait(self, error: Exception) -> None:
        if not self._told:
            log.warning("entries of the record are not taken; they wait and are sent again", **self._said(error))
            self._told = True
        # One that is too large for the place, or that it does not like, is found by sending fewer at once.
        self._at_once = max(1, self._at_once // 2)
        await self._clock.sleep(self._clock.jitter(self._rest))
        self._rest = min(self._rest * 2, LONGEST_REST)

    def _good(self) -> None:
        if self._told:
            log.info("entries of the record are taken again", sink=self._place.name)
        self._at_once, self._rest, self._told = min(self._at_once * 2, AT_ONCE), FIRST_REST, False

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
