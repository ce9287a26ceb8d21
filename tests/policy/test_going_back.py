"""Which state a person means, and what is lost by going back to it."""

from dataclasses import replace

import pytest

from reconciler.policy.going_back import NoSuchState, lost, meant
from tests import factory as f

FIRST, SECOND, AGAIN, THIRD = (
    f.unit(f.thing("/a", colour=colour), commit=commit, version=version)
    for colour, commit, version in (
        ("red", "aaaa1111", "1"), ("pink", "bbbb2222", "2"), ("blue", "cccc3333", "2"), ("green", "dddd4444", "3"),
    )
)  # fmt: skip
KEPT = (THIRD, AGAIN, SECOND, FIRST)


@pytest.mark.parametrize(
    ("present", "to", "state"),
    [
        (THIRD, None, AGAIN),
        (SECOND, None, FIRST),
        (f.unit(f.thing("/b")), None, THIRD),
        (THIRD, "1", FIRST),
        (THIRD, "bbbb", SECOND),
        (THIRD, "BBBB2222", SECOND),
        (THIRD, "3", THIRD),
    ],
)
def test_a_state_is_meant_by_its_version_or_its_commit_and_else_it_is_the_one_before(present, to, state):
    assert meant(KEPT, present.digest, to) == state


@pytest.mark.parametrize(
    ("states", "to", "told"),
    [
        (KEPT, "2", "2 may be any of 2 (cccc333), 2 (bbbb222); name the commit"),
        (KEPT, "9", "no good state 9 is kept; kept are: 3 (dddd444), 2 (cccc333), 2 (bbbb222), 1 (aaaa111)"),
        (KEPT, "ddd", "no good state ddd is kept"),
        ((), "1", "kept are: none"),
        ((THIRD,), None, "no state before the present one is kept"),
        ((), None, "no state before the present one is kept"),
    ],
)
def test_what_is_meant_by_nobody_says_what_there_is(states, to, told):
    with pytest.raises(NoSuchState, match=r"[a-z]") as error:
        meant(states, THIRD.digest, to)
    assert told in str(error.value)


def test_what_is_newer_than_the_state_and_irreversible_is_lost():
    once = replace(SECOND, irreversible=True)
    kept = (THIRD, AGAIN, once, FIRST)
    half = replace(f.unit(f.thing("/b"), commit="eeee5555", version="4"), irreversible=True)
    assert lost(kept, (), FIRST) == ("2 (bbbb222)",)
    assert lost(kept, (), once) == ()
    assert lost(kept, (half,), AGAIN) == ("4 (eeee555)",)
