"""Locks: which keep a unit, for how long, and who is told to have taken them."""

from datetime import timedelta

import pytest

from reconciler.model.governance import GateKind, GateState, GateWord
from reconciler.model.identity import UnitId
from reconciler.model.word import Locked, Unlocked, Word
from reconciler.policy.in_force import in_force
from reconciler.policy.locks import gates
from reconciler.policy.waiving import unless_waived
from tests.factory import NOW, SHOP
from tests.policy.waivers import waived

HOUR = timedelta(hours=1)


def locked(unit: UnitId | None, environment: str = "", *, hours: int | None = None) -> Locked:
    until = NOW + hours * HOUR if hours else None
    return Locked(unit=unit, environment=environment, author="ann", reason="audit", at=NOW, until=until)


@pytest.mark.parametrize(
    ("lock", "detail"),
    [
        (
            locked(SHOP),
            (
                "shop@production is locked by ann since 2026-03-01 12:00 UTC, until it is unlocked: audit; "
                "to end it: reconciler unlock shop@production"
            ),
        ),
        (
            locked(None, "production", hours=2),
            (
                "production is locked by ann since 2026-03-01 12:00 UTC, until 2026-03-01 14:00 UTC: audit; "
                "to end it: reconciler unlock --environment production"
            ),
        ),
    ],
)
def test_who_locked_it_since_when_and_how_to_end_it_is_told(lock, detail):
    name = detail.partition(" ")[0]
    assert gates(SHOP, [lock], NOW) == (
        GateState(kind=GateKind.LOCK, name=name, stands=GateWord.PENDING, detail=detail, until=lock.until),
    )


@pytest.mark.parametrize(
    "lock", [locked(UnitId("shop", "staging")), locked(None, "staging"), locked(UnitId("cart", "production"))]
)
def test_a_lock_elsewhere_keeps_nothing(lock):
    assert gates(SHOP, [lock], NOW) == ()


def test_a_lock_runs_out_at_its_last_moment():
    lock = locked(SHOP, hours=1)
    assert gates(SHOP, [lock], NOW + HOUR - timedelta(microseconds=1))
    assert not gates(SHOP, [lock], NOW + HOUR)


def test_a_stale_lock_is_taken_away_by_anybody_who_may():
    words: tuple[Word, ...] = in_force((), locked(None, "production"))
    assert gates(SHOP, words, NOW + timedelta(days=400))
    words = in_force(words, Unlocked(unit=None, environment="production", author="ben", reason="stale", at=NOW))
    assert not gates(SHOP, words, NOW)


def test_a_lock_can_be_waived_in_an_emergency_and_says_whose_it_was():
    (gate,) = gates(SHOP, [locked(SHOP)], NOW)
    passed = unless_waived(gate, [waived(GateKind.LOCK, until=NOW + HOUR)], NOW)
    assert passed.stands is GateWord.WAIVED
    assert passed.until == NOW + HOUR
    assert passed.detail.startswith("waived by eve (it burns): shop@production is locked by ann")
    assert unless_waived(gate, [waived(GateKind.WINDOW, until=NOW + HOUR)], NOW) == gate
    assert unless_waived(gate, [waived(GateKind.LOCK, until=NOW)], NOW) == gate
