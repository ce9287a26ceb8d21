"""The fields of a body that we set, and what a thing has in their place. Pure.

A field is a leaf: a value that is no mapping. A list is one field, compared with the form of ours: what an API adds to
the mappings in it does not count. Only a list that has secrets in it is taken apart.
"""

import json
from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.canonical import Json, canonical, digest_bytes, same
from reconciler.model.content import SECRET_OPEN
from reconciler.policy import place
from reconciler.policy.place import Keys

FIELD = "body."
"""How the names of attributes start that are fields of the body."""


def leaves(body: Json, at: Keys = ()) -> Iterator[tuple[Keys, Json]]:
    """Yield the fields of a body with the keys that lead to them."""
    match body:
        case Mapping() if body:
            for key, value in body.items():
                yield from leaves(value, (*at, key))
        case list() | tuple() if is_secret(body):
            for index, value in enumerate(body):
                yield from leaves(value, (*at, index))
        case _:
            yield at, body


def typed(body: Json) -> Json:
    """Return the body with ``{$json: text}`` replaced by what the text says; raise ValueError.

    So a template, which makes texts only, can stand for a number, a truth value or a list.
    """
    match body:
        case {"$json": str() as text, **others} if not others:
            try:
                read: Json = json.loads(text)
            except ValueError as error:
                raise ValueError(f"what $json has is no JSON: {error}") from error
            return read
        case Mapping():
            return {key: typed(value) for key, value in body.items()}
        case list() | tuple():
            return [typed(value) for value in body]
        case _:
            return body


def is_secret(value: Json) -> bool:
    """Whether a value has a secret in it."""
    match value:
        case str():
            return SECRET_OPEN in value
        case Mapping():
            return any(is_secret(each) for each in value.values())
        case list() | tuple():
            return any(is_secret(each) for each in value)
        case _:
            return False


def name(keys: Keys) -> str:
    """Return the name of the attribute for a field."""
    return FIELD + place.written(keys)


def within(keys: Keys, places: Sequence[str]) -> bool:
    """Whether a field is at one of the places, or below it."""
    return any(keys[: len(each)] == each for each in map(place.keys, places))


def digest_of(value: Json) -> Json:
    """Return the digest that a secret of this value has; None for what can be no secret's value."""
    return digest_bytes(value.encode(errors="surrogatepass")) if isinstance(value, str) else None


def like(wanted: Json, seen: Json, *, unordered: bool = False) -> Json:
    """Return what was seen in the form of what is wanted: the very same as wanted where nothing that counts differs."""
    ours = _projected(wanted, seen)
    if unordered and isinstance(wanted, list | tuple) and isinstance(seen, list | tuple):
        return _in_order(list(wanted), list(seen))
    return ours


def _projected(wanted: Json, seen: Json) -> Json:
    match wanted, seen:
        case Mapping(), Mapping():
            return {key: _projected(value, seen[key]) for key, value in wanted.items() if key in seen}
        case ((list() | tuple()), (list() | tuple())) if len(wanted) == len(seen):
            return [_projected(one, other) for one, other in zip(wanted, seen, strict=True)]
        case _ if _number(wanted) and _number(seen) and wanted == seen:
            return wanted
        case _:
            return seen


def _in_order(wanted: list[Json], seen: list[Json]) -> Json:
    """The wanted list when the seen one has the same items in any order; else what was seen, in an order of its own."""
    left = list(seen)
    for one in wanted:
        fitting = next((index for index, other in enumerate(left) if same(_projected(one, other), one)), None)
        if fitting is None:
            return sorted(seen, key=canonical)
        left.pop(fitting)
    return sorted(seen, key=canonical) if left else wanted


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
