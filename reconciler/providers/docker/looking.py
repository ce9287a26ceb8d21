"""An engine is asked for resources, and its answers become what was seen."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from reconciler.model.canonical import Json
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.ports.errors import WorldError
from reconciler.ports.kind import Kind
from reconciler.ports.reads import Ask, Get
from reconciler.ports.secrets import Secrets
from reconciler.providers.docker.asking import Request, refusal

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

_FACTS: Mapping[str, str] = {
    "version": "Version",
    "apiVersion": "ApiVersion",
    "os": "Os",
    "arch": "Arch",
    "kernel": "KernelVersion",
}


async def look(
    engine: "Engine", target: str, resources: Sequence[Resource], kinds: Mapping[str, Kind], secrets: Secrets
) -> Survey:
    """Return what the engine says of the resources, all asked for side by side. What it does not tell is Unknown."""
    try:
        about = await engine.about()
    except WorldError as error:
        return Survey({resource.id: Unknown(str(error)) for resource in resources})
    siblings = {resource.id.ref: resource for resource in resources}
    asked = [_asked(kinds[resource.id.kind], resource, siblings) for resource in resources]
    # Two resources may ask for the same thing: it is asked for once.
    gets = list(dict.fromkeys(get for ask in asked for get in ask.gets))
    said = dict(zip(gets, await asyncio.gather(*(_kept(engine, get) for get in gets)), strict=True))
    observations: dict[ResourceId, Observation] = {}
    for resource, ask in zip(resources, asked, strict=True):
        seen = _seen(engine.name, resource, kinds[resource.id.kind], [said[get] for get in ask.gets])
        observations[resource.id] = _hidden(resource, seen, secrets)
    return Survey(observations, facts={target: facts(about)})


def facts(about: Mapping[str, Any]) -> dict[str, Json]:
    """Return what an engine says of itself."""
    return {name: about[key] for name, key in _FACTS.items() if isinstance(about.get(key), str)}


async def answers(engine: "Engine", asked: Ask) -> list[str]:
    """Return one line for each; raise WorldError."""
    return list(await asyncio.gather(*(_line(engine, get) for get in asked.gets)))


def _asked(kind: Kind, resource: Resource, siblings: Mapping[str, Resource]) -> Ask:
    asked = kind.probe(resource, siblings)
    if not isinstance(asked, Ask):
        raise TypeError(f"internal error: an engine cannot be asked for {asked}")
    return asked


def _seen(name: str, resource: Resource, kind: Kind, said: Sequence[str | WorldError]) -> Observation:
    lines = []
    for line in said:
        if isinstance(line, WorldError):
            return Unknown(f"cannot look at {resource.id.ref}: {line}")
        lines.append(line)
    try:
        return kind.parse(resource, lines)
    except ValueError as error:
        return Unknown(f"cannot understand what {name} says about {resource.id.ref}: {error}")


async def _kept(engine: "Engine", get: Get) -> str | WorldError:
    try:
        return await _line(engine, get)
    except WorldError as error:
        return error


async def _line(engine: "Engine", get: Get) -> str:
    answer = await engine.ask(Request(path=get.path, query=get.query, headers=get.headers))
    if answer.status == 404:
        return ""
    if not answer.fine:
        query = f"?{urlencode(get.query)}" if get.query else ""
        raise refusal(engine.name, f"ask for {get.path}{query}", answer)
    return answer.body.decode(errors="replace").replace("\n", " ").strip()


def _hidden(resource: Resource, seen: Observation, secrets: Secrets) -> Observation:
    """Digests of what is secret are replaced by keyed ones."""
    if not isinstance(seen, Present):
        return seen
    secret = {name for name, content in resource.contents.items() if content.secret}
    found = {
        name: secrets.keyed(value)
        if name in secret and isinstance(value, str) and value.startswith("sha256:")
        else value
        for name, value in seen.attributes.items()
    }
    return replace(seen, attributes=found)


def same(one: Survey, other: Survey) -> bool:
    """Whether two looks saw the same, but for what things say of themselves."""
    return _compared(one) == _compared(other)


def _compared(survey: Survey) -> dict[str, object]:
    return {
        str(key): dict(seen.attributes) if isinstance(seen, Present) else type(seen).__name__
        for key, seen in survey.observations.items()
        if isinstance(seen, Present | Absent)
    }
