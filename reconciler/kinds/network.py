"""A network of a Docker Engine. It cannot be changed: it is made anew, and what was connected is connected again."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from reconciler.kinds import compare, no_process
from reconciler.kinds.docker_words import Labels, Name, one, path, status
from reconciler.kinds.written import Text, Written
from reconciler.model.canonical import Json, canonical
from reconciler.model.change import Action
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered
from reconciler.ports.reads import Ask, Get

NAME = "network"
TARGET = Sort.DOCKER_ENGINE
_LABEL, _OPTION = "labels.", "options."
_OF_THE_ENGINE = ("bridge", "host", "none")


def _not_the_engines(name: str) -> str:
    if name in _OF_THE_ENGINE:
        raise ValueError(f"the network {name} is the engine's own; take another name")
    return name


class Spec(Written):
    """A network that containers are connected with."""

    name: Annotated[Name, AfterValidator(_not_the_engines)]
    driver: Text = "bridge"
    subnet: Annotated[Text | None, Field(description="10.1.0.0/24")] = None
    gateway: Text | None = None
    internal: Annotated[bool | None, Field(description="no way out of it")] = None
    options: dict[str, str] = Field(default_factory=dict)
    labels: Labels = Field(default_factory=dict)


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the network with the request that makes it."""
    pool = {name: value for name, value in (("Subnet", spec.subnet), ("Gateway", spec.gateway)) if value}
    body: dict[str, Json] = {
        "Name": spec.name,
        "CheckDuplicate": True,
        "Driver": spec.driver,
        "Internal": bool(spec.internal),
        "IPAM": {"Config": [pool] if pool else []},
        "Options": spec.options,
        "Labels": spec.labels,
    }
    create = inputs.text(canonical(body))
    attributes: dict[str, Json] = {
        "driver": spec.driver,
        "create": create.digest,
        **compare.optional(subnet=spec.subnet, gateway=spec.gateway),
        **({} if spec.internal is None else {"internal": spec.internal}),
        **{f"{_OPTION}{name}": value for name, value in spec.options.items()},
        **{f"{_LABEL}{name}": value for name, value in spec.labels.items()},
    }
    return Rendered(name=spec.name, attributes=attributes, contents={"create": create})


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place: before containers."""
    return (0,)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    """Ask for the network."""
    return Ask((Get(path=path("networks", resource.id.name)),))


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what the engine says of the network; the engine finds it by its id, too, which is not its name."""
    there = one(answer)
    if there is None or there.get("Name") != resource.id.name:
        return Absent()
    pool: Mapping[str, Any] = next(iter((there.get("IPAM") or {}).get("Config") or ()), {})
    found: dict[str, Json] = {
        "driver": there.get("Driver"),
        "subnet": pool.get("Subnet"),
        "gateway": pool.get("Gateway"),
        "internal": there.get("Internal"),
        **_ours(resource, _OPTION, there.get("Options")),
        **_ours(resource, _LABEL, there.get("Labels")),
    }
    connected = sorted(each["Name"] for each in (there.get("Containers") or {}).values())
    return Present(found, status={"id": there.get("Id"), "connected": connected})


def _ours(resource: Resource, prefix: str, there: Mapping[str, Any] | None) -> dict[str, Json]:
    names = (name for name in resource.attributes if name.startswith(prefix))
    return {name: (there or {}).get(name.removeprefix(prefix)) for name in names}


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; one of a Swarm in its place is a Conflict."""
    names = [name for name in resource.attributes if name != "create"]
    found = compare.difference(resource, seen, names)
    if found is None or found.action is Action.CREATE:
        return found
    if isinstance(seen, Present) and seen.attributes.get("driver") == "overlay":
        raise Conflict(f"the network {resource.id.name} is one of the Swarm; take another name")
    return Difference(action=Action.REPLACE, fields=found.fields, loses=(f"the network {resource.id.name}",))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Make the network; what was connected with the one before is taken off and connected again."""
    connected = [str(each) for each in status(seen, "connected") or ()]
    return (
        *(_connection(resource, each, "disconnect", (404, 500)) for each in connected),
        *(removal(resource, seen) if isinstance(seen, Present) else ()),
        Send(
            what=f"make the network {resource.id.name}",
            method="POST",
            path="/networks/create",
            body=resource.contents["create"],
            fine=(409,),
        ),
        *(_connection(resource, each, "connect", (403, 404)) for each in connected),
    )


def _connection(resource: Resource, container: str, verb: str, fine: tuple[int, ...]) -> Send:
    return Send(
        what=f"{verb} the container {container} and the network {resource.id.name}",
        method="POST",
        path=path("networks", resource.id.name, verb),
        values=(("/Container", container),),
        fine=fine,
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the network."""
    return tuple(_gone(resource)) if isinstance(seen, Present) else ()


def _gone(resource: Resource) -> Iterator[Operation]:
    name = resource.id.name
    yield Send(what=f"remove the network {name}", method="DELETE", path=path("networks", name), fine=(404,))


restart = no_process.restart
