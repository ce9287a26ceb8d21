"""When what was healed may be healed again."""

from datetime import timedelta

import pytest

from reconciler.model.standing import Heals, UnitStanding
from reconciler.policy.drift import A_FIGHT, QUIET, common, fighting, healed_again, in_words, next_heal
from tests import factory as f

SECOND = timedelta(seconds=1)
THING = f.thing("/a").id


def heals(count):
    return Heals(count=count, since=f.NOW, last=f.NOW, fields=("content",))


@pytest.mark.parametrize(("count", "wait"), [(1, 2), (2, 6), (3, 18), (4, 54), (5, 162), (6, 300), (90, 300)])
def test_the_waits_grow_from_two_seconds_to_five_minutes(count, wait):
    assert next_heal(heals(count), f.NOW + (wait - 1) * SECOND) == f.NOW + wait * SECOND
    assert next_heal(heals(count), f.NOW + wait * SECOND) is None


def test_the_first_heal_is_made_at_once():
    assert next_heal(None, f.NOW) is None


def test_after_a_quiet_time_the_counting_begins_anew():
    again = healed_again(heals(7), ("mode",), f.NOW + QUIET - SECOND)
    assert (again.count, again.since, again.fields) == (8, f.NOW, ("mode",))
    anew = healed_again(heals(7), ("mode",), f.NOW + QUIET)
    assert (anew.count, anew.since) == (1, f.NOW + QUIET)


@pytest.mark.parametrize(
    ("count", "later", "is_one"),
    [(A_FIGHT - 1, SECOND, False), (A_FIGHT, SECOND, True), (A_FIGHT, QUIET, False)],
)
def test_a_fight_is_told_from_the_third_heal_until_it_is_quiet(count, later, is_one):
    known = UnitStanding(unit=f.SHOP, heals={THING: heals(count)})
    assert bool(fighting(known, f.NOW + later)) is is_one


def test_what_was_taken_away_each_time_is_told_so():
    gone = Heals(count=4, since=f.NOW, last=f.NOW + 190 * SECOND)
    assert (
        in_words(THING, gone)
        == "thing:/a on web-1 was healed 4 times in 3m10s and drifted again: taken away by somebody else"
    )


@pytest.mark.parametrize(
    ("drifted", "hosts", "expected"),
    [
        (["a/file:/x"] * 4, 4, None),
        (["a/file:/x"] * 5, 10, None),
        (["a/file:/x"] * 6 + ["a/file:/y"] * 2, 10, ("file:/x", 6)),
        ([], 10, None),
    ],
)
def test_what_most_targets_lost_is_found(drifted, hosts, expected):
    assert common(drifted, dict.fromkeys(("file:/x", "file:/y"), hosts)) == expected
