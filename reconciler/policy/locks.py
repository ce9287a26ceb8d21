"""Whether a person keeps a unit, or all of its environment, from being changed. Pure."""

from collections.abc import Sequence
from datetime import datetime

from reconciler.model.governance import GateKind, GateState, GateWord
from reconciler.model.identity import UnitId
from reconciler.model.word import Locked, Word


def gates(unit: UnitId, words: Sequence[Word], now: datetime) -> tuple[GateState, ...]:
    """Return a shut gate for each lock that keeps the unit. ``words`` are those about it and about everything."""
    return tuple(_gate(each) for each in locks(unit, words, now))


def locks(unit: UnitId, words: Sequence[Word], now: datetime) -> tuple[Locked, ...]:
    """Return the locks on the unit and on its environment that have not run out, the oldest first."""
    found = (each for each in words if isinstance(each, Locked) and _is_on(each, unit))
    return tuple(sorted((each for each in found if each.until is None or now < each.until), key=lambda each: each.at))


def keeps(lock: Locked) -> str:
    """Return what a lock keeps: a unit, or the name of an environment."""
    return str(lock.unit) if lock.unit else lock.environment


def key(lock: Locked) -> str:
    """Return the command that ends a lock, whoever took it."""
    return f"reconciler unlock {lock.unit or f'--environment {lock.environment}'}"


def in_words(lock: Locked) -> str:
    """Return what is locked, by whom, since when and until when, and why."""
    until = f"until {lock.until:%Y-%m-%d %H:%M} UTC" if lock.until else "until it is unlocked"
    return f"{keeps(lock)} is locked by {lock.author} since {lock.at:%Y-%m-%d %H:%M} UTC, {until}: {lock.reason}"


def _is_on(lock: Locked, unit: UnitId) -> bool:
    return lock.unit == unit or (lock.unit is None and lock.environment == unit.environment)


def _gate(lock: Locked) -> GateState:
    return GateState(
        kind=GateKind.LOCK,
        name=keeps(lock),
        stands=GateWord.PENDING,
        detail=f"{in_words(lock)}; to end it: {key(lock)}",
        until=lock.until,
    )
