"""A daemon sends its record on: all of it, in order, over a restart, past a place that is dead; and it is asked."""

import json
from pathlib import Path
from typing import Any

from tests.e2e.documents import check, file
from tests.e2e.world import World
from tests.providers.listener import Listener

TOKEN = "a token that nobody else has"


def _sinks(world: World, url: str) -> dict[str, Any]:
    return {
        "collector": {"to": "http", "url": f"{url}/audit", "format": "cloudevents", "token": "audit/token"},
        "copy": {"to": "file", "path": str(world.folder / "copy.jsonl")},
        "dead": {"to": "http", "url": "http://127.0.0.1:9/audit"},
    }


def _numbers(file: Path) -> list[int]:
    return [json.loads(line)["number"] for line in file.read_text().splitlines()] if file.exists() else []


def _collected(listener: Listener) -> list[int]:
    return [int(each["id"].split("-")[0]) for asked in listener.asked for each in json.loads(asked.body)]


def test_the_record_of_a_rollout_and_of_its_revert_goes_on_to_all_places_that_are_there(world: World) -> None:
    (world.folder / "secrets/audit").mkdir(parents=True)
    (world.folder / "secrets/audit/token").write_text(TOKEN)
    copy = world.folder / "copy.jsonl"
    with Listener({"/audit": (200, b"")}) as listener:
        sinks = _sinks(world, listener.url)
        world.settings(secrets={"directory": "secrets"}, git={"poll": "300ms"}, audit={"sinks": sinks})
        world.app(file("good\n"), health=[check("grep -q good shop.txt")])
        with world.daemon() as daemon:
            world.until(world.state_of("in sync"), "the good state is there")
            world.app(file("bad\n"), health=[check("grep -q good shop.txt")])
            world.until(world.state_of("holding"), "the bad one is taken back")
            assert daemon.stop() == 0
            assert TOKEN not in daemon.log
            assert daemon.log.count("are not taken") == 1, "a dead place is told once"
        with world.daemon() as daemon:
            newest = len(world.entries())
            world.until(lambda: max(_numbers(copy), default=0) >= newest, "the file has all of it")
            world.until(lambda: max(_collected(listener), default=0) >= newest, "the collector has all of it")
            assert daemon.stop() == 0
    for found in (_numbers(copy), _collected(listener)):
        assert list(dict.fromkeys(found)) == list(range(1, max(found) + 1)), "in order, with no gap"
    assert {asked.headers["Authorization"] for asked in listener.asked} == {f"Bearer {TOKEN}"}


def test_the_record_says_who_paused_what_was_changed_and_what_became_of_it(world: World) -> None:
    world.app(file("good\n"))
    with world.daemon() as daemon:
        world.until(world.state_of("in sync"), "the good state is there")
        assert world.reconciler("pause", "shop@test", "--reason", "an audit").status == 0
        assert daemon.stop() == 0
    told = json.loads(world.reconciler("audit", "query", "shop@test", "--format", "json").out)["records"]
    paused = next(each for each in told if each["what"] == "paused")
    assert paused["why"] == "an audit"
    step = next(each for each in told if each["what"] == "step_ended" and each.get("changes"))
    assert (step["outcome"], step["targets"]) == ("succeeded", ["web-1"])
    assert any(each["action"] == "create" for each in step["changes"])
    succeeded = world.reconciler("audit", "query", "--outcome", "succeeded", "--type", "rollout_moved", "--since", "1h")
    assert "shop@test succeeded" in succeeded.text
    exported = world.reconciler("audit", "export", "--format", "ocsf").out.splitlines()
    assert {json.loads(line)["metadata"]["version"] for line in exported} == {"1.3.0"}
