"""Probes of APIs as data. Whoever observes asks, and hands the answers to the kind's ``parse``."""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.cluster import ObjectName
from reconciler.model.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Get:
    """GET a path below the API's own, already quoted."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for each of them. The answer has one line for each: its JSON text, or nothing where it is not there (404)."""

    gets: tuple[Get, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadObject:
    """Read an object of a cluster, and what it would be once the manifest was applied.

    The answer has three lines of JSON: the object as it is, as it would be, and the conflicts with other field managers
    (a list of ``{"manager", "field"}``); the first two are empty where there is no such thing. What is secret in them
    was replaced by keyed digests. ``force`` asks what it would be if our fields were taken over. ``manifest`` None only
    reads.
    """

    object: ObjectName
    manifest: Content | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """All objects of a sort, in the namespace of the object they are read with, that have all these labels."""

    api_version: str
    kind: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadStatus:
    """Read an object and others that tell how it does; what is secret need not be hidden: only the status is used.

    The answer has a line of JSON for the object, empty where there is no such thing, and a line for each of ``listed``,
    a list of objects. Secrets and ConfigMaps are never listed.
    """

    object: ObjectName
    listed: tuple[Listed, ...] = ()


Read: TypeAlias = Ask | ReadObject | ReadStatus
"""What a kind may ask of an API."""
