"""How one thing is found through an API: asked for by its path, or looked for in a list, as data."""

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPages:
    """The next page is the one that the Link header calls ``next``."""

    pages: Literal["link"] = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedPages:
    """Pages are asked for by number, from ``first`` on, until one has no items, or fewer than ``size``."""

    parameter: str = "page"
    first: int = 1
    size_parameter: str | None = None
    size: int | None = None
    pages: Literal["numbered"] = "numbered"


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetPages:
    """Pages are asked for by the number of items before them, ``size`` at a time, until one has fewer."""

    parameter: str = "offset"
    size_parameter: str = "limit"
    size: int = 100
    pages: Literal["offset"] = "offset"


@dataclass(frozen=True, slots=True, kw_only=True)
class CursorPages:
    """Each page has at ``at`` (a place) what the next one is asked with; null, empty or nothing there ends it.

    ``parameter`` None: it is the URL of the next page.
    """

    at: str
    parameter: str | None = None
    pages: Literal["cursor"] = "cursor"


Pages: TypeAlias = LinkedPages | NumberedPages | OffsetPages | CursorPages


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """GET a path below the API's own, already quoted, and take one thing out of the answer.

    Without ``items`` the answer is the thing, and 404 says that there is none. With it, the answer has a list there,
    and the thing is the item for which ``match`` (CEL over ``item``) is true. ``object`` is where within the answer, or
    within the item, the thing itself is. Places are JSONPaths that lead to one value (``policy.place``). ``secrets``
    maps the names of markers in ``headers`` to references.
    """

    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    items: str | None = None
    match: str | None = None
    object: str = "$"
    next: Pages | None = None
