"""Thousands of random rollouts on the simulated fleet: the rules hold in each, whatever goes wrong and whenever.

In CI 20,000 of them, elsewhere 1,000. A seed that fails is told again by ``python -m tests.properties.replay SEED``.
"""

import os
from dataclasses import replace

import pytest

from tests.properties.tale import drawn
from tests.properties.telling import Told, told

TALES = 20_000 if os.environ.get("CI") == "true" else 1_000
AT_A_TIME = 250


@pytest.mark.parametrize("first", range(0, TALES, AT_A_TIME))
def test_the_rules_hold_in_every_rollout(first: int) -> None:
    failed = {seed: wrong for seed in range(first, first + AT_A_TIME) if (wrong := told(drawn(seed)).wrong)}
    assert not failed, _advice(failed)


@pytest.mark.parametrize("first", range(0, TALES // 20, AT_A_TIME // 10))
def test_a_crash_changes_nothing_about_the_end(first: int) -> None:
    failed = {seed: wrong for seed in range(first, first + AT_A_TIME // 10) if (wrong := _differs(seed))}
    assert not failed, _advice(failed)


def test_the_same_seed_tells_the_same_tale() -> None:
    for seed in range(20):
        assert told(drawn(seed)) == told(drawn(seed))


def _differs(seed: int) -> str | None:
    """What a crash changes, where nothing in the tale depends on how long the controller was away."""
    tale = drawn(seed)
    if not (tale.deterministic and tale.deaths):
        return None
    with_crash, without = _end(told(tale)), _end(told(replace(tale, deaths=())))
    return None if with_crash == without else f"{with_crash} with a crash, {without} without"


def _end(ended: Told) -> object:
    return ended.versions, ended.state, ended.verdicts


def _advice(failed: object) -> str:
    return f"{failed}; python -m tests.properties.replay SEED tells one again"
