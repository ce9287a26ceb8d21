"""A difference between what shall be and what is."""

from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.canonical import Json
from reconciler.model.identity import ResourceId


class Action(StrEnum):
    """What has to happen to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    RESTORE = "restore"


LEAVING = frozenset({Action.DELETE, Action.RESTORE})
"""After these a resource is no longer ours: it is gone, or what was there before us is back."""


class Cause(StrEnum):
    """Why there is a difference."""

    COMMIT = "commit"
    DRIFT = "drift"
    REVERT = "revert"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDiff:
    """One field that differs. ``path`` is dotted; ``text`` holds a unified diff where the field is a text.

    ``before`` and ``after`` are None where there is no value. ``secret`` fields carry keyed digests only.
    """

    path: str
    before: Json
    after: Json
    text: str | None = None
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to one resource, with its reasons for a person to read.

    ``adopts`` are paths with contents that are not ours and are taken over: what is there is kept on the host.
    """

    resource: ResourceId
    action: Action
    cause: Cause
    fields: tuple[FieldDiff, ...] = ()
    adopts: tuple[str, ...] = ()
