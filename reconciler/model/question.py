"""What people ask of the record, and the entries that answer, with what they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.chain import Linked
from reconciler.model.event import Event
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout
from reconciler.model.word import ApprovalGiven


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which entries are asked for; what is empty or None is not looked at.

    ``since`` is within, ``until`` is not. ``text`` is found anywhere in what is stored, in any case of ASCII letters.
    ``below`` and ``above`` are numbers of entries that are not wanted any more: for the next part of a long answer.
    What is below is what comes after that entry in the order of the answer, newest first by time, then by number.
    """

    unit: str = ""
    environment: str = ""
    actor: str = ""
    outcome: str = ""
    type: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    below: int | None = None
    above: int | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it is stored, and what it says; ``event`` is None where this version cannot read it."""

    linked: Linked
    event: Event | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Entries that fit. ``looked_through`` is False where there were too many to look for the text in all of them."""

    entries: tuple[Stored, ...]
    looked_through: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """What entries belong to: rollouts and plans by id; who consented, and which policies asked, by id of the plan."""

    rollouts: Mapping[str, Rollout] = field(default_factory=dict)
    plans: Mapping[str, Plan] = field(default_factory=dict)
    consents: Mapping[str, tuple[ApprovalGiven, ...]] = field(default_factory=dict)
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
