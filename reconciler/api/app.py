"""The API as one ASGI application: every router, behind one gate, with one rule for each route."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from reconciler.api import audit, events, logs, outlook, probes, rollouts, units, values
from reconciler.api.caller import admitted
from reconciler.api.decisions import decisions
from reconciler.api.door import Door, Hall
from reconciler.api.gate import Gate
from reconciler.api.problem import ANSWERS, Problem

VERSION = "1"
_ABOUT = "What reconciler knows of a fleet, and what people may ask of it. Errors are problem details (RFC 9457)."
_REF = "#/components/schemas/{model}"


Application: TypeAlias = FastAPI
Routes: TypeAlias = APIRouter


def app(door: Door, others: Iterable[Routes] = ()) -> Application:
    """Return the application; ``others`` are routers made elsewhere (webhooks), each with its rules in the table."""
    made = FastAPI(
        title="reconciler",
        version=VERSION,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(admitted)],
    )
    for kind, answer in ANSWERS.items():
        made.add_exception_handler(kind, answer)
    for router in (
        units.router,
        rollouts.router,
        logs.router,
        events.router,
        audit.router,
        outlook.router,
        decisions(),
        probes.router,
        values.router,
        *others,
    ):
        made.include_router(router)
    made.include_router(_described(made))
    made.add_middleware(Gate, hall=Hall.of(door))
    return made


def _described(made: FastAPI) -> APIRouter:
    router = APIRouter(tags=["probes"])

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi() -> dict[str, Any]:
        """Show what this API is."""
        return made.openapi()

    def described() -> dict[str, Any]:
        if made.openapi_schema is None:
            made.openapi_schema = _schema(made)
        return made.openapi_schema

    made.openapi = described  # type: ignore[method-assign] # as FastAPI's documentation of its schema has it
    return router


def _schema(made: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=made.title, version=made.version, description=_ABOUT, routes=made.routes)
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    _, problem = models_json_schema([(Problem, "serialization")], ref_template=_REF)
    schemas.update(problem["$defs"])
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            if path.startswith("/v1/"):
                operation["security"] = [{"token": []}]
    return schema
