"""An overlay network of a Docker Swarm. It cannot be changed: another one has another name."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from reconciler.kinds import compare, no_process
from reconciler.kinds.docker_words import Labels, one, path
from reconciler.kinds.swarm_service_spec import ObjectName
from reconciler.kinds.written import Text, Written
from reconciler.model.canonical import Json, canonical
from reconciler.model.change import Action
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.swarm import RemoveUnused
from reconciler.model.target import Sort
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered
from reconciler.ports.reads import Ask, Get

NAME = "swarmNetwork"
TARGET = Sort.SWARM
_LABEL = "labels."


class Spec(Written):
    """An overlay network that services of a Swarm are connected with."""

    name: ObjectName
    subnet: Annotated[Text | None, Field(description="10.1.0.0/24")] = None
    attachable: Annotated[bool | None, Field(description="containers that are no tasks may be connected, too")] = None
    internal: Annotated[bool | None, Field(description="no way out of it")] = None
    encrypted: Annotated[bool, Field(description="what goes from node to node is encrypted")] = False
    labels: Labels = Field(default_factory=dict)


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the network with the request that makes it."""
    options = {"encrypted": ""} if spec.encrypted else {}
    body: dict[str, Json] = {
        "Name": spec.name,
        "CheckDuplicate": True,
        "Driver": "overlay",
        "Attachable": bool(spec.attachable),
        "Internal": bool(spec.internal),
        "IPAM": {"Config": [{"Subnet": spec.subnet}] if spec.subnet else []},
        "Options": options,
        "Labels": spec.labels,
    }
    create = inputs.text(canonical(body))
    attributes: dict[str, Json] = {
        "driver": "overlay",
        "create": create.digest,
        **compare.optional(subnet=spec.subnet),
        **({} if spec.attachable is None else {"attachable": spec.attachable}),
        **({} if spec.internal is None else {"internal": spec.internal}),
        **({"encrypted": True} if spec.encrypted else {}),
        **{f"{_LABEL}{name}": value for name, value in spec.labels.items()},
    }
    return Rendered(name=spec.name, attributes=attributes, contents={"create": create})


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place: before services."""
    return (0,)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    """Ask for the network."""
    return Ask((Get(path=path("networks", resource.id.name)),))


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what Swarm says of the network; it finds one by its id, too, which is not its name."""
    there = one(answer)
    if there is None or there.get("Name") != resource.id.name:
        return Absent()
    pool: Mapping[str, Any] = next(iter((there.get("IPAM") or {}).get("Config") or ()), {})
    labels = there.get("Labels") or {}
    found: dict[str, Json] = {
        "driver": there.get("Driver"),
        "subnet": pool.get("Subnet"),
        "attachable": there.get("Attachable"),
        "internal": there.get("Internal"),
        "encrypted": "encrypted" in (there.get("Options") or {}),
    }
    wanted = (name for name in resource.attributes if name.startswith(_LABEL))
    found |= {name: labels.get(name.removeprefix(_LABEL)) for name in wanted}
    return Present(found, status={"id": there.get("Id"), "createdAt": there.get("Created")})


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return CREATE for one that is not there; one that differs is a Conflict."""
    found = compare.difference(resource, seen, [name for name in resource.attributes if name != "create"])
    if found and found.action is Action.UPDATE:
        differing = ", ".join(field.path for field in found.fields)
        raise Conflict(
            f"the network {resource.id.name} of {resource.id.target} is another one ({differing} differs), and a "
            "network cannot be changed while services use it: write one of another name, and it in the services"
        )
    return found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Make the network."""
    what = f"make the network {resource.id.name}"
    body = resource.contents["create"]
    return (Send(what=what, method="POST", path="/networks/create", body=body, fine=(409,)),)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the network, once no task has it."""
    return (RemoveUnused(sort="network", name=resource.id.name),) if isinstance(seen, Present) else ()


restart = no_process.restart
