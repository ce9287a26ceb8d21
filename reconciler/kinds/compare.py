"""Attribute by attribute: what shall be against what was seen."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.canonical import same
from reconciler.model.change import Action, FieldDiff
from reconciler.model.resource import Absent, Present, Resource
from reconciler.ports.kind import Conflict, Difference


def fields(resource: Resource, seen: Present | Absent, names: Sequence[str]) -> tuple[FieldDiff, ...]:
    """Return a FieldDiff for each of the named attributes that is managed and differs. None counts as not managed."""
    there = seen.attributes if isinstance(seen, Present) else {}
    return tuple(
        FieldDiff(path=name, before=there.get(name), after=wanted, secret=_secret(resource, name))
        for name in names
        if (wanted := resource.attributes.get(name)) is not None and not same(wanted, there.get(name))
    )


def difference(resource: Resource, seen: Present | Absent, names: Sequence[str]) -> Difference | None:
    """Return CREATE for what is absent, UPDATE for what differs in one of the named attributes, else None."""
    found = fields(resource, seen, names)
    if isinstance(seen, Absent):
        return Difference(action=Action.CREATE, fields=found)
    return Difference(action=Action.UPDATE, fields=found) if found else None


def replacing(found: Difference | None, path: str, names: Sequence[str]) -> Difference | None:
    """Return the difference with the path among what it replaces, if one of the named attributes was there and goes."""
    if found is None or not any(field.path in names and field.before is not None for field in found.fields):
        return found
    return replace(found, replaces=(path,))


def in_the_way(resource: Resource, path: str, there: object, wanted: str) -> Conflict:
    """Return the Conflict that something else is at the path, and that a person has to remove it."""
    return Conflict(f"{path} is a {there} on {resource.id.target}, a {wanted} was asked for; remove it by hand")


def optional(**values: str | None) -> dict[str, str]:
    """Return the values that are given: what is not given is not managed."""
    return {name: value for name, value in values.items() if value is not None}


def managed(resource: Resource, name: str) -> str | None:
    """Return an attribute that is a text, None when it is not managed."""
    value = resource.attributes.get(name)
    return value if isinstance(value, str) else None


def _secret(resource: Resource, name: str) -> bool:
    content = resource.contents.get(name)
    return content is not None and content.secret
