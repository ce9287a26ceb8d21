"""Routes through which people and machines ask for something: a route for each request, made from one table.

Whoever asks twice with the same ``Idempotency-Key`` gets the same answer, and it was done once.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Header, Path
from fastapi import Request as HttpRequest
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from reconciler.api.answering import JSON
from reconciler.api.answers import Decided
from reconciler.api.bodies import body_of, request_of
from reconciler.api.caller import Asking, UnitInPath, known
from reconciler.api.door import Call
from reconciler.api.once import Answer
from reconciler.api.problem import responses
from reconciler.api.ruled import ruled
from reconciler.model import asking
from reconciler.model.asking import Request

OF_UNITS: tuple[type[Request], ...] = (
    asking.Promote,
    asking.Approve,
    asking.Reject,
    asking.Abort,
    asking.GoBack,
    asking.Hold,
    asking.Release,
    asking.Retry,
    asking.ApplyPlan,
    asking.Sync,
    asking.Pause,
    asking.Resume,
    asking.Lock,
    asking.Unlock,
    asking.Waive,
    asking.ReviewWaiver,
)
"""Each is a route below a unit, by its verb."""

OF_ALL: Mapping[str, type[Request]] = {
    "/v1/pause": asking.Pause,
    "/v1/resume": asking.Resume,
    "/v1/accept": asking.AcceptRewrite,
    "/v1/delegate": asking.Delegate,
    "/v1/tokens": asking.IssueToken,
}
OF_ENVIRONMENTS: tuple[type[Request], ...] = (asking.Lock, asking.Unlock)

_PROBLEMS = responses(400, 401, 403, 404, 408, 409, 413, 415, 422, 428, 429, 503)
Key = Annotated[
    str | None,
    Header(max_length=200, pattern=r"^[!-~]+$", description="Sent twice with the same key, it is done once."),
]
Environment = Annotated[str, Path(max_length=200, pattern=r"^[A-Za-z0-9._-]+$")]
Handler = Callable[..., Awaitable[Response]]


def decisions() -> APIRouter:
    """Return the routes of all requests."""
    router = APIRouter(tags=["decisions"], default_response_class=Response)
    for kind in OF_UNITS:
        _add(router, f"/v1/units/{{unit}}/{_verb(kind)}", kind, _unit_of_path)
    for kind in OF_ENVIRONMENTS:
        _add(router, f"/v1/environments/{{environment}}/{_verb(kind)}", kind, _environment_of_path)
    for path, kind in OF_ALL.items():
        _add(router, path, kind, _nothing_of_path)
    _add_revoking(router)
    return router


async def _unit_of_path(unit: UnitInPath) -> dict[str, Any]:
    return {"unit": unit}


async def _environment_of_path(environment: Environment) -> dict[str, Any]:
    return {"unit": None, "environment": environment}


async def _nothing_of_path() -> dict[str, Any]:
    return {}


async def _token_of_path(token: Annotated[str, Path(max_length=100)]) -> dict[str, Any]:
    return {"id": token}


def _verb(kind: type[Request]) -> str:
    return str(kind.__dataclass_fields__["verb"].default)


def _add(
    router: APIRouter, path: str, kind: type[Request], from_path: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    model = body_of(kind, ("unit", "environment"))
    needed = any(field.is_required() for field in model.model_fields.values())
    body: Any = model if needed else model | None
    # Not Annotated: FastAPI takes a default of the function itself for what was sent.
    missing: Any = Body() if needed else Body(default=None)

    async def ask(
        request: HttpRequest,
        call: Asking,
        given: Annotated[dict[str, Any], Depends(from_path)],
        idempotency_key: Key = None,
        sent: body = missing,
    ) -> Response:
        return await _asked(request, call, _made(kind, sent, given), idempotency_key)

    _route(router, path, "POST", kind, ask)


def _add_revoking(router: APIRouter) -> None:
    async def revoke(
        request: HttpRequest,
        call: Asking,
        given: Annotated[dict[str, Any], Depends(_token_of_path)],
        idempotency_key: Key = None,
    ) -> Response:
        return await _asked(request, call, asking.RevokeToken(**given), idempotency_key)

    _route(router, "/v1/tokens/{token}", "DELETE", asking.RevokeToken, revoke)


def _route(router: APIRouter, path: str, method: str, kind: type[Request], handler: Handler) -> None:
    told = " ".join((kind.__doc__ or "").split())
    name = "_".join(part for part in path.removeprefix("/v1/").split("/") if not part.startswith("{"))
    router.add_api_route(
        path,
        handler,
        methods=[method],
        response_model=Decided,
        responses=_PROBLEMS,
        summary=told.partition(".")[0].partition(":")[0],
        description=told,
        operation_id=f"{method.lower()}_{name}",
    )


def _made(kind: type[Request], sent: BaseModel | None, given: Mapping[str, Any]) -> Request:
    in_path = dict(given)
    if "unit" not in in_path and "unit" in kind.__dataclass_fields__:
        in_path["unit"] = None
    if in_path.get("unit") and "environment" in kind.__dataclass_fields__:
        in_path["environment"] = in_path["unit"].environment
    return request_of(kind, sent, in_path)


async def _asked(request: HttpRequest, call: Call, wanted: Request, key: str | None) -> Response:
    who = known(call)

    async def decide() -> Answer:
        return await _decided(call, wanted)

    if key is None:
        return Response((await decide()).body, media_type=JSON)
    same = b"\0".join((request.method.encode(), request.url.path.encode(), await request.body()))
    answer, before = await call.hall.once.answer(f"{who.login.value}:{who.name}", key, same, decide)
    if before and not answer.again:
        raise HTTPException(409, "this was done already, and its secret is shown once; revoke it and make another")
    return Response(answer.body, media_type=JSON, headers={"Idempotency-Replayed": "true"} if before else None)


async def _decided(call: Call, wanted: Request) -> Answer:
    ruling, unit = await ruled(call, wanted), getattr(wanted, "unit", None)
    poll = f"/v1/units/{unit}" if unit else None
    told = Decided(said=ruling.said, secret=ruling.secret or None, poll=poll)
    return Answer(told.text(), again=not ruling.secret)
