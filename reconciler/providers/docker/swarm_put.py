"""A service of a Swarm is put as it shall be: names become ids, and the version that was looked at is the condition."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.model.image import PullImage
from reconciler.model.operation import Operation
from reconciler.model.swarm import PutServiceSpec
from reconciler.policy.swarm_revision import revision
from reconciler.ports.errors import Refused, Stale
from reconciler.ports.secrets import Secrets
from reconciler.providers import secret_json
from reconciler.providers.begun import begun
from reconciler.providers.docker.asking import Request, decoded, refusal
from reconciler.providers.docker.images import login
from reconciler.providers.docker.sending import Goods, refused

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

_ALREADY = (409,)
_LABEL = "reconciler/spec"


async def unchanged(engine: "Engine", operations: Sequence[Operation]) -> None:
    """Raise Stale when a service of these is another one than was seen: before anything was done, not in the middle."""
    for operation in operations:
        if not isinstance(operation, PutServiceSpec):
            continue
        there = await service(engine, operation.name)
        spec = there["Spec"] if there else {}
        if (spec.get("Labels") or {}).get(_LABEL) == operation.label:
            continue
        if (revision(spec) if there else None) != operation.seen:
            raise _stale(engine, operation, there)


def _stale(engine: "Engine", operation: PutServiceSpec, there: Mapping[str, Any] | None) -> Stale:
    how = "changed" if there else "removed"
    return Stale(f"the service {operation.name} on {engine.name} was {how} since it was looked at")


async def put_service(engine: "Engine", operation: PutServiceSpec, goods: Goods) -> bool:
    """Have the service; False when it was so already. Raise Refused, Denied and Stale when nothing was done."""
    what = f"the service {operation.name}"
    media = "application/json"
    body = await asyncio.to_thread(secret_json.body, what, operation.spec, media, goods.contents, goods.secrets)
    wanted = await _resolved(engine, operation, json.loads(body))
    there = await service(engine, operation.name)
    if there is None:
        if operation.seen is not None:
            raise _stale(engine, operation, None)
        await _create(engine, operation, wanted, goods.secrets)
        return True
    spec = there["Spec"]
    wanted = _with_kept(wanted, spec, operation.keeps)
    if _within(wanted, spec):
        return False
    if revision(spec) != operation.seen:
        raise _stale(engine, operation, there)
    if ("Global" in spec["Mode"]) != ("Global" in wanted["Mode"]):
        await _remove(engine, operation.name)
        with begun("it was removed, since the mode of a service cannot be changed"):
            await _create(engine, operation, wanted, goods.secrets)
        return True
    await _update(engine, operation, wanted, (there, goods.secrets))
    return True


async def service(engine: "Engine", name: str) -> dict[str, Any] | None:
    """Return what the Swarm says of a service, None when there is none; raise WorldError."""
    answer = await engine.ask(Request(path=f"/services/{quote(name, safe='')}"))
    if answer.status == 404:
        return None
    if not answer.fine:
        raise refusal(engine.name, f"look at the service {name}", answer)
    found: dict[str, Any] = decoded(engine.name, answer.body)
    # The Swarm finds it by the start of its id, too.
    return found if found["Spec"].get("Name") == name else None


async def _create(engine: "Engine", operation: PutServiceSpec, wanted: Mapping[str, Any], secrets: Secrets) -> None:
    request = Request(
        method="POST",
        path="/services/create",
        headers=await asyncio.to_thread(_login, engine.name, operation, secrets),
        body=json.dumps(wanted).encode(),
        limit=operation.limit,
    )
    answer = await engine.ask(request)
    if not answer.fine:
        raise refused(engine.name, f"create the service {operation.name}", answer, stale=_ALREADY)


async def _update(
    engine: "Engine", operation: PutServiceSpec, wanted: Mapping[str, Any], seen: tuple[Mapping[str, Any], Secrets]
) -> None:
    there, secrets = seen
    request = Request(
        method="POST",
        path=f"/services/{there['ID']}/update",
        query=(("version", str(there["Version"]["Index"])),),
        headers=await asyncio.to_thread(_login, engine.name, operation, secrets),
        body=json.dumps(wanted).encode(),
        limit=operation.limit,
    )
    answer = await engine.ask(request)
    if not answer.fine:
        raise refused(engine.name, f"update the service {operation.name}", answer, stale=_ALREADY)


async def _remove(engine: "Engine", name: str) -> None:
    answer = await engine.ask(Request(method="DELETE", path=f"/services/{quote(name, safe='')}"))
    if not answer.fine and answer.status != 404:
        raise refused(engine.name, f"remove the service {name}", answer)


def _login(name: str, operation: PutServiceSpec, secrets: Secrets) -> tuple[tuple[str, str], ...]:
    image = PullImage(reference=operation.name, credentials=operation.credentials)
    return tuple(login(name, image, secrets))


async def _resolved(engine: "Engine", operation: PutServiceSpec, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with ids in the place of names; raise Refused where one is missing."""
    template = spec["TaskTemplate"]
    container = {**template["ContainerSpec"]}
    for sort, versions in (("Config", dict(operation.configs)), ("Secret", dict(operation.secrets))):
        if f"{sort}s" in container:
            container[f"{sort}s"] = [
                await _reference(engine, sort, each, versions.get(each[f"{sort}Name"]))
                for each in container[f"{sort}s"]
            ]
    template = {**template, "ContainerSpec": container}
    if template.get("Networks"):
        template["Networks"] = [await _network(engine, each) for each in template["Networks"]]
    return {**spec, "TaskTemplate": template}


async def _reference(engine: "Engine", sort: str, file: Mapping[str, Any], version: str | None) -> dict[str, Any]:
    name = version or file[f"{sort}Name"]
    answer = await engine.ask(Request(path=f"/{sort.lower()}s/{quote(name, safe='')}"))
    if answer.status == 404:
        raise Refused(f"there is no {sort.lower()} {name} on {engine.name}")
    if not answer.fine:
        raise refusal(engine.name, f"look for the {sort.lower()} {name}", answer)
    return {**file, f"{sort}Name": name, f"{sort}ID": decoded(engine.name, answer.body)["ID"]}


async def _network(engine: "Engine", network: Mapping[str, Any]) -> dict[str, Any]:
    name = network["Target"]
    request = Request(path=f"/networks/{quote(name, safe='')}", query=(("scope", "swarm"),))
    answer = await engine.ask(request)
    if answer.status == 404:
        raise Refused(f"there is no network {name} on {engine.name}")
    if not answer.fine:
        raise refusal(engine.name, f"look for the network {name}", answer)
    return {**network, "Target": decoded(engine.name, answer.body)["Id"]}


def _with_kept(wanted: Mapping[str, Any], there: Mapping[str, Any], keeps: Sequence[str]) -> dict[str, Any]:
    """The spec with what is there at the places that are kept; the count of forced updates is always among them."""
    found: dict[str, Any] = json.loads(json.dumps(wanted))
    for pointer in (*keeps, "/TaskTemplate/ForceUpdate"):
        *above, last = pointer.split("/")[1:]
        value: Any = there
        for part in (*above, last):
            value = value.get(part) if isinstance(value, Mapping) else None
        place = found
        for part in above:
            place = place.setdefault(part, {})
        place.pop(last, None)
        if value is not None:
            place[last] = value
    return found


def _within(wanted: Any, there: Any) -> bool:
    """Whether all that is wanted is there; what the Swarm filled in besides does not count."""
    match wanted:
        case Mapping():
            known = there if isinstance(there, Mapping) else {}
            return all(_within(value, known.get(name)) for name, value in wanted.items())
        case list():
            return (isinstance(there, list) and len(wanted) == len(there) and all(map(_within, wanted, there))) or (
                not wanted and not there
            )
        case _:
            return bool(wanted == there)
