"""What people said is in force until somebody ends it."""

from datetime import UTC, datetime, timedelta
from functools import reduce

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from reconciler.model.word import ApprovalAsked, ApprovalGiven, TokenIssued, Word
from reconciler.policy.in_force import KEPT_PLANS, asked_anew, in_force
from tests.sim.words import WORDS, asked, given

BY_NAME = {type(each).__name__ + getattr(each, "plan", "") + str(getattr(each, "step", "")): each for each in WORDS}


def said(*names: str) -> tuple[Word, ...]:
    """Return what is in force after these words."""
    return reduce(in_force, (BY_NAME[name] for name in names), ())


@pytest.mark.parametrize(
    ("story", "left"),
    [
        (["ApprovalAskedp1", "ApprovalAskedp1"], ["ApprovalAskedp1"]),
        (["ApprovalAskedp1", "ApprovalGivenp1", "Unlocked"], ["ApprovalAskedp1", "ApprovalGivenp1"]),
        (["ApprovalGivenp1", "ApprovalAskedp1"], ["ApprovalGivenp1", "ApprovalAskedp1"]),
        (["ApprovalGivenp1", "ApprovalAskedp2"], ["ApprovalAskedp2"]),
        (["Delegated", "DelegationEnded"], []),
        (["Waived", "WaiverReviewed"], []),
        (["TokenIssued", "TokenRevoked"], []),
        (["FactorUsed7", "FactorUsed8"], ["FactorUsed8"]),
        (["AccessRefused"], []),
        (["Unlocked"], []),
    ],
)  # fmt: skip
def test_what_is_left_of_what_was_said(story: list[str], left: list[str]) -> None:
    assert said(*story) == tuple(BY_NAME[name] for name in left)


def test_a_plan_that_comes_back_soon_finds_its_approval_and_one_that_was_long_ago_does_not() -> None:
    after = reduce(in_force, (asked("p0"), given("p0")), ())
    for number in range(1, KEPT_PLANS + 1):
        assert any(isinstance(each, ApprovalGiven) for each in after)
        after = in_force(after, asked(f"p{number}"))
    assert [each.plan for each in after if isinstance(each, ApprovalAsked)] == [
        f"p{number}" for number in range(1, KEPT_PLANS + 1)
    ]
    assert not any(isinstance(each, ApprovalGiven) for each in after)


def test_a_token_that_ended_long_ago_is_forgotten_when_another_is_made() -> None:
    start = datetime(2026, 11, 21, tzinfo=UTC)

    def token(day: int) -> TokenIssued:
        at = start + timedelta(days=day)
        return TokenIssued(id=f"t{day}", name="ci", digest="", author="ann", at=at, until=at + timedelta(days=1))

    for_ever = TokenIssued(id="ever", name="ci", digest="", author="ann", at=start, until=None)
    after = reduce(in_force, map(token, range(100)), (for_ever,))
    assert [each.id for each in after if isinstance(each, TokenIssued)] == [
        "ever",
        *(f"t{day}" for day in range(68, 100)),
    ]


@over(st.lists(st.sampled_from(WORDS), max_size=12))
def test_nothing_is_in_force_that_nobody_said(words: list[Word]) -> None:
    after = reduce(in_force, words, ())
    assert set(map(repr, after)) <= set(map(repr, words))


def test_who_wants_another_try_has_people_asked_from_the_beginning() -> None:
    kept = {type(each).__name__ for each in asked_anew(WORDS)}
    assert not {name for name in kept if name.startswith("Approval")}
    assert {"Delegated", "Waived", "Locked", "FactorUsed", "TokenIssued"} <= kept
