"""What was printed, in the journal's file: found quickly, and gone when its time is over."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.identity import UnitId
from reconciler.model.output import Asked, Place, Stream
from reconciler.store.journal import SqliteStore
from reconciler.store.outputs import Fresh, StepOutputs
from tests.factory import NOW

SHOP = UnitId("shop", "production")
PLACE = Place(unit=SHOP, rollout="r1", plan="sha256:1", step=0)


@pytest.fixture
async def outputs(tmp_path: Path) -> AsyncIterator[StepOutputs]:
    store = await SqliteStore.open(tmp_path / "journal.db")
    yield store.outputs
    await store.close()


def fresh(text: str, place: Place = PLACE, target: str = "web-1", later: timedelta = timedelta(0)) -> Fresh:
    return Fresh(place, target, Stream.OUTPUT, NOW + later, 0, text.encode())


async def texts(outputs: StepOutputs, limit: int = 100, **which: object) -> list[str]:
    return [each.text for each in await outputs.pieces(replace(Asked(unit=SHOP), **which), limit)]


async def test_pieces_are_found_by_rollout_step_target_time_and_number(outputs: StepOutputs) -> None:
    bank = replace(PLACE, unit=UnitId("bank", "production"), rollout="r9")
    numbers = await outputs.put(
        [
            fresh("a"),
            fresh("b", target="web-2"),
            fresh("c", replace(PLACE, step=1), later=timedelta(minutes=1)),
            fresh("d", replace(PLACE, rollout="r2"), later=timedelta(minutes=2)),
            fresh("e", bank),
        ]
    )
    assert await texts(outputs) == ["a", "b", "c", "d"]
    assert await texts(outputs, 2) == ["a", "b"]
    assert await texts(outputs, rollout="r1") == ["a", "b", "c"]
    assert await texts(outputs, rollout="r1", step=0, target="web-1") == ["a"]
    assert await texts(outputs, since=NOW + timedelta(minutes=1)) == ["c", "d"]
    assert await texts(outputs, after=numbers[1]) == ["c", "d"]
    assert [each.size for each in await outputs.stored(PLACE, "web-1")] == [1]


async def test_what_is_no_text_is_shown_as_well_as_it_can_be(outputs: StepOutputs) -> None:
    await outputs.put([replace(fresh(""), data=b"\xff\x00ok")])
    assert await texts(outputs) == ["\ufffd\x00ok"]


async def test_what_is_old_goes_and_what_is_taken_away_too(outputs: StepOutputs) -> None:
    numbers = await outputs.put([fresh(str(each), later=timedelta(seconds=each)) for each in range(700)])
    await outputs.take_away(numbers[600:])
    gone = [await outputs.forget(NOW + timedelta(seconds=550)) for _ in range(3)]
    assert gone == [500, 50, 0]
    assert await texts(outputs) == [str(each) for each in range(550, 600)]


async def test_a_step_among_a_hundred_thousand_pieces_is_found_within_a_tenth_of_a_second(outputs: StepOutputs) -> None:
    for rollout in range(100):
        place = replace(PLACE, rollout=f"r{rollout}")
        await outputs.put(
            [fresh("x" * 100, replace(place, step=each % 10), f"web-{each % 50}") for each in range(1000)]
        )
    took = []
    for each in range(20):
        asked = Asked(unit=SHOP, rollout=f"r{each * 4}", step=3, target="web-13")
        began = time.perf_counter()
        found = await outputs.pieces(asked, 100)
        took.append(time.perf_counter() - began)
        assert len(found) == 20
    # The quickest: what it takes, and not how long it waited for a processor.
    assert min(took) < 0.1
