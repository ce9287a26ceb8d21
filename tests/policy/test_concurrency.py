"""How many rollouts may go on at once: as a table, and that a limit is never passed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.governance import Concurrency, GateWord, Governance, OnConflict
from reconciler.model.identity import UnitId
from reconciler.policy.concurrency import gates

LIMIT = Concurrency(name="one", at_most=1, over="environment")
UNITS = [UnitId(app, environment) for app in ("cart", "shop", "till") for environment in ("production", "staging")]
SHOP = UnitId("shop", "production")


def stands(limit: Concurrency, in_hand: list[str], matched: list[UnitId] | None = None) -> tuple[GateWord, str]:
    governance = {unit: Governance(concurrency=(limit,)) for unit in matched or UNITS}
    (gate,) = gates(SHOP, governance, map(UnitId.parse, in_hand))
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


def test_what_comes_beside_others_can_be_refused_instead():
    limit = Concurrency(name="one", at_most=1, over="all", on_conflict=OnConflict.FAIL)
    word, detail = stands(limit, ["cart@production"])
    assert word is GateWord.CLOSED
    assert detail.startswith("refused beside cart@production (one: 1 at once)")


def test_a_unit_without_a_limit_has_no_gate():
    assert gates(SHOP, {}, UNITS) == ()


@given(st.sets(st.sampled_from(UNITS)), st.integers(1, 3), st.sampled_from(["environment", "app", "all"]))
def test_there_is_room_exactly_where_fewer_than_that_are_in_hand(in_hand, at_most, over):
    limit = Concurrency(name="one", at_most=at_most, over=over)
    word, _ = stands(limit, [str(each) for each in in_hand])
    key = {"environment": lambda each: each.environment, "app": lambda each: each.app, "all": lambda _: ""}[over]
    beside = [each for each in in_hand if each != SHOP and key(each) == key(SHOP)]
    assert (word is GateWord.OPEN) == (len(beside) < at_most)
