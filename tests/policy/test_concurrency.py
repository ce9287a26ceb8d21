"""How many rollouts may go on at once: as a table, and that a limit is never passed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import Cause
from reconciler.model.governance import Concurrency, GateWord, Governance, OnConflict
from reconciler.model.identity import UnitId
from reconciler.model.word import TurnedAway, Word
from reconciler.policy.concurrency import Turn, turns
from reconciler.policy.in_force import asked_anew, in_force
from tests.factory import NOW
from tests.plan.travel import case, plan_of

LIMIT = Concurrency(name="one", at_most=1, over="environment")
UNITS = [UnitId(app, environment) for app in ("cart", "shop", "till") for environment in ("production", "staging")]
SHOP = UnitId("shop", "production")


PLAN = plan_of(case({"strategy": {"rolling": {}}, "targets": 2}))


def turn(*in_hand: str, words: tuple[Word, ...] = (), ready: bool = True, cause: Cause = Cause.COMMIT) -> Turn:
    units = frozenset(map(UnitId.parse, in_hand))
    return Turn(plan=replace(PLAN, cause=cause), in_hand=units, words=words, now=NOW, ready=ready)


def stands(limit: Concurrency, in_hand: list[str], matched: list[UnitId] | None = None) -> tuple[GateWord, str]:
    governance = {unit: Governance(concurrency=(limit,)) for unit in matched or UNITS}
    ((gate, word),) = turns(turn(*in_hand), governance)
    assert word is None
    return gate.stands, gate.detail


@pytest.mark.parametrize(
    ("over", "at_most", "in_hand", "word", "detail"),
    [
        ("environment", 1, [], GateWord.OPEN, "0 of 1 at once in hand"),
        ("environment", 1, ["cart@staging", "shop@staging"], GateWord.OPEN, "0 of 1 at once in hand"),
        ("environment", 1, ["cart@production"], GateWord.PENDING, "waits for cart@production (one: 1 at once)"),
        ("environment", 2, ["cart@production"], GateWord.OPEN, "1 of 2 at once in hand"),
        ("app", 1, ["cart@production"], GateWord.OPEN, "0 of 1 at once in hand"),
        ("app", 1, ["shop@staging"], GateWord.PENDING, "waits for shop@staging (one: 1 at once)"),
        ("all", 1, ["cart@staging"], GateWord.PENDING, "waits for cart@staging (one: 1 at once)"),
        (
            "all",
            2,
            ["till@staging", "till@production", "cart@staging", "cart@production"],
            GateWord.PENDING,
            "waits for cart@production, cart@staging, till@production and 1 more (one: 2 at once)",
        ),
    ],
)
def test_what_others_leave_room_for(over, at_most, in_hand, word, detail):
    limit = Concurrency(name="one", at_most=at_most, over=over)
    assert stands(limit, in_hand) == (word, detail)


def test_what_the_policy_does_not_speak_of_takes_no_place():
    assert stands(LIMIT, ["cart@production"], matched=[SHOP])[0] is GateWord.OPEN


NEVER = Concurrency(name="one", at_most=1, over="all", on_conflict=OnConflict.FAIL)
REFUSED = (
    "refused beside cart@production (one: 1 at once); until another commit, or reconciler retry shop@production "
    "--reason TEXT"
)


def refuses(at: Turn) -> tuple[GateWord, str, TurnedAway | None]:
    ((gate, word),) = turns(at, {unit: Governance(concurrency=(NEVER,)) for unit in UNITS})
    return gate.stands, gate.detail, word


def test_what_comes_beside_others_can_be_refused_instead_and_stays_so_when_they_have_ended():
    stood, detail, word = refuses(turn("cart@production"))
    assert (stood, detail) == (GateWord.CLOSED, REFUSED)
    assert word == TurnedAway(unit=SHOP, digest=PLAN.unit.digest, policy="one", beside=("cart@production",), at=NOW)
    words = in_force((), word)
    assert refuses(turn(words=words)) == (GateWord.CLOSED, REFUSED, None)
    assert refuses(turn("till@staging", words=words)) == (GateWord.CLOSED, REFUSED, None)


def test_what_was_refused_is_free_again_with_another_commit_and_with_a_retry():
    words = in_force((), TurnedAway(unit=SHOP, digest="another", policy="one", beside=("cart@production",), at=NOW))
    assert refuses(turn(words=words))[0] is GateWord.OPEN
    mine = in_force(words, replace(words[0], digest=PLAN.unit.digest))
    assert len(mine) == 1
    assert refuses(turn(words=mine))[0] is GateWord.CLOSED
    assert refuses(turn(words=asked_anew(mine)))[0] is GateWord.OPEN


def test_nothing_is_refused_that_would_not_begin_anyway():
    assert refuses(turn("cart@production", ready=False))[::2] == (GateWord.PENDING, None)


@pytest.mark.parametrize("cause", [Cause.DRIFT, Cause.REVERT])
def test_a_heal_and_a_way_back_wait_for_their_turn_and_are_never_refused(cause):
    assert refuses(turn("cart@production", cause=cause))[::2] == (GateWord.PENDING, None)


def test_a_unit_without_a_limit_has_no_gate():
    assert list(turns(turn(*map(str, UNITS)), {})) == []


@given(st.sets(st.sampled_from(UNITS)), st.integers(1, 3), st.sampled_from(["environment", "app", "all"]))
def test_there_is_room_exactly_where_fewer_than_that_are_in_hand(in_hand, at_most, over):
    limit = Concurrency(name="one", at_most=at_most, over=over)
    word, _ = stands(limit, [str(each) for each in in_hand])
    key = {"environment": lambda each: each.environment, "app": lambda each: each.app, "all": lambda _: ""}[over]
    beside = [each for each in in_hand if each != SHOP and key(each) == key(SHOP)]
    assert (word is GateWord.OPEN) == (len(beside) < at_most)
