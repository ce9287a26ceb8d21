"""The route that asks the record: who did what, when, why, and how it ended."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from reconciler.api.answering import answered
from reconciler.api.answers import Answer, Object
from reconciler.api.caller import Asking, known
from reconciler.api.door import Call
from reconciler.api.problem import responses
from reconciler.audit.query import moment_of
from reconciler.audit.record import as_json, record
from reconciler.model.access import Action
from reconciler.model.identity import UnitId
from reconciler.model.question import Question, Stored

LARGEST = 1000
_LOOKED_THROUGH = 10
"""So many times as many are looked through for those that the caller may read."""

router = APIRouter(prefix="/v1/audit", tags=["audit"], default_response_class=Response)

Word = Annotated[str, Query(max_length=200)]
When = Annotated[str, Query(max_length=40, description="A duration ago (`2h`), a date or a time; UTC by itself.")]


class RecordsAnswer(Answer):
    """Entries of the record, newest first; ``next`` is the number to ask ``below`` for older ones, None at the end.

    ``lookedThrough`` is false where there were too many entries to look for the text in all of them.
    """

    records: Sequence[Object]
    next: int | None
    looked_through: bool


@router.get("", response_model=RecordsAnswer, responses=responses(401, 403, 422, 429, 503))
async def list_records(  # noqa: PLR0913 - a parameter each
    request: Request,
    call: Asking,
    unit: Word = "",
    environment: Word = "",
    actor: Word = "",
    outcome: Word = "",
    event_type: Annotated[str, Query(alias="type", max_length=200)] = "",
    text: Word = "",
    since: When = "",
    until: When = "",
    below: Annotated[int | None, Query(ge=0, le=2**53, description="Tell what came before this number.")] = None,
    limit: Annotated[int, Query(ge=1, le=LARGEST)] = 100,
) -> Response:
    """Show the newest entries of the record that fit, of them those that the caller may read.

    What is about no unit is for who may read everything.
    """
    question = Question(
        unit=unit,
        environment=environment,
        actor=actor,
        outcome=outcome,
        type=event_type,
        text=text,
        since=_moment(call, "since", since),
        until=_moment(call, "until", until),
        below=below,
    )
    records, sight = call.hall.door.records, _Sight(call)
    asked = limit if await sight.of("") else min(LARGEST, limit * _LOOKED_THROUGH)
    answer = await records.newest(question, asked)
    mine = [each for each in answer.entries if await sight.of(each.linked.row.unit or "")][:limit]
    among = await records.belongings(mine)
    shown = [dict(as_json(record(each, among))) for each in mine]
    after = _next(answer.entries, mine, (asked, limit))
    made = RecordsAnswer(records=shown, next=after, looked_through=answer.looked_through)
    return answered(request, made.text())


def _next(looked_at: Sequence[Stored], mine: Sequence[Stored], most: tuple[int, int]) -> int | None:
    """Where to go on: below the last that is told, or below the last that was looked at."""
    asked, limit = most
    if len(mine) == limit:
        return mine[-1].linked.row.number
    return looked_at[-1].linked.row.number if len(looked_at) == asked else None


class _Sight:
    """What the caller may read, asked once for each unit."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._known: dict[str, bool] = {}

    async def of(self, unit: str) -> bool:
        """Return whether they may read what is about the unit; the empty one is everything."""
        if unit not in self._known:
            named = UnitId.parse(unit) if unit else None
            self._known[unit] = await self._call.hall.door.doorway.desk.may(known(self._call), Action.READ, named)
        return self._known[unit]


def _moment(call: Call, name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return moment_of(text, call.hall.door.clock.now())
    except ValueError as error:
        raise HTTPException(422, f"{name}: {error}") from error
