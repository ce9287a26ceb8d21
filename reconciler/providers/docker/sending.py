"""Operations → requests to an engine, one after the other."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reconciler.model.canonical import Digest
from reconciler.model.request import Send
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.errors import Denied, Refused, Stale, Unreachable, WorldError
from reconciler.ports.outputs import SILENT, Sink
from reconciler.ports.secrets import Secrets
from reconciler.providers import secret_json
from reconciler.providers.docker.asking import AWAY, Answer, Request
from reconciler.providers.docker.marking import MADE_AT, labelled

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

OUT_OF_SEQUENCE = "update out of sequence"
"""What a Swarm says when something was changed since it was looked at; its status is 500, of all things."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What goes to an engine along with a plan. ``labels`` say what is ours, by ref (``docker.marking``).

    What the engine says of its progress goes to ``output``.
    """

    artifacts: Artifacts
    secrets: Secrets
    contents: Mapping[Digest, bytes]
    labels: Mapping[str, str] = field(default_factory=dict)
    output: Sink = SILENT


async def send(engine: "Engine", operation: Send, goods: Goods) -> None:
    """Send one request; raise Refused, Denied, Stale where nothing was done by it, else Unreachable or Broken."""
    if operation.only_if is not None:
        found = await engine.ask(Request(path=operation.only_if))
        if not found.fine:
            return
    request = Request(
        method=operation.method,
        path=operation.path,
        query=operation.query,
        headers=operation.headers,
        body=await asyncio.to_thread(_body, operation, goods),
        media=operation.media,
        limit=operation.limit,
    )
    answer = await engine.ask(request)
    if not answer.fine and answer.status not in operation.fine:
        raise refused(engine.name, operation.what, answer, stale=operation.stale)


def refused(name: str, what: str, answer: Answer, stale: tuple[int, ...] = ()) -> WorldError:
    """Return what an answer that is no success says; ``what`` fits after "cannot"."""
    said = f"cannot {what} on {name}: {answer.said}"
    if answer.status in stale or OUT_OF_SEQUENCE in answer.said:
        return Stale(f"{said}; somebody else has changed it")
    if answer.status in (401, 403):
        return Denied(said)
    if answer.status in AWAY:
        return Unreachable(said)
    if "No such image" in answer.said:
        return Refused(f"{said}; name it by its digest (NAME@sha256:...) to have it pulled, or bring it with an image")
    return Refused(said)


def _body(operation: Send, goods: Goods) -> bytes | None:
    data = None
    if operation.body is not None:
        data = secret_json.body(operation.what, operation.body, operation.media, goods.contents, goods.secrets)
        if kind := MADE_AT.get(operation.path):
            data = labelled(data, kind, goods.labels)
    if not operation.values:
        return data
    document: Any = {} if data is None else json.loads(data)
    for pointer, value in operation.values:
        *above, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
        place = document
        for part in above:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(document).encode()
