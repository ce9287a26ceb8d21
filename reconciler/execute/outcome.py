"""How a transaction on one target ended, as far as anybody knows. Pure."""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.ports.errors import Halfway, Stale, Unreachable, WorldError


@dataclass(frozen=True, slots=True)
class Changed:
    """It was done."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It was not done, and trying again would not help."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """Nobody knows: it may be done, not done, or still under way. The target has to be looked at again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Outdated:
    """It was not done, because somebody else has changed the target since the plan was made."""

    reason: str


@dataclass(frozen=True, slots=True)
class Partly:
    """A part of it was done and stays; trying again would not help with the rest."""

    reason: str


Outcome: TypeAlias = Changed | Failed | Partly | Unsure | Outdated


def outcome(error: WorldError) -> Outcome:
    """Return what an error says of the transaction it ended. A connection that is lost is no failure."""
    match error:
        case Unreachable():
            return Unsure(str(error))
        case Halfway():
            return Partly(str(error))
        case Stale():
            return Outdated(str(error))
        case _:
            return Failed(str(error))
