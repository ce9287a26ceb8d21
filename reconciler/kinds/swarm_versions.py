"""What configs and secrets of a Swarm have in common: neither can be changed, so each content is an object of its own.

The object is called ``<name>-<8 digits of the content's digest>``. Services name the first part only.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from reconciler.kinds.docker_words import path, text
from reconciler.kinds.swarm_service_spec import ObjectName
from reconciler.model.canonical import Json
from reconciler.model.change import Action, FieldDiff
from reconciler.model.content import Content
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.swarm import PutVersion, RemoveUnused
from reconciler.policy.swarm_revision import CONTENT_LABEL, NAME_LABEL
from reconciler.ports.kind import Difference, Rendered
from reconciler.ports.reads import Ask, Get

CONFIG, SECRET = "swarmConfig", "swarmSecret"

OBJECT = "object"
"""The attribute that says what the wanted version is called in the Swarm."""

_SORTS: Mapping[str, Literal["config", "secret"]] = {CONFIG: "config", SECRET: "secret"}
_LABEL = "labels."
# Swarm takes 64 characters; nine are the version's.
_LONGEST_NAME = 55


def _name(name: str) -> str:
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"a name has {_LONGEST_NAME} characters at most: those of its version come after it")
    return name


VersionName = Annotated[ObjectName, AfterValidator(_name)]
"""A name of a config or a secret of ours, without the version."""


def rendered(name: str, content: Content, labels: Mapping[str, str]) -> Rendered:
    """Return the config or secret with that content."""
    version = f"{name}-{content.digest.rpartition(':')[2][:8]}"
    attributes: dict[str, Json] = {"content": content.digest, OBJECT: version}
    attributes |= {f"{_LABEL}{key}": value for key, value in labels.items()}
    return Rendered(name=name, attributes=attributes, contents={"content": content})


def found_at(ref: str, version: str) -> str:
    """Return the path of a version of the config or secret with that ref."""
    return path(f"{_SORTS[ref.partition(':')[0]]}s", version)


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place: before services."""
    return (0,)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    """Ask for all versions."""
    filters = json.dumps({"label": [f"{NAME_LABEL}={resource.id.name}"]})
    return Ask((Get(path=path(f"{_SORTS[resource.id.kind]}s"), query=(("filters", filters),)),))


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read which versions there are: the wanted one counts where it is among them, else the newest."""
    found: list[dict[str, Any]] = json.loads(answer[0]) if answer and answer[0] else []
    try:
        versions = sorted(found, key=lambda each: (each["CreatedAt"], each["Spec"]["Name"]))
        if not versions:
            return Absent()
        wanted = [each for each in versions if each["Spec"]["Name"] == resource.attributes[OBJECT]]
        spec = (wanted or versions)[-1]["Spec"]
        labels = spec.get("Labels") or {}
        there: dict[str, Json] = {"content": labels.get(CONTENT_LABEL), OBJECT: spec["Name"]}
        return Present(there, status={"versions": [each["Spec"]["Name"] for each in versions]})
    except (KeyError, TypeError) as error:
        raise ValueError(f"Swarm does not say {error} of a version") from error


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs: another content is another version beside the one that is there."""
    there = seen.attributes.get("content") if isinstance(seen, Present) else None
    wanted = resource.attributes["content"]
    if there == wanted:
        return None
    field = FieldDiff(path="content", before=there, after=wanted, secret=resource.contents["content"].secret)
    return Difference(action=Action.CREATE if isinstance(seen, Absent) else Action.UPDATE, fields=(field,))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Make the version that is wanted."""
    labels = {name: str(value) for name, value in resource.attributes.items() if name.startswith(_LABEL)}
    return (
        PutVersion(
            sort=_SORTS[resource.id.kind],
            name=resource.id.name,
            object=text(resource, OBJECT),
            content=resource.contents["content"],
            labels=tuple((name.removeprefix(_LABEL), value) for name, value in sorted(labels.items())),
        ),
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove all versions, once no service has one."""
    if not isinstance(seen, Present):
        return ()
    return (RemoveUnused(sort=_SORTS[resource.id.kind], name=resource.id.name),)
