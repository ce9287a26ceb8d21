"""Stage 5. Gate, evidence and the time in; open, closed or pending with the reason out. Pure.

A gate is a question that must be answered yes before a rollout goes on. No gate stays pending for ever: each has an
end of its own, or a deadline at which it closes.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.model.health import CheckProgress

_NAMED = 8
"""So many targets are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Open:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Closed:
    """It will not open any more; ``reason`` says what it waited for in vain."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """Ask again then."""

    until: datetime


Gate: TypeAlias = Open | Closed | Pending


def bake(started_at: datetime, duration: timedelta, now: datetime) -> Open | Pending:
    """Open once the duration has passed since the start."""
    over = started_at + duration
    return Open() if now >= over else Pending(over)


def health(undecided: Sequence[CheckProgress], deadline: datetime | None, now: datetime) -> Gate:
    """Open when no check is undecided, closed when some still are at the deadline."""
    if not undecided:
        return Open()
    next_at = min(progress.next_at for progress in undecided)
    if deadline is None:
        return Pending(next_at)
    if now >= deadline:
        return Closed("; ".join(f"{one.target}: {one.detail or 'no answer yet'}" for one in undecided))
    return Pending(min(next_at, deadline))


def available(may_be_down: int | None, failed: Set[str], unseen: Set[str], taken: Set[str]) -> Open | Closed:
    """Open when no more targets are out of service than may be. Those that nobody could see count as being so."""
    down = failed | unseen | taken
    if may_be_down is None or len(down) <= may_be_down:
        return Open()
    parts = [f"this batch ({len(taken)}: {_some(taken)})"]
    parts += [f"{len(failed)} that failed ({_some(failed)})"] if failed else []
    parts += [f"{len(unseen)} that could not be seen ({_some(unseen)})"] if unseen else []
    return Closed(f"{len(down)} targets would be out of service at once, {may_be_down} may be: {' and '.join(parts)}")


def _some(names: Set[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:_NAMED]) + (f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else "")
