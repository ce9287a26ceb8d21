"""Which of the words that people said are still in force after one more: the rule of every journal. Pure."""

from datetime import datetime, timedelta
from typing import assert_never

from reconciler.model.word import (
    AccessRefused,
    ApprovalAsked,
    ApprovalEscalated,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalReminded,
    Delegated,
    DelegationEnded,
    FactorUsed,
    Locked,
    TokenIssued,
    TokenRevoked,
    TurnedAway,
    Unlocked,
    Waived,
    WaiverReviewed,
    Word,
)

_ABOUT_PLANS = (ApprovalAsked, ApprovalGiven, ApprovalRefused, ApprovalReminded, ApprovalEscalated)
KEPT_PLANS = 5
"""A plan that is made again after others (a target was away for a moment) finds what was said of it."""

TOKENS_SHOWN = timedelta(days=30)
"""So long a token that has ended is still told of; who makes one a day would otherwise have them all for ever."""


def in_force(before: tuple[Word, ...], word: Word) -> tuple[Word, ...]:  # noqa: C901, PLR0911 - a case a word
    """Return what is in force of the same unit (or of everything) after the word; what has only run out stays."""
    match word:
        case ApprovalAsked():
            if any(isinstance(each, ApprovalAsked) and each.plan == word.plan for each in before):
                return before
            plans = [each.plan for each in before if isinstance(each, ApprovalAsked)][-(KEPT_PLANS - 1) :]
            # Who has read the plan before anybody was asked (in a pull request) has consented all the same.
            plans.append(word.plan)
            kept = [each for each in before if not isinstance(each, _ABOUT_PLANS) or each.plan in plans]
            return (*kept, word)
        case ApprovalGiven() | ApprovalRefused() | ApprovalReminded() | ApprovalEscalated() | Waived():
            return (*before, word)
        case Delegated() | DelegationEnded():
            rest = (each for each in before if not (isinstance(each, Delegated) and _same(each, word)))
            return (*rest, word) if isinstance(word, Delegated) else tuple(rest)
        case WaiverReviewed():
            return tuple(each for each in before if not (isinstance(each, Waived) and each.id == word.id))
        case Locked() | Unlocked():
            rest = (each for each in before if not (isinstance(each, Locked) and each.environment == word.environment))
            return (*rest, word) if isinstance(word, Locked) else tuple(rest)
        case TurnedAway():
            rest = (each for each in before if not (isinstance(each, TurnedAway) and each.policy == word.policy))
            return (*rest, word)
        case FactorUsed():
            return (
                *(each for each in before if not (isinstance(each, FactorUsed) and each.person == word.person)),
                word,
            )
        case TokenIssued():
            return (*(each for each in before if not _long_over(each, word.at)), word)
        case TokenRevoked():
            return tuple(each for each in before if not (isinstance(each, TokenIssued) and each.id == word.id))
        case AccessRefused():
            return before
        case _:
            assert_never(word)


def asked_anew(before: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return what is in force of a unit after a rollout has begun, or somebody wanted another try.

    What people consented to, and were refused, was that one rollout: they are asked from the beginning for another.
    """
    return tuple(each for each in before if not isinstance(each, (*_ABOUT_PLANS, TurnedAway)))


def _long_over(word: Word, now: datetime) -> bool:
    return isinstance(word, TokenIssued) and word.until is not None and word.until + TOKENS_SHOWN < now


def _same(one: Delegated, other: Delegated | DelegationEnded) -> bool:
    return (one.author, one.to) == (other.author, other.to)
