"""Spans: their ids, what is kept of them, and how they are sent."""

import asyncio
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.execute.effects import transaction_id
from reconciler.ports.errors import Unreachable
from reconciler.providers.clock import SystemClock
from reconciler.telemetry.meter import Meter
from reconciler.telemetry.otlp import Collector, Whose
from reconciler.telemetry.recorder import ROOM, Recorder
from reconciler.telemetry.sender import Sender
from reconciler.telemetry.span import Context, Span, of_rollout, of_step, of_transaction, parsed
from tests import factory
from tests.telemetry.collector import attributes, collecting

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NOT_ONE = {
    "nothing": "",
    "no trace": "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "no span": "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "a version that is none": "ff" + PARENT[2:],
    "capitals": PARENT.upper(),
    "more": PARENT + "-01",
    "much more": PARENT * 1000,
    "another script": PARENT.replace("0", "０"),
}


def test_a_traceparent_is_read() -> None:
    assert parsed(PARENT) == Context(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7)


@pytest.mark.parametrize("text", NOT_ONE.values(), ids=NOT_ONE.keys())
def test_what_is_no_traceparent_is_nothing(text: str) -> None:
    assert parsed(text) is None


def test_a_step_and_its_transactions_are_one_span() -> None:
    plan: Any = SimpleNamespace(id="sha256:" + "ab" * 32)
    rollout: Any = SimpleNamespace(id="1m7zjy4bv0z8exgj", cursor=2)
    step = of_step(rollout.id, plan.id, rollout.cursor)
    assert of_transaction(transaction_id(rollout, plan)) == step
    assert step.trace == of_rollout(rollout.id).trace
    assert of_transaction("settle-1m7zjy4bv0z8exgj") is None


def _recorder(*, wanted: bool = True) -> Recorder:
    return Recorder(SystemClock(), Meter(), wanted=wanted)


async def test_calls_of_hosts_are_below_their_transaction_and_only_then_spans() -> None:
    recorder = _recorder()
    with recorder.calling("ask", "web-1"):
        pass
    with (
        pytest.raises(Unreachable),
        recorder.applying("r1-abc-0", "web-1"),
        recorder.calling("run", "web-1"),
    ):
        raise Unreachable("it is away")
    call, apply = recorder.taken()
    assert (call.name, call.parent, call.failed) == ("ssh run", apply.context, "it is away")
    assert (apply.name, apply.parent) == ("apply target", of_transaction("r1-abc-0"))
    assert call.attributes["error.type"] == "Unreachable"
    assert recorder.taken() == []


async def test_two_transactions_side_by_side_keep_their_calls_apart() -> None:
    recorder, both = _recorder(), asyncio.Barrier(2)

    async def apply(host: str) -> None:
        with recorder.applying("r1-abc-0", host):
            await both.wait()
            with recorder.calling("run", host):
                await both.wait()

    await asyncio.gather(apply("web-1"), apply("web-2"))
    spans = recorder.taken()
    of = {each.context: each.attributes["reconciler.target"] for each in spans if each.name == "apply target"}
    calls = [(each.attributes["server.address"], of[each.parent]) for each in spans if each.parent in of]
    assert sorted(calls) == [("web-1", "web-1"), ("web-2", "web-2")]


async def test_a_pass_that_did_nothing_is_no_span_and_one_that_began_something_is_linked() -> None:
    recorder = _recorder()
    recorder.woken(PARENT)
    with recorder.passing():
        pass
    assert recorder.taken() == []
    with recorder.passing():
        recorder.began("r1")
    (span,) = recorder.taken()
    assert span.links == (parsed(PARENT), of_rollout("r1"))
    assert recorder.began_by("r1") == (span.context, parsed(PARENT))
    with recorder.passing():
        recorder.began("r2")
    assert recorder.taken()[0].links == (of_rollout("r2"),)


async def test_a_pass_that_fails_is_told() -> None:
    recorder = _recorder()
    with pytest.raises(Unreachable), recorder.passing():
        raise Unreachable("the journal is away")
    assert [each.failed for each in recorder.taken()] == ["the journal is away"]


async def test_where_nobody_takes_spans_none_are_kept() -> None:
    recorder = _recorder(wanted=False)
    recorder.woken(PARENT)
    with recorder.passing(), recorder.applying("r1-abc-0", "web-1"), recorder.calling("run", "web-1"):
        recorder.began("r1")
    assert (recorder.taken(), recorder.began_by("r1")) == ([], ())


async def test_what_nobody_takes_has_its_room_and_the_oldest_goes() -> None:
    recorder = _recorder()
    for number in range(ROOM + 2):
        with recorder.passing():
            recorder.began(f"r{number}")
    kept = recorder.taken()
    assert len(kept) == ROOM
    assert kept[0].links == (of_rollout("r2"),)
    assert recorder.meter.registry.get_sample_value("reconciler_telemetry_dropped_total", {"signal": "traces"}) == 2


def _span(name: str = "apply") -> Span:
    at = factory.NOW
    return Span(
        name=name,
        context=of_rollout(name),
        began=at,
        ended=at + timedelta(seconds=1.5),
        attributes={"a": "1"},
        failed="no",
    )


def _whose() -> Whose:
    return Whose(version="1", instance="ctl-1", began=factory.NOW)


def test_a_span_arrives_as_it_is() -> None:
    with collecting() as there:
        collector = Collector(there.url, {"x-token": "s"}, _whose())
        assert collector.spans([_span()])
        collector.close()
        (sent,) = there.spans.values()
    assert sent.end_time_unix_nano - sent.start_time_unix_nano == 1_500_000_000
    assert sent.start_time_unix_nano == int(factory.NOW.timestamp()) * 10**9
    assert (sent.status.message, attributes(sent.attributes)) == ("no", {"a": "1"})
    assert there.headers[0]["x-token"] == "s"
    assert there.resource == {"service.name": "reconciler", "service.version": "1", "service.instance.id": "ctl-1"}


async def test_what_is_refused_was_not_sent_and_is_said_so() -> None:
    with collecting() as there:
        there.answer = 400
        sender = Sender(lambda: Collector(there.url, {}, _whose()))
        assert not await sender.send(lambda collector: collector.spans([_span()]))
        there.answer = 200
        assert await sender.send(lambda collector: collector.spans([_span()]))
        sender.close()


async def test_who_sends_to_nobody_keeps_the_loop_free_and_may_leave() -> None:
    begun, held = threading.Event(), threading.Event()

    def hang(_: Collector) -> bool:
        begun.set()
        return held.wait(30)

    with collecting() as there:
        sender = Sender(lambda: Collector(there.url, {}, _whose()))
        waiting = asyncio.create_task(sender.send(hang))
        other = asyncio.create_task(sender.send(hang))
        assert await asyncio.to_thread(begun.wait, 30)
        began = asyncio.get_running_loop().time()
        sender.close()
        assert asyncio.get_running_loop().time() - began < 5
        assert not await sender.send(hang)
        held.set()
        assert await waiting
        assert not await other


async def test_without_a_collector_nothing_is_sent() -> None:
    sender = Sender(lambda: None)
    assert not await sender.send(lambda collector: collector.spans([_span()]))
    sender.close()


async def test_what_making_the_collector_raises_is_raised_where_it_is_sent() -> None:
    def broken() -> Collector:
        raise ZeroDivisionError

    sender = Sender(broken)
    with pytest.raises(ZeroDivisionError):
        await sender.send(lambda collector: collector.spans([]))
    sender.close()
