"""What goes wrong, told to the caller as problem details (RFC 9457): never a traceback, never our insides."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from reconciler.api.once import AnotherRequest
from reconciler.model.asking import FactorNeeded, Forbidden, Refused
from reconciler.ports.errors import WorldError
from reconciler.ports.journal import JournalUnavailable
from reconciler.ports.source import SourceError

MEDIA_TYPE = "application/problem+json"


class Wrong(BaseModel):
    """One thing that is wrong with a request: where, and what was expected."""

    where: str
    what: str


class Problem(BaseModel):
    """Why a request was not answered, after RFC 9457."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Always about:blank: the status says which sort of problem it is.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What is wrong, why, and what to do.")
    instance: str = Field(description="The id of the request, as in the header X-Request-Id; for 500 also in the log.")
    errors: list[Wrong] = Field(default=[], description="With 422: each thing that is wrong.")


def problem_body(status: int, detail: str, request: str, errors: Sequence[Wrong] = ()) -> bytes:
    """Return the text of a problem; ``request`` is the id of the request."""
    title = HTTPStatus(status).phrase
    told = Problem(type="about:blank", title=title, status=status, detail=detail, instance=request, errors=list(errors))
    return told.model_dump_json(exclude_defaults=True).encode()


def _answer(request: Request, status: int, detail: str, errors: Sequence[Wrong] = ()) -> Response:
    return Response(problem_body(status, detail, request.state.call.id, errors), status, media_type=MEDIA_TYPE)


async def of_http(request: Request, error: Exception) -> Response:
    """Answer to what routing and our own routes raise."""
    if not isinstance(error, HTTPException):
        raise error
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == "Not Found":
        detail = "there is nothing here; GET /openapi.json says what there is"
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not for this; the header Allow says what is"
    told = _answer(request, error.status_code, detail)
    told.headers.update(error.headers or {})
    return told


async def of_validation(request: Request, error: Exception) -> Response:
    """Answer to what is not as the OpenAPI document says; what was sent is not sent back, it may be a secret."""
    if not isinstance(error, RequestValidationError):
        raise error
    errors = [Wrong(where=_where(each), what=str(each["msg"])) for each in error.errors()[:20]]
    return _answer(request, 422, "; ".join(f"{each.where}: {each.what}" for each in errors), errors)


def _where(error: Any) -> str:
    return ".".join(str(part).encode(errors="replace").decode()[:100] for part in error["loc"])


async def of_refusal(request: Request, error: Exception) -> Response:
    """Answer to what cannot be as things are, and to what the caller may not have."""
    status = 428 if isinstance(error, FactorNeeded) else 403 if isinstance(error, Forbidden) else 409
    return _answer(request, status, str(error))


async def of_another(request: Request, error: Exception) -> Response:
    """Answer to a key that was used before."""
    return _answer(request, 422, str(error))


async def of_unavailable(request: Request, error: Exception) -> Response:
    """Answer to what cannot be read or written now; the text is for the operator as well as for the caller."""
    told = _answer(request, 503, str(error))
    told.headers["Retry-After"] = "5"
    return told


ANSWERS: Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    HTTPException: of_http,
    RequestValidationError: of_validation,
    Refused: of_refusal,
    AnotherRequest: of_another,
    JournalUnavailable: of_unavailable,
    SourceError: of_unavailable,
    WorldError: of_unavailable,
}

_SAID = {
    400: "The request is not one",
    401: "Nobody knows who asks",
    403: "Who asks may not have it; the detail says what is missing",
    404: "There is no such thing, or who asks may not read it",
    408: "The body did not come in time",
    409: "It cannot be as things are",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The request is not as it should be",
    428: "A one-time code is needed: send it as `code`",
    429: "Too many requests; Retry-After says when to come again",
    500: "A bug; the instance is in the daemon's log",
    503: "The journal, Git or a target cannot be asked now",
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the problems of a route as OpenAPI knows them; a bug may be in each."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _SAID[status], "content": content} for status in sorted({*statuses, 500})}
