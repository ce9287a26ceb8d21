"""A container of a Docker Engine.

What is written is compared field by field with what the engine says; what the engine fills in by itself is not. A
container cannot be changed, but for its limits and its networks: it is replaced, and the one before is kept, stopped.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.kinds import compare, container_body, container_health, no_process
from reconciler.kinds.container_body import ENV, LABEL, UPDATABLE
from reconciler.kinds.container_spec import Spec as Spec
from reconciler.kinds.docker_words import SPEC, by_digest, digest_of, image_path, one, path, status, text
from reconciler.model.canonical import Json, canonical, digest_bytes
from reconciler.model.change import Action, FieldDiff
from reconciler.model.container import PutContainer
from reconciler.model.content import SECRET_OPEN
from reconciler.model.image import PullImage
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, InputError, Inputs, Rendered, Stopping
from reconciler.ports.reads import Ask, Get

NAME = "container"
TARGET = Sort.DOCKER_ENGINE

# They tell how it is done, and are nothing that could be seen.
_NOT_COMPARED = ("credentials", "create", "stopping")
_IN_PLACE = frozenset({*UPDATABLE, "networks", "running", "alone"})


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the container with the request that makes it; raise InputError."""
    body = container_body.body(spec)
    if SECRET_OPEN in canonical({**body, "Env": None}):
        raise InputError("secrets", "a secret can stand in env only: everything else can be seen in the engine")
    fixed = {**body, "HostConfig": _fixed(body["HostConfig"])}
    label = inputs.text(canonical({**fixed, "networks": spec.networks}), spec.secrets).digest
    create = inputs.text(canonical({**body, "Labels": {**body["Labels"], SPEC: label}}), spec.secrets)
    attributes = container_body.told({key: value for key, value in body.items() if key != "Env"}, body["HostConfig"])
    attributes |= {
        "image": by_digest(spec.image),
        "running": spec.running,
        "alone": True,
        "spec": label,
        "create": create.digest,
    }
    if spec.networks is not None or spec.network_mode:
        attributes["networks"] = sorted(spec.networks or [str(spec.network_mode)])
    attributes |= compare.optional(credentials=spec.credentials)
    attributes["stopping"] = 10 if spec.stop_timeout is None else int(spec.stop_timeout.total_seconds())
    contents = {"create": create}
    for name, value in spec.env.items():
        content = inputs.text(value, spec.secrets)
        if content.secret:
            contents[f"{ENV}{name}"] = content
        attributes[f"{ENV}{name}"] = content.digest if content.secret else value
    return Rendered(
        name=spec.name,
        attributes=attributes,
        contents=contents,
        health=(container_health.check(spec.name),) if spec.running else (),
    )


def _fixed(host: Mapping[str, Any]) -> dict[str, Any]:
    """What cannot be changed, and which of the rest is written: what is no longer written needs another container."""
    changing = {"RestartPolicy", "Memory", "MemorySwap", "NanoCpus", "PidsLimit"}
    return {name: None if name in changing else value for name, value in host.items()}


def wave(resource: Resource) -> tuple[int, ...]:
    """Return its place: after images, networks and volumes."""
    return (1,)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    """Ask for the container, its image, and those of its names that are for what is being replaced."""
    name = resource.id.name
    beside = {"name": [f"^/{name.replace('.', '[.]')}[.](new|previous)$"]}
    return Ask(
        (
            Get(path=path("containers", name, "json")),
            Get(path=image_path(text(resource, "image"))),
            Get(path="/containers/json", query=(("all", "1"), ("filters", json.dumps(beside)))),
        )
    )


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what the engine says of the container."""
    there, image = one(answer), one(answer, 1)
    if there is None:
        return Absent()
    try:
        config, host, state = there["Config"], there["HostConfig"], there["State"]
        seen = container_body.told(config, host)
        wanted = {name for name in resource.attributes if name.startswith((ENV, LABEL))}
        found = {name: value for name, value in seen.items() if name in wanted or not name.startswith((ENV, LABEL))}
        for name in resource.contents:
            if isinstance(value := found.get(name), str):
                found[name] = digest_bytes(value.encode())
        found["image"] = _image(resource, there, image)
        found["networks"] = _networks(there)
        found["running"] = state["Status"] in ("running", "restarting")
        found["alone"] = not any(_half_way(each) for each in _beside(answer))
        found["spec"] = (config.get("Labels") or {}).get(SPEC)
        return Present(found, status=_status(there, image, answer))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"the engine does not say {error} of the container") from error


def _image(resource: Resource, there: Mapping[str, Any], image: Mapping[str, Any] | None) -> str:
    named = str(there["Config"]["Image"])
    wanted = text(resource, "image")
    try:
        same_name = by_digest(named) == wanted
    except ValueError:
        same_name = False
    if same_name and (image is None or digest_of(wanted) or image["Id"] == there["Image"]):
        return wanted
    return str(there["Image"]) if same_name else named


def _networks(there: Mapping[str, Any]) -> Json:
    return sorted((there.get("NetworkSettings") or {}).get("Networks") or {})


def _beside(answer: Sequence[str]) -> list[dict[str, Any]]:
    return list(json.loads(answer[2])) if len(answer) > 2 and answer[2] else []


def _half_way(beside: Mapping[str, Any]) -> bool:
    """Whether a replacement was cut off: the new one has no place yet, or the old one still runs."""
    new = any(name.endswith(".new") for name in beside["Names"])
    return _is_ours(beside) and (new or beside["State"] != "exited")


def _is_ours(beside: Mapping[str, Any]) -> bool:
    return SPEC in (beside.get("Labels") or {})


def _status(there: Mapping[str, Any], image: Mapping[str, Any] | None, answer: Sequence[str]) -> dict[str, Json]:
    state = there["State"]
    kept = f"/{there['Name'][1:]}.previous"
    return {
        "id": there["Id"],
        "imageId": there["Image"],
        "imageThere": image is not None,
        "state": state["Status"],
        "health": (state.get("Health") or {}).get("Status"),
        "exitCode": state.get("ExitCode"),
        "restarts": there.get("RestartCount"),
        "startedAt": state.get("StartedAt"),
        "previous": next((each["Id"] for each in _beside(answer) if kept in each["Names"]), None),
        "beside": sorted(name[1:] for each in _beside(answer) if _is_ours(each) for name in each["Names"]),
    }


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs: UPDATE for what can be changed, REPLACE for the rest."""
    names = [name for name in resource.attributes if name not in _NOT_COMPARED]
    found = compare.fields(resource, seen, names)
    if isinstance(seen, Absent):
        return Difference(action=Action.CREATE, fields=_telling(found))
    if not found:
        return None
    if {field.path for field in found} <= _IN_PLACE:
        return Difference(action=Action.UPDATE, fields=found)
    loses = () if seen.attributes.get("spec") else (f"the container {resource.id.name}",)
    return Difference(action=Action.REPLACE, fields=_telling(found), loses=loses)


def _telling(fields: tuple[FieldDiff, ...]) -> tuple[FieldDiff, ...]:
    """What a person wants to read: digests tell something only where nothing else does."""
    return tuple(field for field in fields if field.path not in ("spec", "alone")) or fields


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Return what makes the container as it shall be."""
    found = diff(resource, seen)
    differing = {field.path for field in found.fields} if found else set()
    if isinstance(seen, Present) and found and found.action is Action.UPDATE and "alone" not in differing:
        return tuple(_in_place(resource, seen, differing))
    whole = found is not None and found.action is Action.REPLACE
    return (*_pulled(resource), _put(resource, seen, str(status(seen, "id") or "") if whole else ""))


def _pulled(resource: Resource) -> Iterator[Operation]:
    image = text(resource, "image")
    if digest_of(image):
        yield PullImage(reference=image, credentials=compare.managed(resource, "credentials"))


def _put(resource: Resource, seen: Present | Absent, instead_of: str) -> PutContainer:
    networks = resource.attributes.get("networks")
    stopping = resource.attributes["stopping"]
    assert isinstance(stopping, int)
    return PutContainer(
        name=resource.id.name,
        spec=text(resource, "spec"),
        create=resource.contents["create"],
        instead_of=instead_of,
        networks=tuple(str(each) for each in networks) if isinstance(networks, Sequence) and len(networks) > 1 else (),
        ahead=isinstance(seen, Present) and _side_by_side(resource, seen),
        running=bool(resource.attributes["running"]),
        stopping=timedelta(seconds=stopping),
    )


def _side_by_side(resource: Resource, seen: Present) -> bool:
    """Whether both can run at once: they publish no port of the host, and write to nothing that both have."""
    alone = [name for name in ("ports", "volumes") if resource.attributes.get(name) and seen.attributes.get(name)]
    shares = any(not str(each).endswith(":ro") for each in _list(resource.attributes.get("volumes")))
    published = {_published(each) for each in _list(resource.attributes.get("ports"))}
    taken = {_published(each) for each in _list(seen.attributes.get("ports"))}
    hosts_own = "host" in (*_list(resource.attributes.get("networks")), *_list(seen.attributes.get("networks")))
    return not hosts_own and not published & taken and not ("volumes" in alone and shares)


def _published(port: str) -> str:
    _, host, inner = port.rsplit(":", 2)
    return f"{host}/{inner.rpartition('/')[2]}"


def _list(value: Json) -> list[str]:
    return [str(each) for each in value] if isinstance(value, Sequence) and not isinstance(value, str) else []


def _in_place(resource: Resource, seen: Present, differing: set[str]) -> Iterator[Operation]:
    name = resource.id.name
    if differing & set(UPDATABLE):
        yield Send(
            what=f"change the limits of the container {name}",
            method="POST",
            path=path("containers", name, "update"),
            values=tuple((f"/{key}", value) for key, value in sorted(_limits(resource).items())),
        )
    if "networks" in differing:
        yield from _connections(name, _list(resource.attributes["networks"]), _list(seen.attributes.get("networks")))
    if "running" in differing:
        yield from _run(name, status(seen, "state"), running=bool(resource.attributes["running"]))


def _limits(resource: Resource) -> dict[str, Json]:
    asked = resource.attributes
    name, _, most = text(resource, "restart").partition(":")
    found: dict[str, Json] = {"RestartPolicy": {"Name": name, "MaximumRetryCount": int(most or 0)}}
    if isinstance(memory := asked.get("memory"), int):
        found |= {"Memory": memory, "MemorySwap": 2 * memory}
    found |= {key: asked[name] for name, key in (("cpus", "NanoCpus"), ("pids", "PidsLimit")) if name in asked}
    return found


def _connections(name: str, wanted: Sequence[str], there: Sequence[str]) -> Iterator[Operation]:
    for network in wanted:
        if network not in there:
            yield _network(name, network, "connect", fine=(403, 409))
    for network in there:
        if network not in wanted:
            yield _network(name, network, "disconnect", fine=(404, 500))


def _network(name: str, network: str, verb: str, fine: tuple[int, ...]) -> Send:
    return Send(
        what=f"{verb} the container {name} and the network {network}",
        method="POST",
        path=path("networks", network, verb),
        values=(("/Container", name),),
        fine=fine,
    )


def _run(name: str, state: object, *, running: bool) -> Iterator[Operation]:
    verb = "stop" if not running else "unpause" if state == "paused" else "start"
    yield Send(what=f"{verb} the container {name}", method="POST", path=path("containers", name, verb), fine=(304,))


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Stop and remove the container, and the one that was kept; what is not ours, by its label, stays."""
    if not isinstance(seen, Present) or not seen.attributes.get("spec"):
        return ()
    name = resource.id.name
    stopping = Send(
        what=f"stop the container {name}", method="POST", path=path("containers", name, "stop"), fine=(304, 404)
    )
    return (stopping, *(_removed(str(each)) for each in (name, *(status(seen, "beside") or ()))))


def _removed(name: str) -> Send:
    return Send(
        what=f"remove the container {name}",
        method="DELETE",
        path=path("containers", name),
        query=(("force", "true"),),
        fine=(404,),
    )


def stopping(resource: Resource, seen: Present) -> Stopping | None:
    """Return what stops the container, None when it does not run."""
    if not seen.attributes.get("running") or not resource.attributes["running"]:
        return None
    operations = tuple(_run(resource.id.name, status(seen, "state"), running=False))
    return Stopping(operations=operations, after=Present({**seen.attributes, "running": False}, status=seen.status))


asked, judged = container_health.asked, container_health.judged
restart = no_process.restart
