"""Traces, figures and logs of the real daemon, as a collector gets them."""

import json
import socket

import httpx

from tests.e2e.documents import FOR_EVER, check, file
from tests.e2e.world import World
from tests.telemetry.collector import Collected, attributes, collecting

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{CALLER}-00f067aa0ba902b7-01"

WENT_WELL = """\
RUN shop@test
  apply
    apply target
      ssh run
  probe"""

TAKEN_BACK = """\
RUN shop@test !
  apply
    apply target
      ssh run
  probe !
  apply
    apply target
      ssh run
  probe"""


def _telemetry(world: World, there: Collected, **more: object) -> None:
    world.settings(telemetry={"otlp": there.url, "every": "1s", **more})


def test_each_rollout_is_one_trace_with_its_steps_and_calls(world: World) -> None:
    with collecting() as there:
        _telemetry(world, there, logs=True)
        world.app(file("one\n"), health=[check("true")])
        with world.daemon() as daemon:
            world.until(world.state_of("in sync"), "the first is good")
            world.app(file("two\n"), health=[check("false")])
            world.until(lambda: len(there.roots("RUN shop@test")) == 2, "both rollouts are told")
            good, bad = there.roots("RUN shop@test")
            assert there.trace(good.trace_id) == WENT_WELL
            assert there.trace(bad.trace_id) == TAKEN_BACK
            assert daemon.stop() == 0, daemon.log
        said = attributes(bad.attributes)
        assert said["cicd.pipeline.name"] == "shop@test"
        assert said["cicd.pipeline.result"] == "failure"
        assert said["deployment.environment.name"] == "test"
        assert said["vcs.ref.head.revision"] == world.git("rev-parse", "HEAD").strip()
        assert "reverted" in bad.status.message
        assert [each.name for each in bad.events].count("rollout_moved") >= 4
        assert there.resource["service.name"] == "reconciler"
        assert there.resource["service.instance.id"].startswith("ctl-")


def test_what_a_request_brought_about_is_linked_to_the_trace_it_came_with(world: World) -> None:
    with collecting() as there:
        _telemetry(world, there)
        world.app(file("one\n"), health=[check("test -e ok")])
        with world.daemon():
            world.until(world.state_of("holding"), "it fails")
            (world.home() / "ok").touch()
            transport = httpx.HTTPTransport(uds=str(world.state / "api.sock"))
            with httpx.Client(transport=transport, base_url="http://reconciler") as client:
                said = {"reason": "it is there now"}
                answer = client.post("/v1/units/shop@test/retry", json=said, headers={"traceparent": TRACEPARENT})
            assert answer.is_success, answer.text
            world.until(lambda: len(there.roots("RUN shop@test")) == 2, "the second try is told")
            retried = there.roots("RUN shop@test")[1]
            assert CALLER in {each.trace_id.hex() for each in retried.links}
            world.until(lambda: any(each.links for each in there.roots("pass")), "the pass is told")
            linked = {link.trace_id.hex() for each in there.roots("pass") for link in each.links}
            assert {CALLER, retried.trace_id.hex()} <= linked


def test_a_daemon_that_is_killed_goes_on_with_the_same_trace(world: World) -> None:
    """Nobody listens before the kill: the journal is the queue."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port: int = nobody.getsockname()[1]
    world.settings(telemetry={"otlp": f"http://127.0.0.1:{port}"})
    world.app(file("one\n"), health=[check("test -e ok", FOR_EVER)])
    with world.daemon() as daemon:
        world.until(lambda: world.unit().get("progress") == "2 of 2", "the check is asked")
        daemon.kill()
    with collecting(port) as there, world.daemon() as daemon:
        (world.home() / "ok").touch()
        world.until(lambda: there.roots("RUN shop@test"), "the rollout is told")
        (root,) = there.roots("RUN shop@test")
        # The call of the host was not in the journal, and is lost with the process.
        assert there.trace(root.trace_id) == "RUN shop@test\n  apply\n  probe"
        assert daemon.stop() == 0


def test_a_collector_that_hangs_keeps_nobody_waiting(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        world.settings(telemetry={"otlp": f"http://127.0.0.1:{deaf.getsockname()[1]}", "logs": True})
        world.app(file("one\n"))
        with world.daemon() as daemon:
            world.until(world.state_of("in sync"), "it is rolled out")
            deaf.settimeout(30)
            asked, _ = deaf.accept()  # somebody is waited for now, and never answered
            assert daemon.stop(within=8) == 0, daemon.log
            asked.close()


def test_figures_and_logs_are_sent_under_their_names_and_with_the_secret_of_the_settings(world: World) -> None:
    with collecting() as there:
        (world.folder / "secrets").mkdir()
        (world.folder / "secrets" / "collector").write_text("let me in")
        world.settings(
            telemetry={"otlp": there.url, "every": "1s", "logs": True, "headers": {"x-token": "collector"}},
            secrets={"directory": "secrets"},
        )
        world.app(file("one\n"))
        with world.daemon() as daemon:
            world.until(lambda: "reconciler.rollout.duration" in there.metrics, "a rollout is counted")
            world.until(lambda: any("rollout succeeded" in each.body.string_value for each in there.logs), "its line")
            root = there.roots("RUN shop@test")[0] if there.roots("RUN shop@test") else None
            assert daemon.stop() == 0, daemon.log
        duration = there.metrics["reconciler.rollout.duration"]
        assert duration.unit == "s"
        (point,) = duration.histogram.data_points
        assert (point.count, sum(point.bucket_counts)) == (1, 1)
        assert attributes(point.attributes) == {
            "deployment.environment.name": "test",
            "reconciler.outcome": "succeeded",
        }
        line = next(each for each in there.logs if "rollout succeeded" in each.body.string_value)
        assert root is None or line.trace_id == root.trace_id
        lines = [json.loads(each) for each in daemon.log.splitlines() if "rollout succeeded" in each]
        assert lines[0]["trace_id"] == line.trace_id.hex()
        assert all(each.get("x-token") == "let me in" for each in there.headers)
        assert "let me in" not in daemon.log
