"""What programs on targets print, and where it belongs."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.identity import UnitId


class Stream(StrEnum):
    """Where it was printed.

    ``output`` has both standard output and standard error of a program, in their order, where the target keeps them
    together; ``errors`` is standard error alone. ``note`` is what the controller itself says of it.
    """

    OUTPUT = "output"
    ERRORS = "errors"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The step that something is run for: ``step`` is its place in the plan, from 0.

    ``secrets`` are the references of all secrets that the unit may have on its targets: none of their values is kept.
    """

    unit: UnitId
    rollout: str
    plan: str
    step: int
    secrets: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A piece of what was printed for one step on one target, in the order of ``number``.

    ``start`` is where it begins in all that was printed there, and ``size`` how long it is there, in bytes: where the
    one before ends earlier, what was between them is left out. ``text`` is cut anywhere between two characters.
    """

    number: int
    rollout: str
    plan: str
    step: int
    target: str
    stream: Stream
    at: datetime
    start: int
    size: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which pieces of a unit's are asked for; None and empty ask for any. ``after`` is a number, ``since`` a time."""

    unit: UnitId
    rollout: str = ""
    step: int | None = None
    target: str = ""
    since: datetime | None = None
    after: int = 0
