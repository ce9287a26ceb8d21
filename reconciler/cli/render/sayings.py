"""What people said about plans, gates and each other, in words."""

from typing import assert_never

from reconciler.control.phrases import listed
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


def saying(word: Word) -> str:  # noqa: PLR0911 - a line a word
    """Return a word on one line."""
    match word:
        case ApprovalAsked() | ApprovalReminded() | ApprovalEscalated():
            return _asked(word)
        case ApprovalGiven():
            instead = f" instead of {word.instead_of}" if word.instead_of else ""
            factor = " with a second factor" if word.factor else ""
            return f"{word.unit}: plan {word.plan} approved by {word.author}{instead}{factor}{_why(word.reason)}"
        case ApprovalRefused():
            return f"{word.unit}: plan {word.plan} rejected by {word.author}{_why(word.reason)}"
        case TurnedAway():
            return f"{word.unit}: refused by {word.policy} beside {listed(word.beside, 3)}"
        case Waived() | WaiverReviewed():
            return _waived(word)
        case Locked() | Unlocked():
            what = word.unit or f"environment {word.environment}"
            if isinstance(word, Unlocked):
                return f"{what} unlocked by {word.author}{_why(word.reason)}"
            until = f" until {word.until:%Y-%m-%d %H:%M} UTC" if word.until else ""
            return f"{what} locked by {word.author}{until}{_why(word.reason)}"
        case _:
            return _of_people(word)


def _why(reason: str) -> str:
    return f": {reason}" if reason else ""


def _asked(word: ApprovalAsked | ApprovalReminded | ApprovalEscalated) -> str:
    match word:
        case ApprovalAsked():
            return f"{word.unit}: plan {word.plan} waits for approval ({listed(word.policies, 3)})"
        case ApprovalReminded():
            return f"{word.unit}: plan {word.plan} still waits for approval ({word.policy})"
        case ApprovalEscalated():
            return f"{word.unit}: plan {word.plan} may be approved by {listed(word.roles, 3)} too ({word.policy})"


def _waived(word: Waived | WaiverReviewed) -> str:
    if isinstance(word, WaiverReviewed):
        return f"{word.unit}: waiver {word.id} reviewed by {word.author}: {word.finding}"
    glass = "BREAK GLASS: " if word.emergency else ""
    gates = listed([each.value for each in word.gates], 5)
    return f"{glass}{word.unit}: {gates} waived by {word.author} until {word.until:%Y-%m-%d %H:%M} UTC: {word.reason}"


def _of_people(
    word: Delegated | DelegationEnded | FactorUsed | TokenIssued | TokenRevoked | AccessRefused,
) -> str:
    match word:
        case Delegated():
            until = f"{word.until:%Y-%m-%d %H:%M} UTC"
            return f"{word.author} lets {word.to} approve in their place until {until}{_why(word.reason)}"
        case DelegationEnded():
            return f"{word.author} no longer lets {word.to} approve in their place"
        case FactorUsed():
            return f"{word.person} showed a second factor"
        case TokenIssued():
            return f"token {word.id} made for {word.name} by {word.author}"
        case TokenRevoked():
            return f"token {word.id} revoked by {word.author}"
        case AccessRefused():
            return f"refused to {word.name or 'somebody'} ({word.login}): {word.action} {word.unit or ''}".rstrip() + (
                f": {word.reason}"
            )
        case _:
            assert_never(word)
