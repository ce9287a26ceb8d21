"""Routes that show what Git says, what would follow from a commit, what was seen, and which tokens are good."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from reconciler.api.answering import answered
from reconciler.api.answers import CommitsAnswer, ReviewAnswer, SightingsAnswer, TokensAnswer
from reconciler.api.caller import Asking, known
from reconciler.api.problem import responses
from reconciler.api.shown import assessed_shown, commits_shown, sighting_shown, token_shown
from reconciler.model.access import Action
from reconciler.model.word import TokenIssued

router = APIRouter(prefix="/v1", default_response_class=Response)

Revision = Annotated[str | None, Query(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/~^@-]*$")]
Pattern = Annotated[str, Query(max_length=300, pattern=r"^[^\x00-\x1f]+$")]


@router.get("/commits", tags=["git"], response_model=CommitsAnswer, responses=responses(401, 403, 429, 503))
async def show_commits(request: Request, call: Asking) -> Response:
    """Show the newest commit that loaded, a newer one that was refused, and whether Git can be asked."""
    return answered(request, commits_shown((await call.hall.fleet.view()).picture).text())


@router.get("/plan", tags=["plans"], response_model=ReviewAnswer, responses=responses(401, 403, 409, 422, 429, 503))
async def review(request: Request, call: Asking, revision: Revision = None) -> Response:
    """Look at the fleet and show what would follow from a revision, or from the newest commit; nothing is changed.

    Units for which the caller may not plan are left out.
    """
    hall, who = call.hall, known(call)
    desk = hall.door.doorway.desk
    units = (await hall.fleet.view()).units
    # The fleet is looked at for nobody who would be shown nothing of it.
    if not any([await desk.may(who, Action.PLAN, each) for each in (*units, None)]):
        raise HTTPException(403, f"{who.name} may not plan anything: no role bound to them allows it")
    async with hall.looks:
        found = await hall.door.doorway.outlook.review(revision)
    mine = [each for each in found.assessments if await desk.may(who, Action.PLAN, each.unit)]
    answer = ReviewAnswer(
        commit=found.commit,
        refused=found.refused,
        interrupted=found.interrupted,
        units=[assessed_shown(each) for each in mine],
    )
    return answered(request, answer.text())


@router.get("/sightings", tags=["units"], response_model=SightingsAnswer, responses=responses(401, 403, 422, 429, 503))
async def list_sightings(request: Request, call: Asking, unit: Pattern = "*", target: Pattern = "*") -> Response:
    """Show what was seen last, of units that the caller may read; * in a pattern is any text."""
    door = call.hall.door
    found = (await door.doorway.outlook.remembered(unit, target)).sightings
    may = door.doorway.desk.may
    mine = [sighting_shown(each) for each in found if await may(known(call), Action.READ, each.unit)]
    return answered(request, SightingsAnswer(sightings=mine).text())


@router.get("/tokens", tags=["tokens"], response_model=TokensAnswer, responses=responses(401, 403, 429, 503))
async def list_tokens(request: Request, call: Asking) -> Response:
    """Show the tokens that are good; what they are themselves nobody knows."""
    picture = (await call.hall.fleet.view()).picture
    words = [each for each in picture.standing.words if isinstance(each, TokenIssued)]
    good = [token_shown(each) for each in words if each.until is None or each.until > picture.now]
    return answered(request, TokensAnswer(tokens=good).text())
