"""Every refusal is told, but a scanner fills no journal: what repeats, and what is too much, is told with a count."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.identity import UnitId
from reconciler.model.word import AccessRefused
from reconciler.policy.refusals import AT_MOST, AT_MOST_OF_ONE, EACH, Refusals, refused

START = datetime(2026, 11, 21, 12, tzinfo=UTC)


def word(name: str = "eve", after: timedelta = timedelta(0), unit: str = "shop@production") -> AccessRefused:
    return AccessRefused(
        name=name, login="token", action="abort", unit=UnitId.parse(unit), reason="no role", at=START + after
    )


def run(*words: AccessRefused) -> tuple[Refusals, list[AccessRefused]]:
    known, written = Refusals(), []
    for each in words:
        known, told = refused(known, each)
        written += [told] if told else []
    return known, written


def test_the_first_is_written_down_as_it_is() -> None:
    assert run(word())[1] == [word()]


def test_the_same_is_written_down_once_a_minute_with_how_often_it_was_tried() -> None:
    seconds = [timedelta(seconds=each) for each in (0, 1, 30, 59, 60, 61, 179)]
    _, written = run(*(word(after=each) for each in seconds))
    assert [each.at - START for each in written] == [timedelta(0), EACH]
    assert written[1].reason == "no role (and 3 times more since it was last written down)"


def test_what_goes_on_for_days_is_told_less_and_less_often() -> None:
    weeks = [word(after=timedelta(minutes=number)) for number in range(21 * 24 * 60)]
    _, written = run(*weeks)
    minutes = [(each.at - START) // EACH for each in written]
    assert minutes[:5] == [0, 1, 3, 7, 15]
    assert len(written) < 40
    known, _ = run(*weeks[: 24 * 60])
    assert refused(known, word(after=timedelta(days=3)))[1]


def test_others_are_not_hidden_by_it() -> None:
    _, written = run(word(), word(), word("mallory"), word(unit="bank@production"))
    assert len(written) == 3


def test_a_scan_over_many_names_is_cut_and_the_next_minute_says_so() -> None:
    scan = [word(f"scanner-{number}") for number in range(AT_MOST + 40)]
    _, written = run(*scan, word("late", EACH))
    assert len(written) == AT_MOST + 1
    assert written[-1].reason == "no role (40 other refusals were not written down: there were too many)"


def test_one_who_scans_leaves_room_for_others_in_the_same_minute() -> None:
    scan = [word(unit=f"unit-{number}@production") for number in range(AT_MOST + 40)]
    _, written = run(*scan, replace(word(), login="oidc"), word("ben"), word("eve", EACH))
    assert [each.name for each in written] == ["eve"] * AT_MOST_OF_ONE + ["eve", "ben", "eve"]
    others = AT_MOST + 40 - AT_MOST_OF_ONE
    assert (
        written[AT_MOST_OF_ONE].reason
        == f"no role ({others} other refusals were not written down: there were too many)"
    )


def test_what_is_remembered_is_bounded() -> None:
    days = [word(f"scanner-{number}", timedelta(seconds=2 * number)) for number in range(2500)]
    known, written = run(*days)
    assert len(written) == 2500
    assert len(known.told) <= 1000


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 100)), max_size=200))
def test_each_refusal_is_written_down_or_counted(tries: list[tuple[str, int]]) -> None:
    after, words = timedelta(0), []
    for name, seconds in tries:
        after += timedelta(seconds=seconds)
        words.append(word(name, after))
    known, written = run(*words)
    counted = sum(int(number) for each in written for number in re.findall(r"\d+", each.reason))
    waiting = known.unsaid + sum(each.unsaid for each in known.told.values())
    assert len(written) + counted + waiting == len(words)
    minutes = [each.at for each in written if each.name == "a"]
    assert all(later - earlier >= EACH for earlier, later in pairwise(minutes))
