"""What we learnt about a unit's desired state, and the states that are worth going back to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.canonical import Digest
from reconciler.model.identity import UnitId
from reconciler.model.resource import Resource
from reconciler.model.unit import Unit


class Verdict(StrEnum):
    """Good: rolled out and healthy. Bad: failed; quarantined. Unknown: not tried, or retried by a person."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRecord:
    """The verdict on (unit, digest), with the reason a person reads and the commit it came with.

    ``asked_by`` is who wanted it tried again, until it is given anew.
    """

    unit: UnitId
    digest: Digest
    verdict: Verdict
    reason: str
    commit: str
    at: datetime
    asked_by: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A unit that was good: rendered resources and all; its contents are kept in the store."""

    unit: Unit
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """A resource that we have applied or found as it should be, as it was asked for then.

    ``created`` says that it was absent before us; only such resources are ever deleted. ``before`` are paths of which
    the host keeps what was there when we took it over; those are put back instead. The digest of ``resource`` tells
    drift from a new commit. Where we are not ``sure``, our change may not have reached the target: what is there is no
    stranger's then, but it is no drift, and ours to take away only where a part of the change is known to have been
    done (``created``).
    """

    resource: Resource
    created: bool
    before: tuple[str, ...] = ()
    sure: bool = True

    @property
    def brought(self) -> bool:
        """Whether it is ours to take away again: we made it, or took it over and can put back what was there."""
        return self.created or bool(self.before)
