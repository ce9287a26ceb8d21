"""A container is put in its place: look, make the one next request, look again."""

import asyncio
import json
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, assert_never
from urllib.parse import quote

from reconciler.model.container import PutContainer
from reconciler.ports.errors import Broken, Denied, Halfway, Refused, TimedOut
from reconciler.providers import secret_json
from reconciler.providers.begun import begun
from reconciler.providers.docker.asking import Answer, Request, decoded, refusal
from reconciler.providers.docker.marking import labelled
from reconciler.providers.docker.placing import (
    LIMITS,
    Connect,
    Create,
    Do,
    Done,
    GiveUp,
    Known,
    Next,
    Places,
    There,
    Wait,
    is_wanted,
    next_step,
    there,
)
from reconciler.providers.docker.sending import Goods, refused

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine

_LOOK_AGAIN = 0.25
_SETTLES = 1.0
# So many requests lead from anything to the end; more of them would be somebody who undoes each.
_MOST = 40
_FAULT, _FAULTS = 500, 20


async def put(engine: "Engine", operation: PutContainer, goods: Goods) -> None:
    """Have the container in its place.

    Raises Refused and Denied when all is as it was before, Halfway when a part was done and could not be taken back.
    """
    what, media = f"the container {operation.name}", "application/json"
    body = await asyncio.to_thread(secret_json.body, what, operation.create, media, goods.contents, goods.secrets)
    body = labelled(body, "container", goods.labels, operation.name)
    await _Putting(engine, operation, body).until_done()


class _Putting:
    def __init__(self, engine: "Engine", wanted: PutContainer, body: bytes) -> None:
        self._engine = engine
        self._wanted = wanted
        self._body = body
        self._limits = _limits(body)
        self._started_at: float | None = None
        self._faults = 0
        self._changed = False

    async def until_done(self) -> None:
        seconds = self._wanted.limit.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                await self._steps()
        except TimeoutError as error:
            await self._take_back(f"the new container {self._wanted.name} was not there within {seconds:g} s", error)

    async def _steps(self) -> None:
        for _ in range(_MOST):
            step = await self._next()
            while isinstance(step, Wait):
                await asyncio.sleep(_LOOK_AGAIN)
                step = await self._next()
            match step:
                case Done():
                    return
                case GiveUp(reason=reason):
                    await self._take_back(reason, None)
                case _:
                    await self._do(step)
        raise Halfway(
            f"the container {self._wanted.name} on {self._engine.name} is changed by somebody else all the time"
        )

    async def _next(self) -> Next:
        now = asyncio.get_running_loop().time()
        started = self._started_at is not None
        settled = self._started_at is not None and now - self._started_at >= _SETTLES
        known = Known(limits=self._limits, started=started, settled=settled)
        with begun("a part of it was done") if self._changed else nullcontext():
            return next_step(await self._places(), self._wanted, known)

    async def _do(self, step: Create | Connect | Do) -> None:
        what, request, fine = _asked(step, self._wanted, self._body)
        answer = await self._engine.ask(request)
        if isinstance(step, Do) and step.verb == "start":
            self._started_at = asyncio.get_running_loop().time()
        if answer.fine or answer.status in fine:
            self._changed = True
            return
        if isinstance(step, Do) and step.verb == "rename" and answer.status >= _FAULT and self._faults < _FAULTS:
            # The engine cannot give a name while it starts the container again.
            self._faults += 1
            await asyncio.sleep(_LOOK_AGAIN)
            return
        error = refused(self._engine.name, what, answer)
        if isinstance(error, Refused) or (isinstance(error, Denied) and self._changed):
            await self._take_back(str(error), error)
        raise error

    async def _take_back(self, reason: str, cause: BaseException | None) -> None:
        """Have it as it was: the new one goes, the old one runs. It always raises."""
        why = reason if self._engine.name in reason else f"{reason} on {self._engine.name}"
        try:
            places = await self._places()
            if places.current is None or is_wanted(places.current, self._wanted):
                if places.previous is None and places.current is None and places.new is not None:
                    await self._undo(Do("remove", places.new, f"{self._wanted.name}.new"))
                    raise Refused(why) from cause
                raise Halfway(why) from cause
            if places.new is not None and places.new.spec is not None:
                await self._undo(Do("remove", places.new, f"{self._wanted.name}.new"))
            if not places.current.runs and self._started_at is not None:
                await self._undo(Do("start", places.current, self._wanted.name))
        except (TimedOut, Denied, Broken) as error:
            raise Halfway(f"{why}; and then {error}") from error
        raise Refused(why) from cause

    async def _undo(self, step: Do) -> None:
        what, request, fine = _asked(step, self._wanted, self._body)
        answer = await self._engine.ask(request)
        if not answer.fine and answer.status not in fine:
            raise Halfway(str(refused(self._engine.name, what, answer)))

    async def _places(self) -> Places:
        name = self._wanted.name
        current, new, previous = await asyncio.gather(
            *(self._look(each) for each in (name, f"{name}.new", f"{name}.previous"))
        )
        return Places(current=current, new=new, previous=previous)

    async def _look(self, name: str) -> There | None:
        answer: Answer = await self._engine.ask(Request(path=f"/containers/{quote(name, safe='')}/json"))
        if answer.status == 404:
            return None
        if not answer.fine:
            raise refusal(self._engine.name, f"look at the container {name}", answer)
        said = decoded(self._engine.name, answer.body)
        # The engine finds it by the start of its id, too.
        return there(said) if said.get("Name") == f"/{name}" else None


def _asked(step: Create | Connect | Do, wanted: PutContainer, body: bytes) -> tuple[str, Request, tuple[int, ...]]:
    """What is asked for, in words and as a request, and which statuses say that it is so already."""
    match step:
        case Create():
            query = (("name", f"{wanted.name}.new"),)
            what = f"make the container {wanted.name}"
            return what, Request(method="POST", path="/containers/create", query=query, body=body), ()
        case Connect(container=container, network=network):
            path = f"/networks/{quote(network, safe='')}/connect"
            joined = json.dumps({"Container": container.id}).encode()
            what = f"connect the container {wanted.name} with the network {network}"
            return what, Request(method="POST", path=path, body=joined), ()
        case Do(verb="retire" | "limit"):
            path = f"/containers/{step.container.id}/update"
            changed = _limits(body) if step.verb == "limit" else {"RestartPolicy": {"Name": "no"}}
            what = f"change the limits of the container {step.name}"
            return what, Request(method="POST", path=path, body=json.dumps(changed).encode()), ()
        case Do():
            return _of_one(step, wanted)
        case _:
            assert_never(step)


def _limits(body: bytes) -> dict[str, Any]:
    host = json.loads(body).get("HostConfig") or {}
    return {name: host[name] for name in LIMITS if name in host}


def _of_one(step: Do, wanted: PutContainer) -> tuple[str, Request, tuple[int, ...]]:
    path = f"/containers/{step.container.id}"
    what = f"{step.verb} the container {step.name}"
    match step.verb:
        case "start":
            return what, Request(method="POST", path=f"{path}/start"), (304,)
        case "stop":
            seconds = int(wanted.stopping.total_seconds())
            limit = wanted.limit + wanted.stopping
            query = (("t", str(seconds)),)
            return what, Request(method="POST", path=f"{path}/stop", query=query, limit=limit), (304, 404)
        case "remove":
            return what, Request(method="DELETE", path=path, query=(("force", "true"),)), (404,)
        case "rename":
            return what, Request(method="POST", path=f"{path}/rename", query=(("name", step.to),)), ()
        case "retire" | "limit":
            raise TypeError("internal error: limits are changed by an update")
        case _:
            assert_never(step.verb)
