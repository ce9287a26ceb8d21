"""What is done to objects of a Kubernetes cluster, as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from reconciler.model.content import Content

RUN_OF = "reconciler/run-of"
"""The annotation of a Job that has to end well: a digest of what it is run for. With another one it is run again."""


@dataclass(frozen=True, slots=True, order=True)
class ObjectName:
    """Which object. ``namespace`` is empty for what belongs to the whole cluster."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        group = self.api_version.rpartition("/")[0]
        return f"{self.kind}{'.' + group if group else ''}/{self.namespace + '/' if self.namespace else ''}{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyObject:
    """Apply the manifest (JSON) by server-side apply, with our field manager and the labels of ``unit``.

    ``takes`` are fields of other managers that are taken over; ``force`` takes over any. Another conflict is an error
    that names them. Fields that a pattern of ``as_is`` names are sent as they are there by then. ``stamp`` goes to an
    annotation of its pod template, so that a new one has new pods made. ``recreate`` deletes the object first, since a
    field that differs cannot be changed. ``established`` waits until the API serves what it defines, ``finished`` until
    a Job has succeeded; then one that is there with the same RUN_OF, and has not failed, goes on and is not deleted.
    """

    object: ObjectName
    manifest: Content
    unit: str = ""
    force: bool = False
    takes: tuple[str, ...] = ()
    as_is: tuple[str, ...] = ()
    stamp: str = ""
    recreate: bool = False
    established: bool = False
    finished: bool = False
    limit: timedelta = timedelta(seconds=60)
    op: Literal["apply_object"] = "apply_object"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteObject:
    """Delete the object, and what it owns, and wait until it is gone; one that is gone already is no failure.

    It is only deleted while it still has the labels of ``unit``.
    """

    object: ObjectName
    unit: str
    limit: timedelta = timedelta(seconds=60)
    op: Literal["delete_object"] = "delete_object"
