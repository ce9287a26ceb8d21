"""Thousands of requests made from the OpenAPI document: no bug, and no answer that the document does not know.

What is sent is the same each time.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.world import World, client

EACH = 72
"""Of each operation so many requests as the document has them, and so many that are wrong somewhere."""
AT_LEAST = 5000
_CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
_STREAM = "/stream"


@dataclass
class Seen:
    """How many cases there were, and what they were sent to."""

    world: World
    cases: int = 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_request_finds_a_bug_or_an_unknown_answer(running: tuple[asyncio.Runner, World]) -> None:
    runner, world = running
    made, seen = world.app(), Seen(world)
    schema = schemathesis.openapi.from_dict(made.openapi())
    owner = client(made, "owner")
    for operation in schema.get_all_operations():
        found = operation.ok()
        if found.path.endswith(_STREAM):
            continue
        for mode in GenerationMode:
            _ask(found, mode, runner, owner, seen)
    runner.run(owner.aclose())
    assert seen.cases >= AT_LEAST


def _ask(operation: Any, mode: GenerationMode, runner: asyncio.Runner, owner: httpx.AsyncClient, seen: Seen) -> None:
    @hypothesis.settings(
        max_examples=EACH,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def asked(case: Any) -> None:
        seen.cases += 1
        answer = runner.run(_sent(owner, case))
        assert not seen.world.troubles, (case.operation.label, seen.world.troubles)
        case.validate_response(answer, checks=_CHECKS)

    try:
        asked()
    except Unsatisfiable:
        # There is nothing to get wrong.
        assert mode is GenerationMode.NEGATIVE


async def _sent(owner: httpx.AsyncClient, case: Any) -> httpx.Response:
    sent = case.as_transport_kwargs(base_url="http://reconciler", headers={"Authorization": "Bearer owner"})
    del sent["cookies"]
    if isinstance(sent.get("data"), bytes | str):
        sent["content"] = sent.pop("data")
    return await owner.request(**sent)
