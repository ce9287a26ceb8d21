"""Routes that show what programs on targets printed for a unit: page by page, and while it is printed."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime

from reconciler.api.answering import answered
from reconciler.api.answers import Answer
from reconciler.api.caller import Asking, UnitInPath, known
from reconciler.api.door import Call
from reconciler.api.problem import responses
from reconciler.api.streaming import HEARTBEAT, LOOKS, Hearer, streamed
from reconciler.model.access import Action
from reconciler.model.identity import UnitId
from reconciler.model.output import Asked, Piece, Stream

LARGEST = 1000
READ_AT_ONCE = 100
"""A piece has 32 KiB at most."""

router = APIRouter(prefix="/v1/units/{unit}/logs", tags=["logs"], default_response_class=Response)


class PieceAnswer(Answer):
    """A piece of what was printed for a step on a target.

    `start` is where it begins in all that was printed there, `size` how long it is there, in bytes: where the one
    before ends earlier, what was between them is left out. `step` counts from 1, within the plan. `note` is what
    reconciler itself says; `output` may have standard output and standard error in their order.
    """

    number: int
    rollout: str
    plan: str
    step: int
    target: str
    stream: Stream
    at: datetime
    start: int
    size: int
    printed: str


class PiecesAnswer(Answer):
    """Pieces in the order they were printed; `next` is the number to ask `after` for what comes next."""

    pieces: Sequence[PieceAnswer]
    next: int


class Wanted:
    """Which pieces are asked for; without a rollout, those of all that are kept."""

    def __init__(  # noqa: PLR0913 - each is a parameter of a query
        self,
        rollout: Annotated[str, Query(max_length=200)] = "",
        step: Annotated[int | None, Query(ge=1, le=1_000_000, description="Counted from 1.")] = None,
        target: Annotated[str, Query(max_length=300)] = "",
        since: Annotated[AwareDatetime | None, Query(description="Printed then or later.")] = None,
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=LARGEST, description="So many at most.")] = READ_AT_ONCE,
    ) -> None:
        self.rollout, self.step, self.target = rollout, step, target
        self.since, self.after, self.limit = since, after, limit

    def of(self, unit: UnitId) -> Asked:
        """Return what is asked about the unit."""
        return Asked(
            unit=unit,
            rollout=self.rollout,
            step=None if self.step is None else self.step - 1,
            target=self.target,
            since=self.since,
            after=self.after,
        )


@router.get("", response_model=PiecesAnswer, responses=responses(401, 403, 404, 422, 429, 503))
async def show_logs(request: Request, call: Asking, unit: UnitInPath, wanted: Annotated[Wanted, Depends()]) -> Response:
    """Show what was printed, oldest first."""
    found = await call.hall.door.doorway.printed.pieces(wanted.of(unit), wanted.limit)
    answer = PiecesAnswer(pieces=[*map(shown, found)], next=found[-1].number if found else wanted.after)
    return answered(request, answer.text())


@router.get(
    "/stream",
    response_class=Response,
    responses={
        200: {"description": "Server-sent events; `data` is a piece", "content": {"text/event-stream": {}}},
        **responses(401, 403, 404, 422, 429, 503),
    },
)
async def stream_logs(
    call: Asking,
    unit: UnitInPath,
    wanted: Annotated[Wanted, Depends()],
    last_event_id: Annotated[str | None, Header(max_length=20, pattern=r"^[0-9]{1,15}$")] = None,
) -> Response:
    """Tell what is printed, all that is kept first; a client that comes back says what it heard last."""
    asked = wanted.of(unit)
    return streamed(call, _told(call, replace(asked, after=int(last_event_id)) if last_event_id else asked))


async def _told(call: Call, asked: Asked) -> AsyncIterator[bytes]:
    yield b": what is printed follows; a line like this one is a heartbeat\n\n"
    clock, printed, hearer = call.hall.door.clock, call.hall.door.doorway.printed, Hearer(call)
    quiet_since = clock.now()
    while await hearer.still():
        found = await printed.pieces(asked, READ_AT_ONCE)
        if found and not await call.hall.door.doorway.desk.may(known(call), Action.READ, asked.unit):
            return
        for each in found:
            yield f"id: {each.number}\nevent: piece\ndata: {shown(each).text().decode()}\n\n".encode()
        if found:
            asked, quiet_since = replace(asked, after=found[-1].number), clock.now()
            continue
        await clock.sleep(LOOKS)
        if clock.now() - quiet_since >= HEARTBEAT:
            yield f": heartbeat\nid: {asked.after}\n\n".encode()
            quiet_since = clock.now()


def shown(piece: Piece) -> PieceAnswer:
    """Return the piece as the API shows it."""
    return PieceAnswer(
        number=piece.number,
        rollout=piece.rollout,
        plan=piece.plan,
        step=piece.step + 1,
        target=piece.target,
        stream=piece.stream,
        at=piece.at,
        start=piece.start,
        size=piece.size,
        printed=piece.text,
    )
