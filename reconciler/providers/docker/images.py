"""Images are brought to an engine: pulled by digest, or loaded from an archive."""

import asyncio
import base64
import json
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import quote

from reconciler.model.image import LoadImage, PullImage
from reconciler.model.output import Stream
from reconciler.ports.errors import Denied, Refused, Unreachable, WorldError
from reconciler.ports.outputs import Sink
from reconciler.ports.secrets import Secrets
from reconciler.providers.docker.asking import Declined, Request, decoded
from reconciler.providers.docker.sending import Goods, refused
from reconciler.providers.secret_use import used

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

_HUB = "docker.io"
_LOADED, _LOADED_ID = "Loaded image: ", "Loaded image ID: "
_NOBODY_THERE = ("connection refused", "no such host", "i/o timeout", "deadline exceeded", "TLS handshake timeout")


async def pull(engine: "Engine", operation: PullImage, goods: Goods) -> bool:
    """Have the image there; False when it was there already. Raise Denied, Refused, Unreachable."""
    if await _there(engine, operation.reference):
        return False
    name, _, digest = operation.reference.partition("@")
    request = Request(
        method="POST",
        path="/images/create",
        query=(("fromImage", name), ("tag", digest)),
        headers=tuple(await asyncio.to_thread(login, engine.name, operation, goods.secrets)),
        limit=operation.limit,
        quiet_for=operation.limit,
    )
    await _stream(engine, request, f"pull {operation.reference}", goods.output)
    if not await _there(engine, operation.reference):
        raise Refused(
            f"cannot pull {operation.reference} on {engine.name}: it is not there although nothing went wrong"
        )
    return True


async def load(engine: "Engine", operation: LoadImage, goods: Goods) -> None:
    """Have the image of the archive there, under its two names; raise Refused, Denied, Unreachable."""
    path = await goods.artifacts.fetch(operation.artifact)
    what = f"load {operation.artifact.url}"
    request = Request(
        method="POST",
        path="/images/load",
        query=(("quiet", "1"),),
        body=path,
        media="application/x-tar",
        limit=operation.limit,
        quiet_for=operation.limit,
    )
    said = await _stream(engine, request, what, goods.output)
    loaded = [line.removeprefix(_LOADED_ID).removeprefix(_LOADED).strip() for line in said if line.startswith("Loaded")]
    if len(loaded) != 1:
        raise Refused(f"cannot {what} on {engine.name}: it holds {len(loaded)} images, and has to hold one")
    for name in (operation.mark, operation.reference):
        repository, _, tag = name.rpartition(":")
        tagged = await engine.ask(
            Request(
                method="POST",
                path=f"/images/{quote(loaded[0], safe='/:@')}/tag",
                query=(("repo", repository), ("tag", tag)),
            )
        )
        if not tagged.fine:
            raise refused(engine.name, f"name the image {name}", tagged)


async def _there(engine: "Engine", reference: str) -> bool:
    answer = await engine.ask(Request(path=f"/images/{quote(reference, safe='/:@')}/json"))
    if not answer.fine and answer.status != 404:
        raise refused(engine.name, f"look for {reference}", answer)
    return answer.fine


async def _stream(engine: "Engine", request: Request, what: str, output: Sink) -> list[str]:
    """Follow what the engine says of its progress; an error comes in the middle of it, with the status of a success."""
    said: list[str] = []
    output.say(Stream.NOTE, f"{what}\n".encode())
    try:
        async with aclosing(engine.lines(request)) as lines:
            async for line in lines:
                told = decoded(engine.name, line)
                if "error" in told:
                    raise _told(f"cannot {what} on {engine.name}: {told['error']}")
                said.append(str(told.get("stream") or told.get("status") or ""))
                if not told.get("progressDetail"):
                    # Of each layer that it is there, not how far it is.
                    layer = f"{told['id']}: " if "id" in told else ""
                    output.say(Stream.OUTPUT, f"{layer}{said[-1].strip()}\n".encode())
    except Declined as error:
        raise _told(f"cannot {what} on {engine.name}: {error.said}") from error
    return said


def _told(text: str) -> WorldError:
    lowered = text.lower()
    if any(words in lowered for words in ("unauthorized", "denied", "authentication required", "no basic auth")):
        return Denied(f"{text}; are the credentials those of this registry?")
    if any(words.lower() in lowered for words in _NOBODY_THERE):
        return Unreachable(text)
    return Refused(text)


def login(name: str, operation: PullImage, secrets: Secrets) -> list[tuple[str, str]]:
    """Return the headers that log in to the registry of the image; raise Denied when the secret cannot be used."""
    if operation.credentials is None:
        return []
    purpose = f"cannot pull {operation.reference} on {name}"
    user, colon, password = used(secrets, operation.credentials, purpose, Denied).partition(":")
    if not colon:
        raise Denied(f"cannot pull {operation.reference} on {name}: {operation.credentials} is not user:password")
    first, slash, _ = operation.reference.partition("/")
    registry = first if slash and ("." in first or ":" in first or first == "localhost") else _HUB
    login = {"username": user, "password": password, "serveraddress": registry}
    return [("X-Registry-Auth", base64.urlsafe_b64encode(json.dumps(login).encode()).decode())]
