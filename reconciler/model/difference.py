"""All that differs between a unit and the world, before anybody decides what to do about it."""

from dataclasses import dataclass

from reconciler.model.change import Change
from reconciler.model.identity import ResourceId
from reconciler.model.plan import LeftOut
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.verdict import Owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A resource that is not as it shall be: how it shall be, what is there, and the change that follows."""

    resource: Resource
    seen: Present | Absent
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A resource of ours that the unit no longer names, and that is still there."""

    owned: Owned
    seen: Present


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitDiff:
    """All that differs in one unit.

    ``unseen`` are targets that cannot be planned for because part of them is Unknown; nothing of them is in
    ``differing`` or ``orphans``. ``gone`` are orphans that are no longer there. ``conflicts`` are
    targets where something stands in the way that a person must clear, or say in Git that we may. ``idle`` are
    resources (as text) that are left as they are since their ``when`` is not so, each with the reason.
    """

    differing: tuple[Differing, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    gone: tuple[ResourceId, ...] = ()
    unseen: tuple[LeftOut, ...] = ()
    conflicts: tuple[LeftOut, ...] = ()
    idle: tuple[str, ...] = ()
