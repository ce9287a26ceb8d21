"""What a change has to have had: the rules of a pack, as they are written."""

from dataclasses import dataclass
from enum import StrEnum


class Over(StrEnum):
    """What a rule is asked about: each change, or the journal that tells of them."""

    CHANGES = "changes"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Its conditions are CEL over ``change`` or ``journal``; empty ones do not matter.

    ``applies`` says about which it is asked at all, ``unknown`` when nobody can tell whether ``rule`` was kept, and
    ``because`` (a text) why it was not. ``controls`` are what it gives evidence for; ``at_least`` is which part of what
    it is asked about has to keep it, from 0 to 1.
    """

    name: str
    title: str
    controls: tuple[str, ...]
    over: Over
    rule: str
    applies: str = ""
    unknown: str = ""
    because: str = ""
    at_least: float = 1.0


@dataclass(frozen=True, slots=True)
class Pack:
    """Rules that are checked together, in the order in which they are told."""

    name: str
    title: str
    rules: tuple[Rule, ...]
