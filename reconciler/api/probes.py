"""Routes for machines that watch us: whether we are well, and figures (Prometheus text format 0.0.4)."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from reconciler.api.answering import JSON
from reconciler.api.answers import HealthzAnswer
from reconciler.api.caller import Asking, known
from reconciler.api.problem import responses
from reconciler.model.access import Action
from reconciler.ports.journal import JournalUnavailable
from reconciler.telemetry import table
from reconciler.telemetry.figures import TEXT
from reconciler.telemetry.sample import Sample

router = APIRouter(tags=["probes"], default_response_class=Response)

_NOT_READY: dict[int | str, dict[str, Any]] = {
    503: {"description": "Not ready; the details say why", "model": HealthzAnswer}
}


@router.get("/healthz", response_model=HealthzAnswer, responses=responses(429))
async def healthz() -> Response:
    """Say that the process answers; whether it can work is /readyz."""
    return Response(HealthzAnswer(ready=True, details={}).text(), media_type=JSON)


@router.get("/readyz", response_model=HealthzAnswer, responses={**_NOT_READY, **responses(429)})
async def readyz(call: Asking) -> Response:
    """Say whether the journal can be read and the loop keeps its word; what Git says of itself is a detail."""
    door = call.hall.door
    loop = door.alive()
    try:
        view = await call.hall.fleet.view()
        journal, git = "ok", "cannot be asked" if view.picture.lost else "ok"
    except JournalUnavailable:
        # Why is for the log: anybody may ask this.
        journal, git = "cannot be read", "unknown"
    ready = loop is None and journal == "ok"
    answer = HealthzAnswer(ready=ready, details={"journal": journal, "loop": loop or "ok", "git": git})
    return Response(answer.text(), 200 if ready else 503, media_type=JSON)


@router.get(
    "/metrics",
    responses={200: {"description": "Figures", "content": {"text/plain": {}}}, **responses(401, 403, 429, 503)},
)
async def metrics(request: Request, call: Asking) -> Response:
    """Show figures: to this machine, to whoever may read everything, or to all if the settings say so."""
    door = call.hall.door
    shown = call.local or door.open_metrics
    if not shown and not await door.doorway.desk.may(known(call), Action.READ, None):
        raise HTTPException(403, f"{known(call).name} may not read everything: no role bound to them allows it")
    streams = Sample(table.STREAMS, sum(call.hall.streams.values()))
    alive = Sample(table.ALIVE, door.alive() is None)
    body = await door.figures.text((await call.hall.fleet.view()).picture, (streams, alive))
    return Response(body, headers={"Content-Type": TEXT})
