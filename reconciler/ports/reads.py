"""Probes of APIs as data. Whoever observes asks, and hands the answers to the kind's ``parse``."""

from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.cluster import ObjectName
from reconciler.model.content import Content
from reconciler.model.lookup import Lookup


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
    """Read an object of a cluster, and what it would be once the manifest was applied as ``ApplyObject`` says.

    The answer has four lines of JSON: the object as it is, as it would be, the conflicts with other field managers
    (a list of ``{"manager", "field"}``), and what the API refuses of the manifest (``{"field", "message"}``). The
    first two are empty where there is no such thing. What is secret in them was replaced by keyed digests; what only
    the server writes is left out of the second. Where there is nothing yet, nothing is tried. ``manifest`` None only
    reads.
    """

    object: ObjectName
    manifest: Content | None = None
    unit: str = ""
    force: bool = False
    as_is: tuple[str, ...] = ()
    stamp: str = ""


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


@dataclass(frozen=True, slots=True)
class Find:
    """Look something up. The answer has a line of JSON for each thing that was found: ``{"etag", "object"}``."""

    lookup: Lookup


Read: TypeAlias = Ask | ReadObject | ReadStatus | Find
"""What a kind may ask of an API."""
