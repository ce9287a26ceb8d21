"""What the controller itself and its doors do beside rollouts: written down for the record, decided by nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.model.access import Login
from reconciler.model.identity import UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A daemon took the state folder, or read its settings again, with these settings (by name, no secret in them).

    ``changed`` are the names of those that were otherwise before. ``controller`` is its id on hosts.
    """

    version: str
    controller: str
    settings: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    event: Literal["started"] = "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A daemon left the state folder in order; one that was killed has none of these."""

    reason: str
    event: Literal["stopped"] = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody came through a door and was known; told again only after a while. ``address`` is empty at a socket."""

    name: str
    login: Login
    address: str = ""
    event: Literal["signed_in"] = "signed_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """Somebody asked for something, and it was granted: the entries written with it are what follows.

    ``id`` is that of the request, as its answer had it; they all carry it in the journal. ``trace`` is the W3C
    ``traceparent`` it came with, if any.
    """

    id: str
    name: str
    login: Login
    verb: str
    unit: UnitId | None
    reason: str = ""
    address: str = ""
    trace: str = ""
    event: Literal["requested"] = "requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDropped:
    """People could not be told of something through a channel, and it is no longer tried."""

    channel: str
    notice: str
    unit: UnitId | None
    reason: str
    event: Literal["notice_dropped"] = "notice_dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentArchived:
    """The entries from ``first`` to ``last`` are in a file of the archive; ``digest`` is that of its bytes."""

    first: int
    last: int
    file: str
    digest: str
    event: Literal["segment_archived"] = "segment_archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupTaken:
    """All that is known was copied to a file, up to the entry ``number``."""

    file: str
    number: int
    author: str
    event: Literal["backup_taken"] = "backup_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The state folder was made from a backup that had the entries up to ``number``."""

    file: str
    number: int
    author: str
    event: Literal["restored"] = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relearned:
    """What a unit owns was learned again from its targets, because the journal was lost; ``resources`` are as text."""

    unit: UnitId
    resources: tuple[str, ...]
    detail: str = ""
    event: Literal["relearned"] = "relearned"


Deed: TypeAlias = (
    Started | Stopped | SignedIn | Requested | NoticeDropped | SegmentArchived | BackupTaken | Restored | Relearned
)
"""What is done beside rollouts. Nothing follows from it for any unit."""
