"""Figures: their names, what they are read from, and what becomes of them for each door."""

import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import generate_latest

from reconciler.model.event import Assessed
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import ApprovalAsked
from reconciler.ports.errors import TimedOut
from reconciler.telemetry import table
from reconciler.telemetry.figures import families
from reconciler.telemetry.fleet import fleet
from reconciler.telemetry.meter import Meter
from reconciler.telemetry.own import Own, own
from reconciler.telemetry.sample import Sample
from tests.factory import NOW
from tests.lab.prometheus import obstacle
from tests.telemetry.queries import asked_by_alerts, asked_by_dashboards, names

SHOP = UnitId("shop", "production")
ALL = (*table.COUNTED, *table.SHOWN)


@pytest.mark.parametrize("figure", ALL, ids=lambda each: each.name)
def test_names_and_units_are_as_both_sides_want_them(figure: table.Figure) -> None:
    assert figure.name == figure.name.lower()
    assert figure.exposed.endswith({"s": "_seconds", "By": "_bytes"}.get(figure.unit, ""))
    assert not figure.exposed.endswith("_total")
    assert (figure.sort == "histogram") == bool(figure.buckets)
    assert list(figure.buckets) == sorted(set(figure.buckets))


def test_no_two_figures_have_one_name() -> None:
    assert len({each.exposed for each in ALL}) == len(ALL)


@pytest.mark.skipif(bool(obstacle()), reason=obstacle() or "")
def test_promtool_finds_nothing_wrong_with_any_figure() -> None:
    meter = Meter()
    for figure in table.COUNTED:
        labels = [f"a {each}" for each in figure.labels]
        if figure.sort == "counter":
            meter.add(figure, *labels)
        else:
            meter.observe(figure, 1.0, *labels)
    samples = [Sample(each, 1, tuple(f'"{name}"\n' for name in each.labels)) for each in table.SHOWN]

    class Both:
        def collect(self) -> object:
            yield from meter.registry.collect()
            yield from families(samples)

    text = generate_latest(Both())
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, (done.stdout + done.stderr).decode()) == (0, "")


def test_dashboards_and_alerts_ask_for_no_figure_that_is_not_in_the_table() -> None:
    known = {f"{each.exposed}{end}" for each in ALL for end in _ends(each)}
    asked = {name for _, query in (*asked_by_dashboards(), *asked_by_alerts()) for name in names(query)}
    assert {each for each in asked - known if not each.startswith("process_")} == set()


def _ends(figure: table.Figure) -> tuple[str, ...]:
    return {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}[figure.sort]


async def test_how_a_call_ended_is_told_in_a_word() -> None:
    meter = Meter()
    with meter.timed(table.SSH_DURATION, "run"):
        pass
    with pytest.raises(TimedOut), meter.timed(table.SSH_DURATION, "run"):
        raise TimedOut("no answer")
    with pytest.raises(ZeroDivisionError), meter.timed(table.SSH_DURATION, "run"):
        raise ZeroDivisionError
    counted = [
        (sample.labels["outcome"], sample.value)
        for metric in meter.registry.collect()
        for sample in metric.samples
        if sample.name == "reconciler_ssh_call_duration_seconds_count"
    ]
    assert sorted(counted) == [("failed", 1.0), ("ok", 1.0), ("timed_out", 1.0)]


def _picture(unit: UnitStanding) -> Picture:
    return Picture(
        standing=Standing(units={unit.unit: unit}),
        accepted=None,
        refused=None,
        refused_at=None,
        now=NOW + timedelta(hours=5),
        at_work=True,
    )


def _waits(**more: object) -> UnitStanding:
    assessed = Assessed(
        unit=SHOP,
        commit="c" * 40,
        digest="sha256:1",
        version="1",
        in_sync=False,
        waiting=WaitingOn(Reason.APPROVAL, "needs 1 of sre"),
        unseen=("web-1: it does not answer", "web-2: it does not answer"),
        plan="sha256:plan",
    )
    asked = ApprovalAsked(unit=SHOP, plan="sha256:plan", policies=("p",), at=NOW)
    return UnitStanding(unit=SHOP, assessed=replace(assessed, **more), words=(asked,))


def _values(picture: Picture) -> dict[tuple[str, ...], float]:
    return {(each.figure.name, *each.labels): float(each.value) for each in fleet(picture)}


def test_a_plan_that_waits_for_people_is_as_old_as_the_question() -> None:
    found = _values(_picture(_waits()))
    assert found["reconciler.approvals.pending", "production"] == 1
    assert found["reconciler.approval.oldest.age", "production"] == 5 * 3600
    assert found["reconciler.waiting", "production", "approval"] == 1
    assert found["reconciler.unit.state", "shop@production", "production", "waiting"] == 1
    assert found["reconciler.targets.unseen", "production"] == 2


def test_a_question_about_another_plan_is_not_waited_for() -> None:
    found = _values(_picture(_waits(plan="sha256:other")))
    assert found["reconciler.approvals.pending", "production"] == 0
    assert found["reconciler.approval.oldest.age", "production"] == 0


def test_the_outbox_and_the_signed_record_are_told() -> None:
    daemon = Own(
        now=NOW,
        version="1",
        newest=120,
        size=4096,
        deliveries={("slack", "waiting"): 3, ("slack", "delivered"): 9, ("mail", "delivered"): 1},
        oldest={"slack": NOW - timedelta(minutes=2)},
        signed=100,
        signed_at=NOW - timedelta(hours=1),
    )
    found = {(each.figure.name, *each.labels): float(each.value) for each in own(daemon)}
    assert found["reconciler.deliveries", "slack", "waiting"] == 3
    assert found["reconciler.delivery.oldest.age", "slack"] == 120
    assert found["reconciler.delivery.oldest.age", "mail"] == 0
    assert found["reconciler.record.unsigned",] == 20
    assert found["reconciler.record.signed.timestamp",] == (NOW - timedelta(hours=1)).timestamp()
