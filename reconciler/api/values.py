"""Routes for our own command line elsewhere: whole values of the model, as the journal writes them.

They are not in the OpenAPI document: what they carry changes with the program, so both ends have to be of the same
version, or near. Whoever may not read a unit finds nothing of it in them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query
from fastapi import Request as HttpRequest
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from reconciler.api.answering import JSON
from reconciler.api.caller import Asking, known, readable
from reconciler.api.door import Call
from reconciler.api.logs import Wanted
from reconciler.api.ruled import ruled
from reconciler.api.sent import go_back_sent, request_sent
from reconciler.api.shown import unit_of
from reconciler.model.access import Action
from reconciler.model.identity import UnitId
from reconciler.model.record import Entry
from reconciler.model.word import Delegated, Locked, TokenIssued, Word
from reconciler.store.codec import encode

T = TypeVar("T")

PATH = "/v1/values"
router = APIRouter(prefix=PATH, include_in_schema=False, default_response_class=Response)

Name = Annotated[str, Query(max_length=300)]
Limit = Annotated[int, Query(ge=1, le=10_000)]


@router.get("/picture")
async def picture(call: Asking) -> Response:
    """Tell how everything stands that the caller may read."""
    found = await call.hall.door.doorway.desk.picture()
    units = {unit: each for unit, each in found.standing.units.items() if await _may(call, Action.READ, unit)}
    words = await _words(call, found.standing.words)
    running = {each.rollout.plan for each in units.values() if each.rollout}
    return await _told(
        replace(
            found,
            standing=replace(found.standing, units=units, words=words),
            plans={plan: each for plan, each in found.plans.items() if plan in running},
        )
    )


@router.get("/took")
async def took(call: Asking, unit: Name) -> Response:
    """Tell how long each sort of step took."""
    found = await _readable(call, unit)
    return await _told(dict(await call.hall.door.doorway.desk.took(found)))


@router.get("/may")
async def may(call: Asking, action: Name, unit: Name = "") -> Response:
    """Tell whether the caller may do that."""
    if action not in [each.value for each in Action]:
        raise HTTPException(422, "there is no such action")
    return await _told(await _may(call, Action(action), _unit(unit) if unit else None))


@router.get("/rollouts")
async def rollouts(call: Asking, unit: Name = "", limit: Limit = 20) -> Response:
    """Tell the newest rollouts."""
    chosen = await _readable(call, unit) if unit else None
    found = await call.hall.door.doorway.archive.rollouts(chosen, limit)
    return await _told([each for each in found if await _may(call, Action.READ, each.unit)])


@router.get("/events")
async def events(call: Asking, rollout: Name, limit: Limit = 1000) -> Response:
    """Tell what was written down of a rollout."""
    found = await call.hall.door.doorway.archive.events(rollout, limit)
    return await _told([each for each in found if await _may(call, Action.READ, unit_of(each.event))])


@router.get("/since")
async def since(call: Asking, number: Annotated[int, Query(ge=0, le=2**53)], limit: Limit = 1000) -> Response:
    """Tell the entries after a number."""
    found = await call.hall.door.doorway.archive.since(number, limit)
    return await _told([_without_digest(each) for each in found if await _may(call, Action.READ, unit_of(each.event))])


@router.get("/states")
async def states(call: Asking, unit: Name) -> Response:
    """Tell the states of a unit that are kept."""
    return await _told(list(await call.hall.door.doorway.archive.states(await _readable(call, unit))))


@router.get("/plan")
async def plan(call: Asking, plan: Name) -> Response:
    """Tell a stored plan."""
    try:
        found = await call.hall.door.doorway.archive.plan(plan)
    except KeyError:
        raise HTTPException(404, "there is no such plan, or you may not read it") from None
    if not await _may(call, Action.READ, found.unit_id):
        raise HTTPException(404, "there is no such plan, or you may not read it")
    return await _told(found)


@router.get("/review")
async def review(call: Asking, revision: Name = "") -> Response:
    """Look at the fleet and tell what would follow, for units that the caller may plan."""
    await _refuse_unless_planner(call)
    async with call.hall.looks:
        found = await call.hall.door.doorway.outlook.review(revision or None)
    mine = [each for each in found.assessments if await _may(call, Action.PLAN, each.unit)]
    return await _told(replace(found, assessments=tuple(mine)))


@router.get("/sightings")
async def sightings(call: Asking, what: Name) -> Response:
    """Look now at what the text names, and tell what the caller may read of it."""
    await _refuse_unless_planner(call)
    async with call.hall.looks:
        found = await call.hall.door.doorway.outlook.sightings(what)
    return await _told([each for each in found if await _may(call, Action.READ, each.unit)])


@router.get("/remembered")
async def remembered(call: Asking, unit: Name = "*", target: Name = "*") -> Response:
    """Tell what was seen last; facts of targets only to who may read everything."""
    found = await call.hall.door.doorway.outlook.remembered(unit, target)
    mine = [each for each in found.sightings if await _may(call, Action.READ, each.unit)]
    facts = found.facts if await _may(call, Action.READ, None) else ()
    return await _told(replace(found, sightings=tuple(mine), facts=facts))


@router.get("/printed")
async def printed(call: Asking, unit: Name, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Tell what programs printed for a unit."""
    chosen = await _readable(call, unit)
    return await _told(list(await call.hall.door.doorway.printed.pieces(wanted.of(chosen), wanted.limit)))


@router.post("/way-back")
async def way_back(request: HttpRequest, call: Asking) -> Response:
    """Tell what going back would do."""
    wanted = _read(go_back_sent, await request.body())
    await readable(call, wanted.unit)
    if not await _may(call, Action.PLAN, wanted.unit):
        raise HTTPException(403, f"{known(call).name} may not plan {wanted.unit}: no role bound to them allows it")
    async with call.hall.looks:
        return await _told(await call.hall.door.doorway.outlook.way_back(wanted, known(call)))


@router.post("/decide")
async def decide(request: HttpRequest, call: Asking) -> Response:
    """Have what is asked for decided; 428 where a one-time code is needed."""
    wanted = _read(request_sent, await request.body())
    ruling = await ruled(call, wanted)
    return await _told({"said": ruling.said, "secret": ruling.secret})


async def _told(value: Any) -> Response:
    # A picture of a large fleet takes long to be written, and everybody else waits for the loop.
    return Response(await asyncio.to_thread(encode, value), media_type=JSON)


def _read(read: Callable[[bytes], T], body: bytes) -> T:
    try:
        return read(body)
    except ValueError:
        # What was sent is not sent back: it may hold a code.
        raise HTTPException(422, "this is no request of this version of reconciler") from None


def _unit(text: str) -> UnitId:
    try:
        return UnitId.parse(text)
    except ValueError:
        raise HTTPException(404, "there is no such unit, or you may not read it") from None


async def _readable(call: Call, text: str) -> UnitId:
    unit = _unit(text)
    await readable(call, unit)
    return unit


async def _may(call: Call, action: Action, unit: UnitId | None) -> bool:
    return await call.hall.door.doorway.desk.may(known(call), action, unit)


async def _refuse_unless_planner(call: Call) -> None:
    """The fleet is looked at for nobody who would be shown nothing of it."""
    units = (await call.hall.fleet.view()).units
    if not any([await _may(call, Action.PLAN, each) for each in (*units, None)]):
        raise HTTPException(403, f"{known(call).name} may not plan anything: no role bound to them allows it")


def _without_digest(entry: Entry) -> Entry:
    return replace(entry, event=replace(entry.event, digest="")) if isinstance(entry.event, TokenIssued) else entry


async def _words(call: Call, words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Locks, and who stands in for whom (no addresses), are for all who are known; of tokens not even digests leave."""
    tokens = await _may(call, Action.TOKENS, None)
    shown: list[Word] = [each for each in words if isinstance(each, Locked)]
    shown += [replace(each, emails=()) for each in words if isinstance(each, Delegated)]
    if tokens:
        shown += [replace(each, digest="") for each in words if isinstance(each, TokenIssued)]
    return tuple(shown)
