"""Versions of configs and secrets of a Swarm: made under names of their own, removed when nobody can need them."""

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.model.swarm import PutVersion, RemoveUnused
from reconciler.policy.swarm_revision import CONTENT_LABEL, NAME_LABEL
from reconciler.ports.errors import Refused
from reconciler.providers.docker.asking import Answer, Request, decoded, refusal
from reconciler.providers.docker.sending import Goods, refused
from reconciler.providers.transaction.deliver import filled

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

_LOOK_AGAIN = 1.0
_MAY_GO_BACK = ("updating", "rollback_started")
_IN_USE = ("in use", "active endpoints")
_GONE = "not found"


async def put_version(engine: "Engine", operation: PutVersion, goods: Goods) -> bool:
    """Have the version; False when it was there already. Raise Refused, Denied, Stale when nothing was done."""
    what = f"the {operation.sort} {operation.object}"
    versions = await _versions(engine, operation)
    if operation.object in versions:
        if versions[operation.object] == operation.content.digest:
            return False
        raise Refused(f"{what} is there on {engine.name} with another content; remove it, or take another name")
    labels = {**dict(operation.labels), NAME_LABEL: operation.name, CONTENT_LABEL: operation.content.digest}
    data = await asyncio.to_thread(filled, what, operation.content, goods.contents, goods.secrets)
    body = {"Name": operation.object, "Labels": labels, "Data": base64.b64encode(data).decode()}
    answer = await engine.ask(
        Request(
            method="POST",
            path=f"/{operation.sort}s/create",
            body=json.dumps(body).encode(),
            limit=operation.limit,
        )
    )
    if not answer.fine:
        raise refused(engine.name, f"create {what}", answer)
    await _tidy(engine, operation, [*versions])
    return True


async def remove_unused(engine: "Engine", operation: RemoveUnused) -> None:
    """Remove it, or all versions of it, once nobody needs them any more; raise Refused, Denied."""
    names = [operation.name] if operation.sort == "network" else [*await _versions(engine, operation)]
    needed = "it is still needed"
    try:
        async with asyncio.timeout(operation.limit.total_seconds()):
            while names:
                names, needed = await _still_there(engine, operation, names)
                # A task that ends, or an update, takes a while.
                await asyncio.sleep(_LOOK_AGAIN if names else 0)
    except TimeoutError as error:
        raise Refused(
            f"cannot remove the {operation.sort} {', '.join(names)} on {engine.name} within "
            f"{operation.limit.total_seconds():g} s: {needed}"
        ) from error


async def _still_there(engine: "Engine", operation: RemoveUnused, names: Sequence[str]) -> tuple[list[str], str]:
    """Remove what can be removed now; return the rest, and why."""
    going_back = {*_going_back(await _services(engine), operation.sort)}
    left, why = [name for name in names if name in going_back], "a service that had it is still at its update"
    for name in names:
        if name in going_back:
            continue
        answer = await _removed(engine, operation.sort, name)
        if any(words in answer.said for words in _IN_USE):
            left.append(name)
            why = answer.said
        elif not answer.fine and answer.status != 404 and _GONE not in answer.said:
            raise refused(engine.name, f"remove the {operation.sort} {name}", answer)
        elif operation.sort == "network" and (await engine.ask(Request(path=_path("network", name)))).fine:
            # It goes from a node when the last task there has gone.
            left.append(name)
            why = "a task that had it still ends"
    return left, why


async def _tidy(engine: "Engine", operation: PutVersion, before: Sequence[str]) -> None:
    """Remove versions that no service has, nor had before its last update. One that stays does no harm."""
    if not before:
        return
    services = await _services(engine)
    needed = {*_had(services, operation.sort, "Spec"), *_had(services, operation.sort, "PreviousSpec")}
    for name in before:
        if name not in needed:
            await _removed(engine, operation.sort, name)


async def _removed(engine: "Engine", sort: str, name: str) -> Answer:
    return await engine.ask(Request(method="DELETE", path=_path(sort, name)))


def _path(sort: str, name: str) -> str:
    return f"/{sort}s/{quote(name, safe='')}"


async def _versions(engine: "Engine", operation: PutVersion | RemoveUnused) -> dict[str, str]:
    """The digests of the contents of all versions there are, by the names of their objects."""
    filters = json.dumps({"label": [f"{NAME_LABEL}={operation.name}"]})
    answer = await engine.ask(Request(path=f"/{operation.sort}s", query=(("filters", filters),)))
    if not answer.fine:
        raise refusal(engine.name, f"look for versions of the {operation.sort} {operation.name}", answer)
    specs = [each["Spec"] for each in decoded(engine.name, answer.body)]
    return {each["Name"]: each["Labels"].get(CONTENT_LABEL, "") for each in specs}


async def _services(engine: "Engine") -> list[dict[str, Any]]:
    answer = await engine.ask(Request(path="/services"))
    if not answer.fine:
        raise refusal(engine.name, "ask for its services", answer)
    found: list[dict[str, Any]] = decoded(engine.name, answer.body)
    return found


def _had(services: Sequence[Mapping[str, Any]], sort: str, spec: str) -> Iterator[str]:
    key = sort.capitalize()
    for each in services:
        container = ((each.get(spec) or {}).get("TaskTemplate") or {}).get("ContainerSpec") or {}
        yield from (reference[f"{key}Name"] for reference in container.get(f"{key}s") or ())


def _going_back(services: Sequence[Mapping[str, Any]], sort: str) -> Iterator[str]:
    at_it = [each for each in services if (each.get("UpdateStatus") or {}).get("State") in _MAY_GO_BACK]
    yield from _had(at_it, sort, "PreviousSpec")
