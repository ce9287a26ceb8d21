"""A service of a Docker Swarm. How it goes from one version to the next is Swarm's own work, as ``update`` says.

What is written is compared field by field with what Swarm says; what Swarm fills in by itself is not. A config or a
secret of the app is called by its name; the version of it that is wanted now is looked up among the app's resources.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any

from reconciler.kinds import compare, no_process, swarm_service_body, swarm_service_health, swarm_versions
from reconciler.kinds.docker_words import SPEC, by_digest, path, text
from reconciler.kinds.swarm_service_body import CONTAINER_LABEL, ENV, LABEL, PLACES
from reconciler.kinds.swarm_service_spec import Spec as Spec
from reconciler.model.canonical import Json, canonical, digest_bytes, same
from reconciler.model.change import Action
from reconciler.model.content import SECRET_OPEN
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.swarm import PutServiceSpec
from reconciler.model.target import Sort
from reconciler.policy.swarm_revision import NAME_LABEL, revision
from reconciler.ports.kind import Difference, InputError, Inputs, Rendered
from reconciler.ports.reads import Ask, Get

NAME = "swarmService"
TARGET = Sort.SWARM

# They tell how it is done, and are nothing that could be seen.
_NOT_COMPARED = ("credentials", "body", "uses")
_NETWORKS = Get(path="/networks", query=(("filters", json.dumps({"scope": ["swarm"]})),))
_FIRST_OBJECT = 2
_MONITOR = timedelta(seconds=5)


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the service with the spec that is sent; raise InputError."""
    body = swarm_service_body.body(spec)
    if SECRET_OPEN in canonical(_without_env(body)):
        raise InputError("secrets", "a secret can stand in env only: everything else can be seen in the Swarm")
    label = inputs.text(canonical(body), spec.secrets).digest
    send = inputs.text(canonical({**body, "Labels": {**body["Labels"], SPEC: label}}), spec.secrets)
    told, unwritten = swarm_service_body.told(body, {}), swarm_service_body.unwritten(spec)
    attributes = {name: value for name, value in told.items() if name not in unwritten}
    attributes |= {"spec": label, "body": send.digest, "uses": list(_used(spec))}
    attributes |= {"image": by_digest(spec.image), **compare.optional(credentials=spec.credentials)}
    contents = {"body": send}
    for name, value in spec.env.items():
        content = inputs.text(value, spec.secrets)
        if content.secret:
            contents[f"{ENV}{name}"] = content
            attributes[f"{ENV}{name}"] = content.digest
    check = swarm_service_health.check(spec.name, label, spec.update.monitor or _MONITOR)
    return Rendered(name=spec.name, attributes=attributes, contents=contents, health=(check,))


def _without_env(body: Mapping[str, Any]) -> dict[str, Any]:
    template = body["TaskTemplate"]
    return {**body, "TaskTemplate": {**template, "ContainerSpec": {**template["ContainerSpec"], "Env": None}}}


def _used(spec: Spec) -> Iterator[str]:
    """The configs and secrets that it uses, as refs of what they may be among the app's resources."""
    yield from sorted({f"{swarm_versions.CONFIG}:{each.config}" for each in spec.config_files or ()})
    yield from sorted({f"{swarm_versions.SECRET}:{each.secret}" for each in spec.secret_files or ()})


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place: after networks, configs and secrets."""
    return (1,)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    """Ask for the service, what networks are called, and the versions that it shall use."""
    only = json.dumps({"name": [resource.id.name]})
    service = Get(path="/services", query=(("status", "true"), ("filters", only)))
    # The list leaves out those that every node has of its own (host).
    networks = (Get(path=path("networks", each), query=(("scope", "swarm"),)) for each in _networks(resource))
    versions = (Get(path=swarm_versions.found_at(*each)) for each in _versions(resource, siblings))
    return Ask((service, _NETWORKS, *networks, *versions))


def _networks(resource: Resource) -> Sequence[str]:
    names = resource.attributes.get("networks")
    return [str(each) for each in names] if isinstance(names, Sequence) else []


def _versions(resource: Resource, siblings: Mapping[str, Resource]) -> Iterator[tuple[str, str]]:
    """Yield the ref and the version's name of each config and secret of the app that it uses."""
    uses = resource.attributes["uses"]
    assert isinstance(uses, Sequence)
    for ref in map(str, uses):
        if ref in siblings:
            yield ref, text(siblings[ref], swarm_versions.OBJECT)


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what Swarm says of the service; those are found, too, of which it is the start of the name."""
    listed = json.loads(answer[0]) if answer and answer[0] else []
    try:
        there = next((each for each in listed if each["Spec"]["Name"] == resource.id.name), None)
        if there is None:
            return Absent()
        spec = there["Spec"]
        seen = swarm_service_body.told(spec, _names(answer))
        found = {name: value for name, value in seen.items() if name in resource.attributes or not _of_many(name)}
        for name in resource.contents:
            if isinstance(value := found.get(name), str):
                found[name] = digest_bytes(value.encode())
        found["spec"] = (spec.get("Labels") or {}).get(SPEC)
        return Present(found, status=_status(there))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"Swarm does not say {error} of the service") from error


def _of_many(name: str) -> bool:
    return name.startswith((ENV, LABEL, CONTAINER_LABEL))


def _names(answer: Sequence[str]) -> dict[str, str]:
    """What networks are called by their ids, and the wanted versions by the names of their objects."""
    networks = json.loads(answer[1]) if len(answer) > 1 and answer[1] else []
    others = [json.loads(line) for line in answer[_FIRST_OBJECT:] if line]
    versions = [each["Spec"] for each in others if "Spec" in each]
    found = {each["Id"]: each["Name"] for each in (*networks, *others) if "Spec" not in each}
    return found | {each["Name"]: (each.get("Labels") or {}).get(NAME_LABEL, each["Name"]) for each in versions}


def _status(there: Mapping[str, Any]) -> dict[str, Json]:
    update, tasks = there.get("UpdateStatus") or {}, there.get("ServiceStatus") or {}
    return {
        "id": there["ID"],
        "running": tasks.get("RunningTasks"),
        "desired": tasks.get("DesiredTasks"),
        "image": there["Spec"]["TaskTemplate"]["ContainerSpec"].get("Image"),
        "revision": revision(there["Spec"]),
        "update": update.get("State"),
        "message": update.get("Message"),
        "updatedAt": there.get("UpdatedAt"),
    }


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs: REPLACE where its mode does, for Swarm cannot change that."""
    names = [name for name in resource.attributes if name not in _NOT_COMPARED]
    found = compare.fields(resource, seen, names)
    if isinstance(seen, Absent):
        return Difference(action=Action.CREATE, fields=found)
    if not found:
        return None
    other_mode = not same(resource.attributes["mode"], seen.attributes.get("mode"))
    loses = () if seen.attributes.get("spec") else (f"the service {resource.id.name}",)
    return Difference(action=Action.REPLACE if other_mode else Action.UPDATE, fields=found, loses=loses)


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Put the service as it shall be, unless it is another one by then than was seen."""
    versions = list(_versions(resource, siblings))
    return (
        PutServiceSpec(
            name=resource.id.name,
            spec=resource.contents["body"],
            label=text(resource, "spec"),
            seen=str(seen.status["revision"]) if isinstance(seen, Present) else None,
            configs=tuple(_of_sort(swarm_versions.CONFIG, versions)),
            secrets=tuple(_of_sort(swarm_versions.SECRET, versions)),
            keeps=tuple(_kept(resource)),
            credentials=compare.managed(resource, "credentials"),
        ),
    )


def _of_sort(kind: str, versions: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from ((ref.partition(":")[2], version) for ref, version in versions if ref.startswith(f"{kind}:"))


def _kept(resource: Resource) -> Iterator[str]:
    """Where what is there stays: fields that are ignored, and replicas that nobody wrote."""
    for name, place in PLACES.items():
        ignored = any(fnmatchcase(name, pattern) for pattern in resource.ignore)
        unwritten = name == "replicas" and name not in resource.attributes
        if ignored or (unwritten and resource.attributes["mode"] == "replicated"):
            yield "/" + "/".join(place)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the service; one without our label is somebody else's by now."""
    if not isinstance(seen, Present) or not seen.attributes.get("spec"):
        return ()
    name = resource.id.name
    return (Send(what=f"remove the service {name}", method="DELETE", path=path("services", name), fine=(404,)),)


asked, judged = swarm_service_health.asked, swarm_service_health.judged
restart = no_process.restart
