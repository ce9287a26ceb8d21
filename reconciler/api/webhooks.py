"""Webhooks in: forges tell that something was pushed. They bring a hint and no state; whoever hears it looks at Git.

These routes ask for no identity: a delivery is believed because it is signed with the secret of its webhook, and all
that it may do is to have Git asked sooner than it would be anyway.
"""

from enum import Enum
from typing import Annotated, Protocol

from fastapi import APIRouter, HTTPException, Path, Request, Response

from reconciler.api.problem import responses
from reconciler.model.forge import ForgeKind
from reconciler.providers.hooks_in import Delivery

LARGEST = 5 * 1024 * 1024
"""The most bytes of a delivery, whatever other limit the server has."""

Name = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,62}$", description="The webhook's name in the settings.")]


class Heard(Enum):
    """What becomes of a delivery: the status that answers it, and in words why."""

    WOKEN = (202, "")
    NOTHING_TO_US = (204, "")
    UNREADABLE = (400, "the delivery is signed as it should be, and is no JSON object")
    STRANGER = (401, "the delivery is not signed with the secret of this webhook")
    NO_SUCH_HOOK = (404, "no such webhook is in the settings")
    AGAIN = (409, "this delivery came before")


class Hooks(Protocol):
    """The webhooks that there are, by name; the one of ``[forge]`` has an empty one."""

    def has(self, kind: ForgeKind, name: str) -> bool:
        """Return whether there is one of that name for that forge."""
        ...

    async def receive(self, kind: ForgeKind, name: str, delivery: Delivery) -> Heard:
        """Return what a delivery for it leads to."""
        ...


def webhooks(hooks: Hooks) -> APIRouter:
    """Return the routes ``POST /hooks/FORGE`` and ``POST /hooks/FORGE/NAME``."""
    router = APIRouter(prefix="/hooks", tags=["webhooks"])
    said = responses(400, 401, 404, 409, 413) | {
        202: {"description": "Heard: Git is looked at now"},
        204: {"description": "Nothing to us: another branch, another event"},
    }

    @router.post("/{forge}", status_code=202, responses=said, response_class=Response)
    async def hook_of_the_forge(forge: ForgeKind, request: Request) -> Response:
        """Hear a delivery for the webhook of the section ``[forge]`` of the settings."""
        return await _heard(hooks, forge, "", request)

    @router.post("/{forge}/{name}", status_code=202, responses=said, response_class=Response)
    async def named_hook(forge: ForgeKind, name: Name, request: Request) -> Response:
        """Hear a delivery for the webhook of the section ``[webhooks.NAME]`` of the settings."""
        return await _heard(hooks, forge, name, request)

    return router


async def _heard(hooks: Hooks, forge: ForgeKind, name: str, request: Request) -> Response:
    if not hooks.has(forge, name):
        # Said before anything is read: what is for nobody takes no memory.
        return _answer(Heard.NO_SUCH_HOOK)
    return _answer(await hooks.receive(forge, name, await _delivery(request)))


def _answer(heard: Heard) -> Response:
    status, why = heard.value
    if why:
        raise HTTPException(status, why)
    return Response(status_code=status)


async def _delivery(request: Request) -> Delivery:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, f"a delivery has at most {LARGEST // 1024 // 1024} MiB")
    names = [name.lower() for name in request.headers]
    return Delivery({name: value for name, value in request.headers.items() if names.count(name) == 1}, bytes(body))
