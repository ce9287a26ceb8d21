"""What a host keeps of what is ours there, so that it can be learned again when the journal is lost."""

from dataclasses import dataclass

from reconciler.model.canonical import Digest
from reconciler.model.identity import ResourceId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A resource that we have changed. ``created`` and ``before`` are as in ``model.verdict.Owned``.

    ``commit`` is the one that asked for it, ``digest`` that of what was asked for.
    """

    resource: ResourceId
    created: bool
    before: tuple[str, ...] = ()
    commit: str
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What one transaction leaves in the records of a host.

    ``commit`` and ``version`` are of the state that it led to; there is no commit before the first state. ``rejected``
    is the commit that was gone back from; empty takes an earlier word of that back, None says nothing about it.
    """

    unit: UnitId
    commit: str
    version: str
    put: tuple[Mark, ...] = ()
    dropped: tuple[ResourceId, ...] = ()
    rejected: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """All that a host keeps of one unit. ``unreadable`` counts lines that make no sense: a power cut may leave one."""

    unit: UnitId
    target: str
    commit: str = ""
    version: str = ""
    rejected: str = ""
    marks: tuple[Mark, ...] = ()
    unreadable: int = 0
