"""What is there and is not ours is taken over only where the document says so."""

from reconciler.model.resource import Present, Resource
from reconciler.model.verdict import Owned
from reconciler.ports.kind import Difference

_SHOWN = ("type", "mode", "owner", "group", "to", "version")


def refused(resource: Resource, seen: Present, difference: Difference, owned: Owned | None) -> str | None:
    """Return why the difference may not be mended: it would replace what is not ours. None when it may.

    Ours is what we have applied or found as it should be. The text names the resource, what is there and what to write.
    """
    things = (*difference.replaces, *difference.loses)
    if owned is not None or resource.adopt or not things:
        return None
    differing = ", ".join(field.path for field in difference.fields)
    return (
        f"{resource.id.ref}: {' and '.join(things)} is there already ({_what(seen)}), differs ({differing}) "
        f"and is not ours. Write `adopt: true` in the resource to take it over: {_afterwards(difference)}; "
        "or move it away"
    )


def _afterwards(difference: Difference) -> str:
    if difference.loses:
        return f"what is there now in {' and '.join(difference.loses)} cannot be brought back then"
    return "the host keeps what is there now, and has it back when the resource is taken back"


def _what(seen: Present) -> str:
    found = ((name, seen.attributes.get(name)) for name in _SHOWN)
    return ", ".join(f"{name} {value}" for name, value in found if isinstance(value, str)) or "present"
