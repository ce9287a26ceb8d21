"""The record goes on to its places: in order, at least once, and what is not taken waits."""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from reconciler.audit.formats import Format
from reconciler.audit.sinks import line_message
from reconciler.daemon.news import News
from reconciler.daemon.sending import LONGEST_REST, READER, Place, Sender
from reconciler.daemon.sink_settings import ArchiveSettings, SinkSettings
from reconciler.model.deed import NoticeDropped
from reconciler.model.event import Paused
from reconciler.model.question import Question
from reconciler.ports.errors import Refused, Unreachable
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP
from tests.sim.clock import SimClock


class Resting(SimClock):
    """Time passes as soon as anybody waits for it; how long they did is kept."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.rests: list[timedelta] = []

    async def sleep(self, duration: timedelta) -> None:
        self.rests.append(duration)


class Passing(Resting):
    """It is later afterwards too."""

    def now(self) -> datetime:
        return NOW + sum(self.rests, timedelta())


@dataclass
class Flaky:
    """A place that fails as it was told to, sometimes after it has taken what was sent: nobody knows then."""

    fails: random.Random
    of_two: bool = True
    taken: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def send(self, messages: Sequence[bytes]) -> None:
        self.sizes.append(len(messages))
        if self.of_two and self.fails.random() < 0.25:
            raise Unreachable("it is away")
        self.taken += map(int, messages)
        if self.of_two and self.fails.random() < 0.25:
            raise Unreachable("the answer was lost")

    async def close(self) -> None:
        """There is nothing to end."""


class Away(Flaky):
    async def send(self, messages: Sequence[bytes]) -> None:
        self.sizes.append(len(messages))
        raise Unreachable("it is away")


def place(sink: Flaky, name: str = "siem") -> Place:
    return Place(READER + name, sink, lambda each: str(each.number).encode())


async def filled(store: SqliteStore, number: int) -> None:
    events = [Paused(unit=SHOP, author="ann", reason=str(each)) for each in range(number)]
    await store.append(events, NOW)


async def test_a_place_that_fails_half_of_the_time_gets_all_in_order_at_least_once(store: SqliteStore) -> None:
    await filled(store, 3000)
    sink = Flaky(random.Random(7))
    sender = Sender(place(sink), store, Resting())
    while await sender.send():
        pass
    first_times = list(dict.fromkeys(sink.taken))
    assert first_times == list(range(1, 3001))
    assert len(sink.taken) > 3000, "some were sent twice, for nobody knew"


async def test_after_a_restart_it_goes_on_where_it_was(store: SqliteStore, path: Path) -> None:
    await filled(store, 3)
    before, after = Flaky(random.Random(1), of_two=False), Flaky(random.Random(1), of_two=False)
    sender = Sender(place(before), store, Resting())
    while await sender.send():
        pass
    await filled(store, 2)
    again = await SqliteStore.open(path)
    sender = Sender(place(after), again, Resting())
    while await sender.send():
        pass
    await again.close()
    assert (before.taken, after.taken) == ([1, 2, 3], [4, 5])


async def test_a_place_that_is_away_is_asked_ever_less_often_with_ever_less_and_the_other_gets_all(
    store: SqliteStore,
) -> None:
    await filled(store, 300)
    clock, away, there = Resting(), Away(random.Random(1)), Flaky(random.Random(1), of_two=False)
    dead, fine = Sender(place(away, "dead"), store, clock), Sender(place(there, "fine"), store, clock)
    with capture_logs() as logs:
        for _ in range(12):
            await dead.send()
            await fine.send()
    assert len(there.taken) == 300
    assert away.sizes[:3] == [200, 100, 50]
    assert away.sizes[-1] == 1
    assert clock.rests[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert clock.rests[-1] == LONGEST_REST
    assert [(each["sink"], each["reason"]) for each in logs] == [("dead", "it is away")], "told once"


@dataclass
class Picky:
    """A place that takes no message with one of these texts in it."""

    refuses: Sequence[bytes]
    taken: list[bytes] = field(default_factory=list)

    async def send(self, messages: Sequence[bytes]) -> None:
        if any(text in each for each in messages for text in self.refuses):
            raise Refused("413")
        self.taken += messages

    async def close(self) -> None:
        """There is nothing to end."""


def numbers(sink: Picky) -> list[int]:
    return list(dict.fromkeys(json.loads(each)["number"] for each in sink.taken))


def picky(sink: Picky) -> Place:
    return Place(READER + "siem", sink, lambda each: line_message(each, Format.JSONL, "s"))


async def test_an_entry_that_is_refused_whole_goes_shortened(store: SqliteStore) -> None:
    await filled(store, 4)
    sink = Picky([b'"reason":"2"'])
    sender = Sender(picky(sink), store, Resting())
    with capture_logs() as logs:
        while await sender.send():
            pass
    assert numbers(sink) == [1, 2, 3, 4]
    (short,) = (each for each in sink.taken if b'"shortened"' in each)
    assert json.loads(short)["number"] == 3
    assert [each.get("entry") for each in logs if "shortened" in each["event"]] == ["3"]


async def test_an_entry_that_is_never_taken_is_left_out_in_the_end_and_that_is_written_down(
    store: SqliteStore,
) -> None:
    await filled(store, 6)
    clock, sink = Resting(), Picky([b'"number":3,', b'"number":4,'])
    sender = Sender(picky(sink), store, clock)
    with capture_logs() as logs:
        while await sender.send():
            pass
    assert numbers(sink) == [1, 2, 5, 6, 7, 8]
    assert sum(clock.rests, timedelta()) > timedelta(hours=2), "an hour each"
    assert [each["entry"] for each in logs if each["log_level"] == "error"] == ["3", "4"]
    left_out = [each.event for each in await store.search.oldest(Question(type="notice_dropped"), 9)]
    assert [(each.channel, each.notice) for each in left_out if isinstance(each, NoticeDropped)] == [
        ("audit sink siem", "there is entry 3"),
        ("audit sink siem", "there is entry 4"),
    ]


async def test_a_place_that_refuses_everything_loses_nothing_when_it_takes_it_again(store: SqliteStore) -> None:
    await filled(store, 6)
    sink = Picky([b""])
    sender = Sender(picky(sink), store, Resting())
    for _ in range(200):
        await sender.send()
    assert await store.readers.at(READER + "siem") is None
    sink.refuses = []
    while await sender.send():
        pass
    assert numbers(sink) == [1, 2, 3, 4, 5, 6]


async def test_that_entries_wait_is_said_again_each_day(store: SqliteStore) -> None:
    await filled(store, 1)
    clock = Passing()
    sender = Sender(place(Away(random.Random(1))), store, clock)
    with capture_logs() as logs:
        while clock.now() < NOW + timedelta(hours=73):
            await sender.send()
    assert len(logs) == 4


async def test_at_a_ring_what_is_new_is_sent(store: SqliteStore) -> None:
    news, sink = News(), Flaky(random.Random(1), of_two=False)
    bell = news.reader()
    sender = Sender(place(sink), store, _OneRound())
    await filled(store, 1)
    news.ring()
    with pytest.raises(_Over):
        await sender.keep(bell)
    assert sink.taken == [1]


class _Over(Exception):
    pass


class _OneRound(Resting):
    async def sleep(self, duration: timedelta) -> None:
        raise _Over


GOOD = [
    {"to": "syslog"},
    {"to": "syslog", "url": "udp://log.example:514"},
    {"to": "syslog", "url": "tls://log.example:6514", "format": "ocsf"},
    {"to": "syslog", "url": "unix:///run/log"},
    {"to": "journald"},
    {"to": "file", "path": "/var/log/reconciler.jsonl"},
    {"to": "http", "url": "https://collector.example/audit", "token": "audit/collector"},
    {"to": "http", "url": "http://127.0.0.1:8080/audit", "token": "audit/collector"},
]
WRONG = {
    "needs its path": {"to": "file"},
    "needs its url": {"to": "http"},
    "not sent in clear": {"to": "http", "url": "http://collector.example", "token": "audit/collector"},
    "no secret stands in a url": {"to": "http", "url": "https://u:p@collector.example"},
    "expected udp://HOST:PORT": {"to": "syslog", "url": "udp://log.example"},
    "tcp://HOST:PORT": {"to": "syslog", "url": "https://log.example:514"},
    "unix:///PATH, got": {"to": "syslog", "url": "udp://log.example:port"},
    'to = "file" has no url': {"to": "file", "path": "/x", "url": "https://x"},
    'to = "journald" has no token': {"to": "journald", "token": "a/b"},
    'to = "syslog" has no path': {"to": "syslog", "path": "/x"},
    "Input should be 'syslog'": {"to": "kafka"},
    "String should match pattern": {"to": "http", "url": "https://x", "token": "not a reference"},
}


@pytest.mark.parametrize("settings", GOOD)
def test_settings_of_a_place_that_can_be(settings: dict[str, str]) -> None:
    assert SinkSettings.model_validate(settings).to == settings["to"]


@pytest.mark.parametrize("said", WRONG)
def test_settings_of_a_place_that_cannot_be_are_told(said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SinkSettings.model_validate(WRONG[said])
    assert said in str(caught.value)


def test_an_archive_is_sealed_for_keys_only() -> None:
    key = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
    assert ArchiveSettings(folder=Path("/a"), recipients=(key,)).recipients == (key,)
    with pytest.raises(ValidationError, match="neither a public key of age"):
        ArchiveSettings(folder=Path("/a"), recipients=("AGE-SECRET-KEY-1ABC",))
    with pytest.raises(ValidationError, match="greater than or equal to 30 days"):
        ArchiveSettings.model_validate({"folder": "/a", "after": "1d"})
