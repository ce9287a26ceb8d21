"""Routes that tell the journal's events: page by page, and as they happen (server-sent events, with resume)."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response, StreamingResponse

from reconciler.api.answering import answered
from reconciler.api.answers import EventsAnswer
from reconciler.api.caller import Asking, known
from reconciler.api.door import Call
from reconciler.api.problem import responses
from reconciler.api.shown import event_shown, unit_of
from reconciler.api.streaming import HEARTBEAT, LOOKS, Hearer, streamed
from reconciler.model.access import Action
from reconciler.model.event import CommitAccepted, CommitRefused, Event, Paused, Resumed, SourceFound, SourceLost
from reconciler.model.record import Entry

LARGEST = 1000
READ_AT_ONCE = 500
_FOR_ALL = (CommitAccepted, CommitRefused, SourceLost, SourceFound, Paused, Resumed)
"""What is about no unit, and of use to everybody who is known."""

router = APIRouter(prefix="/v1/events", tags=["events"], default_response_class=Response)

Number = Annotated[int, Query(ge=0, le=2**53)]


@router.get("", response_model=EventsAnswer, responses=responses(401, 403, 422, 429, 503))
async def list_events(
    request: Request,
    call: Asking,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="Tell what came after this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST)] = 100,
) -> Response:
    """Show events that the caller may read, oldest first; without `after` the newest."""
    door = call.hall.door
    begin = max(0, await door.newest() - limit) if after is None else after
    entries = await door.doorway.archive.since(begin, limit)
    shown = [event_shown(each) for each in entries if await _may(call, each.event)]
    # Those that the caller may not read are passed over, and not asked for again.
    return answered(request, EventsAnswer(events=shown, next=entries[-1].number if entries else begin).text())


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {"description": "Server-sent events; `data` is as in /v1/events", "content": {"text/event-stream": {}}},
        **responses(401, 403, 422, 429, 503),
    },
)
async def stream_events(
    call: Asking,
    after: Number | None = None,
    last_event_id: Annotated[str | None, Header(max_length=20, pattern=r"^[0-9]{1,15}$")] = None,
) -> Response:
    """Tell events as they happen, from now on or from a number on; a client that comes back says what it heard last."""
    begin = int(last_event_id) if last_event_id is not None else after
    if begin is None:
        begin = await call.hall.door.newest()
    return streamed(call, _told(call, begin))


async def _told(call: Call, begin: int) -> AsyncIterator[bytes]:
    yield b": events follow; a line like this one is a heartbeat\n\n"
    async for text in _texts(call, begin):
        yield text


async def _texts(call: Call, last: int) -> AsyncIterator[bytes]:
    clock, archive, hearer = call.hall.door.clock, call.hall.door.doorway.archive, Hearer(call)
    quiet_since = clock.now()
    while await hearer.still():
        entries = await archive.since(last, READ_AT_ONCE)
        for each in entries:
            if not await hearer.still():
                return
            last = each.number
            if await _may(call, each.event):
                yield _text(each)
                quiet_since = clock.now()
        if not entries:
            await clock.sleep(LOOKS)
        if clock.now() - quiet_since >= HEARTBEAT:
            # With an id: who may read little does not ask for all of it again when they come back.
            yield f": heartbeat\nid: {last}\n\n".encode()
            quiet_since = clock.now()


def _text(entry: Entry) -> bytes:
    shown = event_shown(entry)
    data = shown.model_dump_json(by_alias=True)
    return f"id: {entry.number}\nevent: {entry.event.event}\ndata: {data}\n\n".encode()


async def _may(call: Call, event: Event) -> bool:
    unit = unit_of(event)
    if unit is None and isinstance(event, _FOR_ALL):
        return True
    return await call.hall.door.doorway.desk.may(known(call), Action.READ, unit)
