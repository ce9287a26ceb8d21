"""What the log says of a collector: once that it takes nothing more and why, once that it does again."""

import pytest
from structlog.testing import capture_logs

from reconciler.daemon.telling_sent import Signal
from reconciler.telemetry import table
from reconciler.telemetry.meter import Meter
from reconciler.telemetry.otlp import Collector, Whose
from reconciler.telemetry.sender import Sender
from tests import factory
from tests.telemetry.collector import collecting


async def test_a_collector_that_refuses_is_told_once_with_its_reason_and_once_when_it_takes_again() -> None:
    meter = Meter()
    with collecting() as there, capture_logs() as logs:
        sender = Sender(lambda: Collector(there.url, {}, Whose(version="1", instance="c", began=factory.NOW)))
        signal = Signal("metrics", sender, meter, there.url)
        for there.answer in (200, 401, 401, 200, 200):
            await signal.send(lambda collector: collector.metrics([], factory.NOW))
        sender.close()
    told = [(each["event"], each["log_level"]) for each in logs]
    assert told == [
        ("the collector does not take what it is sent", "warning"),
        ("the collector takes what it is sent again", "info"),
    ]
    assert "401" in logs[0]["reason"]
    counts = {outcome: meter.registry.get_sample_value(*_sent(outcome)) for outcome in ("ok", "failed")}
    assert counts == {"ok": 3, "failed": 2}


@pytest.mark.parametrize(("answer", "hopeless"), [(400, True), (413, True), (401, False), (404, False)])
async def test_what_is_wrong_in_itself_is_not_tried_again(answer: int, *, hopeless: bool) -> None:
    with collecting() as there:
        there.answer = answer
        sender = Sender(lambda: Collector(there.url, {}, Whose(version="1", instance="c", began=factory.NOW)))
        signal = Signal("logs", sender, Meter(), there.url)
        assert not await signal.send(_closing)
        assert signal.hopeless is hopeless
        sender.close()


def _closing(collector: Collector) -> bool:
    return collector.metrics([], factory.NOW)


def _sent(outcome: str) -> tuple[str, dict[str, str]]:
    return f"{table.SENT.exposed}_total", {"signal": "metrics", "outcome": outcome}
