"""Who comes with a trace of theirs is remembered as who may have woken the loop, if they had something done."""

from tests.api.world import World, client

TRACE = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}


async def test_a_request_that_is_granted_brings_its_trace_along(world: World) -> None:
    async with client(world.app(), "owner") as somebody:
        answer = await somebody.post("/v1/units/shop@production/pause", json={"reason": "a look"}, headers=TRACE)
    assert answer.is_success, answer.text
    assert world.traces == [TRACE["traceparent"]]


async def test_who_only_reads_or_is_refused_wakes_nobody(world: World) -> None:
    async with client(world.app(), "owner") as somebody, client(world.app(), "viewer") as other:
        assert (await somebody.get("/v1/units", headers=TRACE)).is_success
        refused = await other.post("/v1/units/shop@production/pause", json={"reason": "no"}, headers=TRACE)
    assert refused.is_client_error
    assert world.traces == []
