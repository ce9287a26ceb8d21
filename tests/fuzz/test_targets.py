"""Whatever is read: it returns or raises what it says it raises, and it ends."""

import base64
import itertools
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.made import MADE
from tests.fuzz.target import Hang, within_limit
from tests.fuzz.targets import TARGETS

_PIECES = (b"\n", b"\0", b" ", b"-1", b"\xff", b"\xed\xa0\x80", b"9" * 5000, b"[" * 2000, b"nan", b"\xd9\xa3", b"1e999")
FOUND: list[dict[str, str]] = yaml.safe_load(Path(__file__).with_name("found.yaml").read_text())


@cache
def _seeds(name: str) -> tuple[bytes, ...]:
    return tuple(TARGETS[name].seeds())


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """An honest input with some of it taken out, and something else in its place."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        other = draw(st.sampled_from(seeds))
        at = draw(st.integers(0, len(other)))
        piece = draw(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=4), st.just(other[at : at + 40])))
        data = data[:start] + piece + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_an_honest_input_is_read(name: str) -> None:
    for seed in _seeds(name):
        TARGETS[name].run(seed)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60)
@given(data=st.data())
def test_any_input_is_read_or_refused(name: str, data: st.DataObject) -> None:
    TARGETS[name].run(data.draw(mutated(_seeds(name))))


@pytest.mark.parametrize(("target", "data"), MADE.values(), ids=MADE.keys())
def test_what_was_made_to_do_harm_is_read_or_refused(target: str, data: bytes) -> None:
    TARGETS[target].run(data)


@pytest.mark.parametrize("case", FOUND, ids=[case["case"] for case in FOUND])
def test_what_was_once_found_is_read_or_refused(case: dict[str, str]) -> None:
    TARGETS[case["target"]].run(base64.b64decode(case["base64"]))


def test_what_does_not_end_is_found() -> None:
    with pytest.raises(Hang), within_limit(0.1):
        sum(1 for _ in itertools.count())
