"""Routes that show units: all of them page by page, one of them whole, and what was with it."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from reconciler.api.answering import Rendered, answered
from reconciler.api.answers import HistoryAnswer, UnitAnswer, UnitDetails, UnitsAnswer
from reconciler.api.caller import Asking, UnitInPath, known
from reconciler.api.cursor import cursor_of, position
from reconciler.api.problem import responses
from reconciler.api.shown import rollout_shown, state_shown, unit_details
from reconciler.control.where import Word, place

PAGE = 100
LARGEST = 1000

router = APIRouter(prefix="/v1", tags=["units"], default_response_class=Response)

Limit = Annotated[int, Query(ge=1, le=LARGEST, description="So many at most.")]


class UnitsWanted(BaseModel):
    """Which units, and which page of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    environment: str | None = Field(default=None, max_length=200)
    app: str | None = Field(default=None, max_length=200)
    state: Word | None = Field(default=None, description="The state in words.")
    limit: int = Field(default=PAGE, ge=1, le=LARGEST, description="So many at most.")
    cursor: str | None = Field(default=None, max_length=400, description="`next` of the page before.")

    def fit(self, units: Iterable[UnitAnswer]) -> list[UnitAnswer]:
        """Return those of the units that are wanted, on this page and all after it."""
        begin = position(self.cursor) if self.cursor else ""
        return [each for each in units if self._is_wanted(each) and each.unit > begin]

    def _is_wanted(self, each: UnitAnswer) -> bool:
        app, _, environment = each.unit.partition("@")
        wanted = ((app, self.app), (environment, self.environment), (each.state, self.state))
        return all(want is None or have == want for have, want in wanted)


@router.get("/units", response_model=UnitsAnswer, responses=responses(401, 403, 422, 429, 503))
async def list_units(request: Request, call: Asking, wanted: Annotated[UnitsWanted, Query()]) -> Response:
    """Show where units stand, those that the caller may read, by name. An answer may be a second old."""
    view, caller = await call.hall.fleet.view(), repr(known(call))
    query = request.url.query
    answer = view.answers.get((caller, query))
    if answer is None:
        mine = [view.units[each] for each in await call.hall.fleet.visible(view, known(call))]
        answer = Rendered.of(_page(wanted.fit(mine), wanted.limit))
        view.keep(caller, query, answer)
    return answered(request, answer)


@router.get("/units/{unit}", response_model=UnitDetails, responses=responses(401, 403, 404, 422, 429, 503))
async def show_unit(request: Request, call: Asking, unit: UnitInPath) -> Response:
    """Show all that is known of a unit."""
    view = await call.hall.fleet.view()
    if unit not in view.units:
        raise HTTPException(404, "there is no such unit, or you may not read it")
    return answered(request, unit_details(view.picture, place(view.picture, unit)).text())


@router.get("/units/{unit}/history", response_model=HistoryAnswer, responses=responses(401, 403, 404, 422, 429, 503))
async def show_history(request: Request, call: Asking, unit: UnitInPath, limit: Limit = 20) -> Response:
    """Show the unit's newest rollouts and the states that are kept to go back to."""
    archive = call.hall.door.doorway.archive
    rollouts, states = await archive.rollouts(unit, limit), await archive.states(unit)
    if not rollouts and not states and unit not in (await call.hall.fleet.view()).units:
        raise HTTPException(404, "there is no such unit, or you may not read it")
    answer = HistoryAnswer(rollouts=[rollout_shown(each) for each in rollouts], states=[*map(state_shown, states)])
    return answered(request, answer.text())


def _page(units: list[UnitAnswer], limit: int) -> bytes:
    page = units[:limit]
    return UnitsAnswer(units=page, next=cursor_of(page[-1].unit) if len(units) > limit else None).text()
