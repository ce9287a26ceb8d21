"""A real Prometheus scrapes the real daemon: every panel and every alert asks for figures that are there."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import made_world
from tests.e2e.documents import FOR_EVER, check, file
from tests.e2e.world import World
from tests.lab.kubernetes.process import free_port
from tests.lab.prometheus import obstacle, prometheus
from tests.telemetry.collector import collecting
from tests.telemetry.queries import ALERTS, asked_by_alerts, asked_by_dashboards, names

pytestmark = pytest.mark.skipif(bool(obstacle()), reason=obstacle() or "")

AFTER_LONG = {"reconciler_notices_dropped_total"}
"""Figures that a daemon has only when something was tried for hours."""

CHANNEL = """\
kind: NotificationChannel
metadata: {name: pager}
spec: {webhook: {url: "http://127.0.0.1:9/", secret: pager/key}}
---
kind: NotificationPolicy
metadata: {name: all}
spec: {to: [pager]}
"""
"""People who cannot be reached: nobody listens there."""

ASKED = [*asked_by_dashboards(), *asked_by_alerts()]


@dataclass
class Scraped:
    """A Prometheus that has seen a daemon at work, and what the daemon shows."""

    client: httpx.Client
    text: str

    def ask(self, path: str, **query: str) -> Any:
        """Return the data of an answer."""
        answer = self.client.get(f"/api/v1/{path}", params=query)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def names(self) -> set[str]:
        """Return the names of all that was ever scraped."""
        return set(self.ask("label/__name__/values"))

    def value(self, query: str) -> float:
        """Return what a query comes to, 0 for nothing."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else 0.0


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """Have a Prometheus that has seen a good rollout, drift, a pause, a revert and a host that is away."""
    folder, port = tmp_path_factory.mktemp("scraped"), free_port()
    there = f"127.0.0.1:{port}"
    with (
        made_world(folder / "world", "web-1", "web-2") as world,
        collecting() as collector,
        prometheus(tmp_path_factory.mktemp("prometheus"), targets=[there], rules=[ALERTS]) as url,
        httpx.Client(base_url=url) as client,
    ):
        world.settings(
            api={"tcp": {"listen": there}, "metrics": "open"},
            audit={"checkpoint": "1s"},
            telemetry={"otlp": collector.url, "every": "1s"},
            secrets={"directory": "secrets"},
        )
        (world.folder / "secrets" / "pager").mkdir(parents=True)
        (world.folder / "secrets" / "pager" / "key").write_text("k")
        with world.daemon() as daemon:
            seen = Scraped(client, "")
            _live(world, seen)
            world.until(lambda: _firing(seen), "an alert says that it was taken back")
            seen.text = httpx.get(f"http://{there}/metrics").text
            yield seen
            assert "internal error" not in daemon.log


def _live(world: World, seen: Scraped) -> None:
    """Have something happen for every figure, each time until Prometheus has seen it."""

    def shows(query: str) -> Callable[[], bool]:
        return lambda: seen.value(query) > 0

    world.write({"policies/pager.yaml": CHANNEL})
    world.app(file("one\n"), health=[check("test -e ok", FOR_EVER)])
    world.until(shows('reconciler_rollouts_active{state="running"}'), "a rollout is under way")
    for name in world.names:
        (world.home(name) / "ok").touch()
    world.until(shows('reconciler_rollouts_total{outcome="succeeded"}'), "it is counted")
    assert world.reconciler("pause", "--reason", "a look").status == 0
    (world.home() / "shop.txt").write_text("mine\n")
    world.until(shows("reconciler_unit_drifted"), "the drift is seen")
    world.until(shows("reconciler_paused"), "and the pause")
    assert world.reconciler("resume", "--reason", "seen").status == 0
    world.until(shows("reconciler_unit_heals"), "the drift is healed")
    world.app(file("two\n"), health=[check("test ! -e ok")])
    world.until(shows('reconciler_rollouts_total{outcome="reverted"}'), "the bad commit is taken back")
    world.until(shows('reconciler_deliveries{channel="pager",state="waiting"}'), "people are to be told")
    world.until(shows("reconciler_record_signed_timestamp_seconds"), "the record is signed")
    world.until(shows('reconciler_telemetry_exports_total{signal="traces",outcome="ok"}'), "traces are sent")
    world.there.cut("web-2")
    world.until(shows("reconciler_unit_unseen"), "a host is missed")


def _firing(seen: Scraped) -> bool:
    alerts = seen.ask("alerts")["alerts"]
    return any(each["labels"]["alertname"] == "ReconcilerRolloutReverted" for each in alerts)


def test_what_the_daemon_shows_is_as_promtool_wants_it(scraped: Scraped) -> None:
    done = subprocess.run(
        ["promtool", "check", "metrics"], check=False, input=scraped.text, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_what_panels_and_alerts_ask_for_was_scraped(scraped: Scraped) -> None:
    for _, query in ASKED:
        scraped.ask("query", query=query)
    known = scraped.names() | AFTER_LONG
    assert {where: missing for where, query in ASKED if (missing := names(query) - known)} == {}


def test_an_alert_fires_when_a_rollout_is_taken_back(scraped: Scraped) -> None:
    found = [each["labels"] for each in scraped.ask("alerts")["alerts"] if each["state"] == "firing"]
    assert {
        "alertname": "ReconcilerRolloutReverted",
        "environment": "test",
        "cause": "commit",
        "outcome": "reverted",
        "severity": "warning",
    } in [{name: value for name, value in each.items() if name not in ("instance", "job")} for each in found]


def test_figures_tell_what_happened(scraped: Scraped) -> None:
    for query, least in {
        'reconciler_rollouts_total{cause="commit",outcome="succeeded"}': 1,
        'reconciler_rollouts_total{cause="drift",outcome="succeeded"}': 1,
        'reconciler_rollouts_total{cause="commit",outcome="reverted"}': 1,
        "reconciler_restore_duration_seconds_count": 1,
        "reconciler_drift_found_total": 1,
        "reconciler_drift_healed_total": 1,
        'reconciler_step_duration_seconds_count{step="probe",outcome="failed"}': 1,
        'reconciler_ssh_call_duration_seconds_count{operation="run",outcome="ok"}': 3,
        'reconciler_commits_total{outcome="accepted"}': 2,
        'sum(http_server_request_duration_seconds_count{route="/metrics"})': 5,
    }.items():
        assert scraped.value(query) >= least, query


def test_no_label_says_more_than_a_unit(scraped: Scraped) -> None:
    labels = set(scraped.ask("labels")) - {"__name__", "instance", "job", "le", "alertname", "alertstate", "severity"}
    assert labels <= {
        *("environment", "state", "unit", "reason", "cause", "outcome", "step", "operation", "version", "signal"),
        *("method", "route", "status", "channel"),
    }


def test_alert_rules_do_what_their_tests_say() -> None:
    rules = ["promtool", "test", "rules", ALERTS.with_name("alerts_test.yaml").name]
    done = subprocess.run(rules, check=False, cwd=ALERTS.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dashboards_are_what_grafana_loads() -> None:
    for file_ in Path(ALERTS.parent).glob("*.json"):
        board = json.loads(file_.read_text())
        assert board["uid"] == f"reconciler-{file_.stem}"
        assert board["templating"]["list"][0]["type"] == "datasource"
        ids = [panel["id"] for panel in board["panels"]]
        assert len(ids) == len(set(ids))
        for panel in board["panels"]:
            assert panel["datasource"]["uid"] == "${datasource}"
            assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}
            assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
