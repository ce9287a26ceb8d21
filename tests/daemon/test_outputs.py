"""What is printed on its way to the store: masked, in its room, told when it is lost, and nobody waits for it."""

import asyncio
import sqlite3
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from reconciler.daemon.output_settings import OutputSettings
from reconciler.daemon.outputs import MOST_WAITING_IN_ALL, KeptOutputs, keeping
from reconciler.model.identity import UnitId
from reconciler.model.output import Asked, Piece, Place, Stream
from reconciler.model.output_room import Kept
from reconciler.providers.clock import SystemClock
from reconciler.store.journal import SqliteStore
from reconciler.store.outputs import StepOutputs
from tests.leaks import unmistakable
from tests.providers.secret_values import SecretValues

SHOP = UnitId("shop", "production")
PLACE = Place(unit=SHOP, rollout="r1", plan="sha256:1", step=0)
WITH_SECRET = replace(PLACE, secrets=frozenset({"shop/db"}))


DB = unmistakable("db")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StepOutputs]:
    found = await SqliteStore.open(tmp_path / "journal.db")
    yield found.outputs
    await found.close()


@asynccontextmanager
async def kept(
    store: StepOutputs, secrets: Mapping[str, str] | None = None, step: int = 64
) -> AsyncIterator[KeptOutputs]:
    async with keeping(store, SecretValues(secrets or {}), OutputSettings(step=step), SystemClock()) as outputs:
        yield outputs


class Later(SystemClock):
    """A clock that is a month ahead."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=31)


class Hasty(SystemClock):
    """A clock on which all that is waited for takes a hundredth of its time."""

    async def sleep(self, duration: timedelta) -> None:
        await super().sleep(duration / 100)


class Hanging(SecretValues):
    """A store that answers nobody, until it is told to."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.answers = threading.Event()

    def value(self, reference: str) -> str:
        self.answers.wait(60)
        return super().value(reference)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    found = Hanging({"shop/db": DB})
    yield found
    found.answers.set()


class Stuck(StepOutputs):
    """A store that is never done."""

    def __init__(self) -> None:
        pass

    async def stored(self, place: Place, target: str) -> list[Kept]:
        await asyncio.Event().wait()
        raise AssertionError

    async def forget(self, before: datetime) -> bool:
        return False


async def pieces(store: StepOutputs) -> list[Piece]:
    return list(await store.pieces(Asked(unit=SHOP), 10_000))


async def told(store: StepOutputs) -> list[tuple[str, str]]:
    return [(each.stream.value, each.text) for each in await pieces(store)]


async def test_what_is_said_is_stored_in_its_order_with_where_it_begins(store: StepOutputs) -> None:
    async with kept(store) as outputs:
        sink = outputs.open(PLACE, "web-1")
        for stream, data in ((Stream.NOTE, b"run it\n"), (Stream.OUTPUT, b"one "), (Stream.OUTPUT, b"two\n")):
            sink.say(stream, data)
        sink.say(Stream.ERRORS, b"oh\n")
        sink.close()
    assert await told(store) == [("note", "run it\n"), ("output", "one two\n"), ("errors", "oh\n")]
    assert [(each.start, each.size) for each in await pieces(store)] == [(0, 7), (7, 8), (15, 3)]


async def test_it_is_there_while_the_sink_is_still_open(store: StepOutputs) -> None:
    async with kept(store) as outputs, asyncio.timeout(20):
        outputs.open(PLACE, "web-1").say(Stream.OUTPUT, b"now\n")
        while not await pieces(store):
            pass


async def test_a_step_that_is_taken_up_again_goes_on_where_it_was(store: StepOutputs) -> None:
    for text in (b"one\n", b"two\n"):
        async with kept(store) as outputs:
            outputs.open(PLACE, "web-1").say(Stream.OUTPUT, text)
    assert [(each.start, each.text) for each in await pieces(store)] == [(0, "one\n"), (4, "two\n")]


async def test_a_secret_is_masked_also_where_it_comes_in_parts_or_its_end_is_missing(store: StepOutputs) -> None:
    secret = unmistakable("db")
    async with kept(store, {"shop/db": secret}) as outputs:
        sink = outputs.open(WITH_SECRET, "web-1")
        for part in (f"a {secret[:5]}", f"{secret[5:]} b {secret[:-1]}"):
            sink.say(Stream.OUTPUT, part.encode())
        sink.say(Stream.NOTE, f"failed: {secret}\n".encode())
        # What is lost may have had the beginning of a secret: the rest of its line is not told.
        sink.lose(100)
        sink.say(Stream.OUTPUT, f"{secret[4:]}\nc\n".encode())
        sink.close()
    assert "".join(text for _, text in await told(store)) == "a (secret) b (secret)failed: (secret)\nc\n"


async def test_where_a_secret_cannot_be_had_nothing_is_kept_and_it_is_named(store: StepOutputs) -> None:
    async with kept(store) as outputs:
        for _ in range(2):
            sink = outputs.open(WITH_SECRET, "web-1")
            sink.say(Stream.OUTPUT, b"who knows\n")
            sink.close()
    ((stream, text),) = await told(store)
    assert (stream, "the secret shop/db is in no store" in text) == ("note", True)
    assert "nobody could tell a secret in it" in text


async def test_no_more_is_kept_than_there_is_room_for_and_what_is_left_out_is_a_gap(store: StepOutputs) -> None:
    async with kept(store, step=64) as outputs:
        sink = outputs.open(PLACE, "web-1")
        for number in range(40):
            sink.say(Stream.OUTPUT, f"{number:07} ".encode() * 8192)
        sink.close()
    found = await pieces(store)
    assert sum(each.size for each in found) <= 2 * 64 * 1024
    whole = "".join(f"{number:07} " * 8192 for number in range(40))
    assert all(whole[each.start : each.start + each.size] == each.text for each in found)
    assert (found[0].start, found[-1].start + found[-1].size) == (0, len(whole))


async def test_what_cannot_be_written_is_lost_and_said_to_be(store: StepOutputs, tmp_path: Path) -> None:
    def rename(before: str, after: str) -> None:
        with closing(sqlite3.connect(tmp_path / "journal.db")) as journal, journal:
            journal.execute(f"ALTER TABLE {before} RENAME TO {after}")

    async with kept(store) as outputs, asyncio.timeout(20):
        sink = outputs.open(PLACE, "web-1")
        with capture_logs() as logs:
            rename("step_output", "away")
            sink.say(Stream.OUTPUT, b"lost\n")
            while not logs:  # noqa: ASYNC110 - logs ring nobody
                await asyncio.sleep(0)
        rename("away", "step_output")
        sink.say(Stream.OUTPUT, b"kept\n")
        sink.close()
    assert (logs[0]["event"], logs[0]["bytes"]) == ("what a step printed is lost", 5)
    (note, text), *others = await told(store)
    assert (note, others) == ("note", [("output", "kept\n")])
    assert text.startswith("5 bytes were printed here that could not be written down: cannot use the journal")


async def test_what_is_old_is_forgotten(store: StepOutputs) -> None:
    async with kept(store) as outputs:
        outputs.open(PLACE, "web-1").say(Stream.OUTPUT, b"old\n")
    settings = OutputSettings(after=timedelta(days=30))
    async with keeping(store, SecretValues({}), settings, Later()) as outputs:
        outputs.open(replace(PLACE, rollout="r2"), "web-1").say(Stream.OUTPUT, b"new\n")
    assert [text for _, text in await told(store)] == ["new\n"]


async def test_a_store_of_secrets_that_hangs_holds_up_only_what_needs_it(store: StepOutputs, hanging: Hanging) -> None:
    async with keeping(store, hanging, OutputSettings(), SystemClock()) as outputs, asyncio.timeout(20):
        needs = outputs.open(WITH_SECRET, "web-1")
        needs.say(Stream.OUTPUT, f"it is {DB}\n".encode())
        outputs.open(PLACE, "web-2").say(Stream.OUTPUT, b"free\n")
        while not await pieces(store):
            pass
        assert await told(store) == [("output", "free\n")]
        hanging.answers.set()
        needs.say(Stream.OUTPUT, b"more\n")
    assert await told(store) == [("output", "free\n"), ("output", "it is (secret)\nmore\n")]


async def test_a_store_of_secrets_that_hangs_is_not_waited_for_without_end(
    store: StepOutputs, hanging: Hanging
) -> None:
    async with asyncio.timeout(20), keeping(store, hanging, OutputSettings(), Hasty()) as outputs:
        for target in ("web-1", "web-2"):
            outputs.open(WITH_SECRET, target).say(Stream.OUTPUT, b"who knows\n")
    assert not hanging.answers.is_set()
    assert [
        (stream, "nobody could tell a secret in it: the stores of secrets did not answer within 30 s" in text)
        for stream, text in await told(store)
    ] == [("note", True)] * 2


async def test_what_waits_to_be_written_has_one_limit_for_all_steps(store: StepOutputs, hanging: Hanging) -> None:
    async with asyncio.timeout(60), keeping(store, hanging, OutputSettings(), Hasty()) as outputs:
        tracemalloc.start()
        try:
            for number in range(20):
                sink = outputs.open(WITH_SECRET, f"web-{number}")
                for _ in range(150):
                    sink.say(Stream.OUTPUT, bytes(50_000))
                for _ in range(2000):
                    sink.lose(1)
                for _ in range(500):
                    sink.say(Stream.OUTPUT, b"x")
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert taken < 1.2 * MOST_WAITING_IN_ALL


async def test_what_cannot_be_written_in_time_at_the_end_is_lost_and_said_to_be() -> None:
    with capture_logs() as logs:
        async with asyncio.timeout(20), keeping(Stuck(), SecretValues({}), OutputSettings(), Hasty()) as outputs:
            outputs.open(PLACE, "web-1").say(Stream.OUTPUT, b"lost\n")
    assert [(each["event"], each["steps"]) for each in logs] == [
        ("what steps printed is lost: it could not be written in time", 1)
    ]
