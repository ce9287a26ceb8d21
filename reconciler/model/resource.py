"""What shall be on a target, and what was seen there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from reconciler.model.canonical import Digest, Json, digest
from reconciler.model.content import Content
from reconciler.model.ground import Ground
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.traffic import Route


class DriftMode(StrEnum):
    """What happens to a difference that no commit of ours asked for."""

    HEAL = "heal"
    REPORT = "report"
    HOLD = "hold"


class PruneMode(StrEnum):
    """What happens to a resource of ours that a unit no longer names. Confirm: a person has to accept it first."""

    DELETE = "delete"
    KEEP = "keep"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing on one target as it shall be: fully rendered, nothing left to choose.

    ``attributes`` is what is compared with an observation, field by field; a field that is not there is not managed.
    ``contents`` holds the bytes the attributes speak of, by attribute name. ``depends_on`` and ``restart_on`` are refs
    (``kind:name``) of resources of the same unit on the same target. ``ignore`` lists attribute paths
    (dotted) whose differences do not count. ``adopt`` lets it take the place of a content that is not ours; ``prune``
    is what happens to it when it is no longer asked for, None leaves that to the policy. ``slot`` is the one of the
    app's slots that it belongs to; empty when it is there for all of them. A change of it is guarded whatever the
    policy says with ``guard``. ``when`` is a condition in CEL: while it is not so, the resource is left as it is.
    """

    id: ResourceId
    attributes: Mapping[str, Json]
    contents: Mapping[str, Content] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    restart_on: tuple[str, ...] = ()
    drift: DriftMode | None = None
    ignore: tuple[str, ...] = ()
    adopt: bool = False
    prune: PruneMode | None = None
    slot: str = ""
    guard: bool = False
    when: str = ""

    @property
    def digest(self) -> Digest:
        """Digest of what is to be there: the attributes, and what it is restarted for."""
        only = {"when": self.when} if self.when else {}
        return digest({"attributes": self.attributes, "restartOn": sorted(self.restart_on), **only})


@dataclass(frozen=True, slots=True)
class Present:
    """It is there and looks so. ``attributes`` has the fields of the kind, whether managed or not.

    ``status`` is what it says of itself and nobody asked for (replicas that are ready, the digest of an image): it is
    shown and may be asked for, is compared with nothing, and makes no plan stale.
    """

    attributes: Mapping[str, Json]
    status: Mapping[str, Json] = field(default_factory=dict)
    state: Literal["present"] = "present"


@dataclass(frozen=True, slots=True)
class Absent:
    """We looked, and it is not there."""

    state: Literal["absent"] = "absent"


@dataclass(frozen=True, slots=True)
class Unknown:
    """We could not look. Never treated as Absent: nothing is created, pruned or reverted because of it."""

    reason: str
    state: Literal["unknown"] = "unknown"


Observation: TypeAlias = Present | Absent | Unknown
Routes: TypeAlias = Mapping[str, tuple[Route, ...]] | Unknown
"""What each load balancer, by the name of its host, says of a unit's servers."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What one look at the fleet saw.

    ``contents`` has the present bytes of small, non-secret files that differ from what they shall be, by digest:
    only so that a plan can show a text difference. ``grounds`` says of each target looked at how it stands with changes
    to it. ``routes`` is what the load balancers of a unit say, ``facts`` what each target says of itself.
    """

    observations: Mapping[ResourceId, Observation]
    contents: Mapping[Digest, bytes] = field(default_factory=dict)
    grounds: Mapping[str, Ground] = field(default_factory=dict)
    routes: Mapping[UnitId, Routes] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)

    def of(self, resource: ResourceId) -> Observation:
        """Return what was seen; Unknown when nobody looked."""
        return self.observations.get(resource) or Unknown("not observed in this pass")
