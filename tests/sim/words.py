"""Words that people say, one of each, about one unit and about everything."""

from datetime import timedelta

from reconciler.model.access import Action, Login, Scope
from reconciler.model.governance import GateKind
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
from tests.factory import NOW, SHOP

LATER = NOW + timedelta(hours=1)


def asked(plan: str) -> ApprovalAsked:
    """Return that the plan waits for people."""
    return ApprovalAsked(unit=SHOP, plan=plan, policies=("two",), at=NOW)


def given(plan: str, author: str = "ann") -> ApprovalGiven:
    """Return that somebody consents to the plan."""
    return ApprovalGiven(unit=SHOP, plan=plan, author=author, roles=("sre",), login=Login.LOCAL, at=NOW)


WORDS: tuple[Word, ...] = (
    asked("p1"),
    asked("p2"),
    given("p1"),
    given("p2", "bob"),
    ApprovalRefused(unit=SHOP, plan="p1", author="ann", reason="no", at=NOW),
    ApprovalReminded(unit=SHOP, plan="p1", policy="two", at=NOW),
    ApprovalEscalated(unit=SHOP, plan="p1", policy="two", roles=("lead",), at=NOW),
    Delegated(author="ann", roles=("sre",), to="bob", until=LATER, reason="away", at=NOW),
    DelegationEnded(author="ann", to="bob", at=NOW),
    Waived(id="w1", unit=SHOP, gates=(GateKind.WINDOW,), author="ann", reason="fire", until=LATER, at=NOW),
    WaiverReviewed(id="w1", unit=SHOP, author="bob", finding="right", at=NOW),
    Locked(unit=SHOP, environment="production", author="ann", reason="x", at=NOW),
    Locked(unit=None, environment="production", author="ann", reason="x", at=NOW, until=LATER),
    Unlocked(unit=SHOP, environment="production", author="bob", reason="", at=NOW),
    Unlocked(unit=None, environment="production", author="bob", reason="", at=NOW),
    TurnedAway(unit=SHOP, digest="d1", policy="one", beside=("cart@production",), at=NOW),
    TurnedAway(unit=SHOP, digest="d2", policy="one", beside=("till@production",), at=NOW),
    FactorUsed(person="ann", step=7, at=NOW),
    FactorUsed(person="ann", step=8, at=NOW),
    TokenIssued(
        id="t1", name="ci", digest="0" * 64, author="ann", at=NOW, until=LATER, scope=Scope(actions=(Action.SYNC,))
    ),
    TokenRevoked(id="t1", author="ann", at=NOW),
    AccessRefused(name="eve", login="token", action="approve", unit=SHOP, reason="no role", at=NOW),
    AccessRefused(name="", login="token", action="read", unit=None, reason="unknown token", at=NOW),
)
