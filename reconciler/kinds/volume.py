"""A volume of a Docker Engine. What is in it is nobody's to lose: it is never changed, and goes only where it may."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from reconciler.kinds import compare, no_process
from reconciler.kinds.docker_words import Labels, Name, one, path
from reconciler.kinds.written import Text, Written
from reconciler.model.canonical import Json, canonical
from reconciler.model.change import Action
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered
from reconciler.ports.reads import Ask, Get

NAME = "volume"
TARGET = Sort.DOCKER_ENGINE
_LABEL, _OPTION = "labels.", "options."
_NOT_COMPARED = ("create", "removable")


class Spec(Written):
    """A volume that containers keep their data in."""

    name: Name
    driver: Text = "local"
    options: dict[str, str] = Field(default_factory=dict)
    labels: Labels = Field(default_factory=dict)
    removable: Annotated[bool, Field(description="it goes with its data when nobody names it any more")] = False


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the volume with the request that makes it."""
    body: dict[str, Json] = {
        "Name": spec.name,
        "Driver": spec.driver,
        "DriverOpts": spec.options,
        "Labels": spec.labels,
    }
    create = inputs.text(canonical(body))
    attributes: dict[str, Json] = {
        "driver": spec.driver,
        "create": create.digest,
        "removable": spec.removable,
        **{f"{_OPTION}{name}": value for name, value in spec.options.items()},
        **{f"{_LABEL}{name}": value for name, value in spec.labels.items()},
    }
    return Rendered(name=spec.name, attributes=attributes, contents={"create": create})


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place: before containers."""
    return (0,)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    """Ask for the volume."""
    return Ask((Get(path=path("volumes", resource.id.name)),))


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what the engine says of the volume."""
    there = one(answer)
    if there is None:
        return Absent()
    options, labels = there.get("Options") or {}, there.get("Labels") or {}
    found: dict[str, Json] = {"driver": there.get("Driver")}
    for name in resource.attributes:
        if name.startswith(_OPTION):
            found[name] = options.get(name.removeprefix(_OPTION))
        elif name.startswith(_LABEL):
            found[name] = labels.get(name.removeprefix(_LABEL))
    return Present(found, status={"createdAt": there.get("CreatedAt"), "path": there.get("Mountpoint")})


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return CREATE for one that is not there; one that differs is a Conflict."""
    found = compare.difference(resource, seen, [name for name in resource.attributes if name not in _NOT_COMPARED])
    if found and found.action is Action.UPDATE:
        differing = ", ".join(field.path for field in found.fields)
        raise Conflict(
            f"the volume {resource.id.name} on {resource.id.target} is another one ({differing} differs), and a volume "
            "cannot be changed without its data: bring them to one of another name, or write what is there"
        )
    return found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Make the volume; the engine leaves one that is there as it is."""
    what = f"make the volume {resource.id.name}"
    return (Send(what=what, method="POST", path="/volumes/create", body=resource.contents["create"]),)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove it with its data where the document says that it may go; else it is left."""
    if not isinstance(seen, Present) or not resource.attributes.get("removable"):
        return ()
    what = f"remove the volume {resource.id.name}"
    return (Send(what=what, method="DELETE", path=path("volumes", resource.id.name), fine=(404,)),)


restart = no_process.restart
