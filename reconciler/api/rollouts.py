"""Routes that show rollouts, what happened in them, and the plans they carry out."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from reconciler.api.answering import answered
from reconciler.api.answers import EventsAnswer, PlanAnswer, RolloutAnswer, RolloutsAnswer
from reconciler.api.caller import Asking, known
from reconciler.api.door import Call
from reconciler.api.problem import responses
from reconciler.api.shown import event_shown, plan_shown, rollout_shown, unit_of
from reconciler.model.access import Action
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout

LARGEST = 1000
EVENTS = 10_000
_LOOKED_THROUGH = 10
"""So many times as many are looked through for those that the caller may read."""

router = APIRouter(prefix="/v1", tags=["rollouts"], default_response_class=Response)

Id = Annotated[str, Path(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=LARGEST, description="So many at most.")]
_PROBLEMS = responses(401, 403, 404, 422, 429, 503)


@router.get("/rollouts", response_model=RolloutsAnswer, responses=responses(401, 403, 422, 429, 503))
async def list_rollouts(request: Request, call: Asking, limit: Limit = 20) -> Response:
    """Show the newest rollouts, of them those of units that the caller may read."""
    hall = call.hall
    view = await hall.fleet.view()
    seen = set(await hall.fleet.visible(view, known(call)))
    asked = limit if len(seen) == len(view.units) else min(LARGEST, limit * _LOOKED_THROUGH)
    newest = await hall.door.doorway.archive.rollouts(None, asked)
    mine = [rollout_shown(each) for each in newest if each.unit in seen][:limit]
    return answered(request, RolloutsAnswer(rollouts=mine).text())


@router.get("/rollouts/{rollout}", response_model=RolloutAnswer, responses=_PROBLEMS)
async def show_rollout(request: Request, call: Asking, rollout: Id) -> Response:
    """Show a rollout: ask again until `ended` is true, and `state` says how it went."""
    return answered(request, rollout_shown(await _rollout(call, rollout)).text())


@router.get("/rollouts/{rollout}/events", response_model=EventsAnswer, responses=_PROBLEMS)
async def show_events_of_rollout(
    request: Request, call: Asking, rollout: Id, after: Annotated[int, Query(ge=0, le=2**53)] = 0, limit: Limit = 100
) -> Response:
    """Show what was written down of a rollout, oldest first."""
    await _rollout(call, rollout)
    found = await call.hall.door.doorway.archive.events(rollout, EVENTS)
    events = [each for each in found if each.number > after][:limit]
    answer = EventsAnswer(events=[*map(event_shown, events)], next=events[-1].number if events else after)
    return answered(request, answer.text())


@router.get("/plans/{plan}", tags=["plans"], response_model=PlanAnswer, responses=_PROBLEMS)
async def show_plan(request: Request, call: Asking, plan: Id) -> Response:
    """Show a stored plan, the one that a rollout carries out or carried out."""
    found = await _plan(call, plan)
    if found is None or not await _may_read(call, found.unit.id):
        raise HTTPException(404, "there is no such plan, or you may not read it")
    return answered(request, plan_shown(found).text())


async def _plan(call: Call, name: str) -> Plan | None:
    try:
        return await call.hall.door.doorway.archive.plan(name)
    except KeyError:
        return None


async def _rollout(call: Call, name: str) -> Rollout:
    archive = call.hall.door.doorway.archive
    for entry in await archive.events(name, 1):
        unit = unit_of(entry.event)
        if unit is None or not await _may_read(call, unit):
            break
        # It is most often the newest, and then the others need not be read.
        for many in (2, LARGEST):
            found = next((each for each in await archive.rollouts(unit, many) if each.id == name), None)
            if found:
                return found
    raise HTTPException(404, "there is no such rollout, or you may not read it")


async def _may_read(call: Call, unit: UnitId) -> bool:
    return await call.hall.door.doorway.desk.may(known(call), Action.READ, unit)
