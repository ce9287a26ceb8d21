"""What is there and is not ours is taken over only where the document says so."""

from reconciler.model.resource import Present, Resource
from reconciler.model.verdict import Owned
from reconciler.ports.kind import Difference

_SHOWN = ("type", "mode", "owner", "group", "to", "version")


def refused(resource: Resource, seen: Present, difference: Difference, owned: Owned | None) -> str | None:
    """Return why the difference may not be mended: it would replace what is not ours. None when it may.

    Ours is what we have applied or found as it should be. The text names the resource, what is there and what to write.
    """
    if (taken := _taken(resource, difference, owned)) is not None:
        return taken
    things = (*difference.replaces, *difference.loses)
    if owned is not None or resource.adopt or not things:
        return None
    differing = ", ".join(field.path for field in difference.fields)
    return (
        f"{resource.id.ref}: {' and '.join(things)} is there already ({_what(seen)}), differs ({differing}) "
        f"and is not ours. Write `adopt: true` in the resource to take it over: {_afterwards(difference)}; "
        "or move it away"
    )


def _taken(resource: Resource, difference: Difference, owned: Owned | None) -> str | None:
    """Why fields of another manager stay as they are: we had not set them before. Those we had are drift, and ours."""
    ours = owned.resource.attributes if owned is not None else {}
    foreign = [(path, manager) for path, manager in difference.theirs if path not in ours]
    if resource.adopt or not foreign:
        return None
    said = ", ".join(f"{path} (set by {manager})" for path, manager in foreign)
    return (
        f"{resource.id.ref}: another manager has {said}. Write `adopt: true` in the resource to take "
        f"{'it' if len(foreign) == 1 else 'them'} over, or leave {'it' if len(foreign) == 1 else 'them'} out of Git "
        "(`ignore` keeps what is there)"
    )


def _afterwards(difference: Difference) -> str:
    if difference.loses:
        return f"what is there now in {' and '.join(difference.loses)} cannot be brought back then"
    return "the host keeps what is there now, and has it back when the resource is taken back"


def _what(seen: Present) -> str:
    found = ((name, seen.attributes.get(name)) for name in _SHOWN)
    return ", ".join(f"{name} {value}" for name, value in found if isinstance(value, str)) or "present"
