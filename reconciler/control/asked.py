"""Who asks for something, and what was found out about them and what they ask for, before it is ruled on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.access import Identity
from reconciler.model.governance import FREE, Governance
from reconciler.model.plan import Plan
from reconciler.model.verdict import Snapshot
from reconciler.policy.persons import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What going back needs to know of a unit.

    ``states`` are the good ones that are kept, newest first. ``tried`` are the plans of rollouts that never got good
    and are, or may be, on targets.
    """

    states: Sequence[Snapshot] = ()
    tried: Sequence[Plan] = ()


NO_PAST = Past()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who lets another approve in their place, with the roles that Git gives them over the unit now."""

    name: str
    roles: tuple[str, ...]
    emails: tuple[str, ...] = ()

    @property
    def person(self) -> Person:
        """By what they are told from others."""
        return Person(self.name, self.emails)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody who asks, and when.

    ``id`` and ``secret`` are new: for what is made (a waiver, a token). ``roles`` are those that Git gives them over
    the unit, ``instead_of`` those who let them approve in their place and may; ``factor`` whether they showed a second
    factor, ``may_approve`` whether they have the right to approve there. ``governance`` is that of the unit,
    ``authors`` are the e-mail addresses of those who wrote the commits that wait there.
    """

    who: Identity
    at: datetime
    id: str
    secret: bytes = field(default=b"", repr=False)
    roles: tuple[str, ...] = ()
    instead_of: tuple[Principal, ...] = ()
    factor: bool = False
    may_approve: bool = False
    governance: Governance = FREE
    authors: frozenset[str] = frozenset()
    past: Past = NO_PAST

    @property
    def author(self) -> str:
        """The name that is written down."""
        return self.who.name
