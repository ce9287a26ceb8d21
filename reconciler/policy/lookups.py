"""Pages of an API's answers → the things that were looked up, and what to ask next. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from reconciler.model.canonical import Json
from reconciler.model.lookup import CursorPages, LinkedPages, Lookup, NumberedPages, OffsetPages
from reconciler.policy import condition, place
from reconciler.policy.condition import Fault, Sort

MATCH: Mapping[str, Sort] = {"item": Sort.JSON}
"""What the condition of a match is over."""

_LINK = re.compile(r"\s*<([^>]*)>\s*((?:;[^,;\"]*(?:\"[^\"]*\")?[^,;\"]*)*)")
_NEXT = re.compile(r";\s*rel\s*=\s*(?:\"(?:[^\"]*\s)?next(?:\s[^\"]*)?\"|next\s*(?:;|$))", re.IGNORECASE)


class NoSense(Exception):
    """An answer is not what the lookup says it is. The text is for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Query:
    """The same path with these parameters instead."""

    query: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Url:
    """Another URL, as the API wrote it: it may be relative, and may lead anywhere."""

    url: str


Following: TypeAlias = Query | Url


def first(lookup: Lookup) -> tuple[tuple[str, str], ...]:
    """Return the parameters of the first page."""
    match lookup.next:
        case NumberedPages() as pages:
            return _with(lookup.query, pages.size_parameter, pages.size)
        case OffsetPages() as pages:
            return _with(lookup.query, pages.size_parameter, pages.size)
        case _:
            return lookup.query


def items(lookup: Lookup, body: Json) -> Sequence[Json]:
    """Return the items of a page; null is an empty list. Raises NoSense."""
    assert lookup.items is not None
    try:
        found = place.at(body, lookup.items)
    except place.NotThere:
        raise NoSense(f"the answer has no list at {lookup.items}") from None
    if found is None:
        return ()
    if not isinstance(found, list):
        raise NoSense(f"what the answer has at {lookup.items} is no list")
    return found


def following(lookup: Lookup, body: Json, link: str, seen: tuple[int, int]) -> Following | None:
    """Return what to ask next, None after the last page.

    ``link`` is the Link header of the page, ``seen`` are how many pages came so far, and how many items.
    """
    match lookup.next:
        case None:
            return None
        case LinkedPages():
            url = _next_link(link)
            return Url(url) if url else None
        case NumberedPages() as numbered:
            return _numbered(lookup, numbered, len(items(lookup, body)), seen[0])
        case OffsetPages() as offset:
            more = len(items(lookup, body)) >= offset.size
            return Query(_with(first(lookup), offset.parameter, seen[1])) if more else None
        case CursorPages() as cursor:
            return _by_cursor(lookup, cursor, body)
        case _:
            assert_never(lookup.next)


def _numbered(lookup: Lookup, pages: NumberedPages, here: int, seen: int) -> Following | None:
    if not here or (pages.size is not None and here < pages.size):
        return None
    return Query(_with(first(lookup), pages.parameter, pages.first + seen))


def _by_cursor(lookup: Lookup, cursor: CursorPages, body: Json) -> Following | None:
    try:
        value = place.at(body, cursor.at)
    except place.NotThere:
        return None
    if value in (None, "", False):
        return None
    if not isinstance(value, str | int):
        raise NoSense(f"what the answer has at {cursor.at} is neither a text nor a number")
    return Url(str(value)) if cursor.parameter is None else Query(_with(lookup.query, cursor.parameter, value))


def matching(lookup: Lookup, found: Sequence[Json]) -> Iterator[Json]:
    """Yield those of the items that match, each as the thing that it is.

    Raises NoSense where the condition has no value for any of them: it asks for what they do not have.
    """
    fitting = condition.compile(lookup.match, MATCH) if lookup.match else None
    fault: Fault | None = None
    judged = False
    for item in found:
        try:
            fits = fitting is None or fitting.holds({"item": item})
        except Fault as error:
            fault = error
            continue
        judged = True
        if fits:
            yield thing(lookup, item)
    if fault is not None and not judged:
        raise NoSense(f"match cannot be told of any item: {fault}; ask with has(item.x) for what not every item has")


def thing(lookup: Lookup, document: Json) -> Json:
    """Return the thing itself; raise NoSense."""
    try:
        found = place.at(document, lookup.object)
    except place.NotThere:
        raise NoSense(f"the answer has nothing at {lookup.object}") from None
    if not isinstance(found, Mapping):
        raise NoSense(f"what the answer has at {lookup.object} is no JSON object")
    return found


def _with(query: tuple[tuple[str, str], ...], name: str | None, value: Json) -> tuple[tuple[str, str], ...]:
    if name is None or value is None:
        return query
    return (*((key, each) for key, each in query if key != name), (name, str(value)))


def _next_link(header: str) -> str | None:
    return next((found[1] for found in _LINK.finditer(header) if _NEXT.search(found[2])), None)
