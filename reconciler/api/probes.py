"""Routes for machines that watch us: whether we are well, and figures (Prometheus text format 0.0.4)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from reconciler.api.answering import JSON
from reconciler.api.answers import HealthzAnswer
from reconciler.api.caller import Asking, known
from reconciler.api.door import Hall
from reconciler.api.fleet import View
from reconciler.api.problem import responses
from reconciler.model.access import Action
from reconciler.ports.journal import JournalUnavailable

router = APIRouter(tags=["probes"], default_response_class=Response)

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
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
    body = "".join(f"{line}\n" for line in _lines(call.hall, await call.hall.fleet.view()))
    return Response(body.encode(), headers={"Content-Type": _TEXT})


def _lines(hall: Hall, view: View) -> Iterator[str]:
    units = view.units.values()
    yield from _family("units", "gauge", "Units by state.", "state", Counter(each.state for each in units))
    waits = Counter(each.waiting.reason for each in units if each.waiting)
    yield from _family("waiting", "gauge", "Units that wait, by reason.", "reason", waits)
    rollouts = (each.rollout for each in view.picture.standing.units.values())
    states = Counter(each.state.value for each in rollouts if each)
    yield from _family("rollouts", "gauge", "Rollouts under way, by state.", "state", states)
    yield "# HELP reconciler_api_requests_total Requests answered."
    yield "# TYPE reconciler_api_requests_total counter"
    for (method, route, status), many in sorted(hall.answered.items()):
        labels = f'method="{method}",route="{_quoted(route)}",status="{status}"'
        yield f"reconciler_api_requests_total{{{labels}}} {many}"
    yield from _alone("api_streams", "Streams of events that are open.", sum(hall.streams.values()))
    yield from _alone("loop_alive", "Whether the loop keeps its word.", int(hall.door.alive() is None))
    yield from _alone("git_lost", "Whether Git cannot be asked.", int(view.picture.lost is not None))


def _family(name: str, sort: str, told: str, label: str, counted: "Counter[str]") -> Iterable[str]:
    yield f"# HELP reconciler_{name} {told}"
    yield f"# TYPE reconciler_{name} {sort}"
    for value, many in sorted(counted.items()):
        yield f'reconciler_{name}{{{label}="{_quoted(value)}"}} {many}'


def _alone(name: str, told: str, value: int) -> Iterable[str]:
    yield f"# HELP reconciler_{name} {told}"
    yield f"# TYPE reconciler_{name} gauge"
    yield f"reconciler_{name} {value}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
