"""Who asks, and whether this route is for them: asked of every request before its own code runs."""

from typing import Annotated, assert_never

from fastapi import Depends, Path, Request
from starlette.exceptions import HTTPException

from reconciler.api.door import Call
from reconciler.api.rule import HOOKS, RULES, ByDesk, ForAll, ForKnown, OfAll, OfRecord, OfUnit, Rule
from reconciler.model.access import Action, Identity
from reconciler.model.identity import UnitId

_SHOWN = 100


async def call_of(request: Request) -> Call:
    """Return what is known of the request."""
    # Like all that requests depend on it is asynchronous, though it waits for nothing: else a thread would do it.
    call: Call = request.state.call
    return call


NOT_THERE = "there is no such unit, or you may not read it"
"""Told of both alike: names cannot be tried out."""

Asking = Annotated[Call, Depends(call_of)]


def known(call: Call) -> Identity:
    """Return who asks; raises HTTPException for a stranger."""
    if call.who is None:
        raise HTTPException(401, call.why, {"WWW-Authenticate": "Bearer"})
    return call.who


async def admitted(request: Request) -> None:
    """Raise HTTPException unless the table says that the route is for who asks."""
    call, route = await call_of(request), request.scope["route"]
    rule = rule_of("GET" if request.method == "HEAD" else request.method, route.path)
    unit = _unit(request.path_params.get("unit"))
    await _admitted(rule, call, unit)


def rule_of(method: str, path: str) -> Rule:
    """Return the rule of a route; HTTPException 403 where there is none: nobody has said who may use it."""
    if path.startswith(HOOKS):
        return ForAll()
    try:
        return RULES[method, path]
    except KeyError:
        raise HTTPException(403, f"internal error: nobody has said who may {method} {path}") from None


async def _admitted(rule: Rule, call: Call, unit: UnitId | None) -> None:
    match rule:
        case ForAll():
            return
        case ForKnown():
            await _reads_anything(call)
        case OfRecord():
            known(call)
        case OfAll(action):
            await _needs(call, action, None)
        case OfUnit(action):
            await readable(call, unit)
            await _needs(call, action, unit)
        case ByDesk():
            # A unit that may not be read is refused by the desk, which writes that down, and told as not there.
            known(call)
        case _:
            assert_never(rule)


async def readable(call: Call, unit: UnitId | None) -> None:
    """Raise HTTPException 404 unless who asks may read the unit; what there is not is told alike."""
    who = known(call)
    if unit is None or not await call.hall.door.doorway.desk.may(who, Action.READ, unit):
        # The unit is only what they wrote: it is told, but the journal has it under no unit of that name.
        wanted = str(unit)[:_SHOWN] if unit else "what is no unit"
        await call.hall.door.refusing.denied(who, Action.READ, None, f"there is no {wanted}, or they may not read it")
        raise HTTPException(404, NOT_THERE)


async def _reads_anything(call: Call) -> None:
    """Raise HTTPException 403 where nothing is bound to who asks: that they are known is no right by itself."""
    who, fleet = known(call), call.hall.fleet
    if await fleet.visible(await fleet.view(), who):
        return
    await _needs(call, Action.READ, None)


async def _needs(call: Call, action: Action, unit: UnitId | None) -> None:
    who = known(call)
    if not await call.hall.door.doorway.desk.may(who, action, unit):
        over = f"on {unit}" if unit else "on everything"
        reason = f"{who.name} may not {action.value} {over}: no role bound to them allows it"
        await call.hall.door.refusing.denied(who, action, unit, reason)
        raise HTTPException(403, reason)


def _unit(text: str | None) -> UnitId | None:
    if text is None:
        return None
    try:
        return UnitId.parse(text)
    except ValueError:
        raise HTTPException(404, NOT_THERE) from None


async def unit_in(unit: Annotated[str, Path(description="A unit: app@environment", max_length=300)]) -> UnitId:
    """Return the unit in the path; HTTPException 404 when it is none."""
    found = _unit(unit)
    if found is None:
        raise AssertionError("internal error: the path has no unit")
    return found


UnitInPath = Annotated[UnitId, Depends(unit_in)]
