"""The daemon's life: leaving in order, dying, coming back, being told something."""

import json
import signal
import time
from collections.abc import Callable
from functools import partial

from tests.e2e.documents import FOR_EVER, check, file
from tests.e2e.world import World

LEAVES_WITHIN = 10.0
"""In seconds; far less than a wait of a rollout, far more than a slow machine needs."""

WAITS = [check("test -e ok", FOR_EVER)]


def test_a_daemon_that_is_told_to_leave_goes_on_later_where_it_was(world: World) -> None:
    commit = world.app(file("one\n"), health=WAITS)
    with world.daemon() as daemon:
        world.until(_asks_for_health(world), "the health check is asked")
        rollout = world.unit()["rollout"]
        assert daemon.stop(LEAVES_WITHIN) == 0, daemon.log
    with world.daemon() as daemon:
        (world.home() / "ok").touch()
        world.until(world.in_sync_at(commit), "the rollout goes on")
        assert daemon.stop(LEAVES_WITHIN) == 0, daemon.log
    assert _rollouts(world) == [(rollout, "succeeded")]
    assert len(world.transactions()) == 1


def test_a_daemon_that_is_told_to_leave_does_not_wait_for_a_pause_between_batches(pair: World) -> None:
    pair.policy(strategy={"rolling": {"batchSize": 1, "pause": "1h"}}, progressDeadline="3h")
    pair.app(file("one\n"))
    changed = pair.home("web-1") / "shop.txt"
    with pair.daemon() as daemon:
        pair.until(changed.exists, "the first batch")
        pair.until(lambda: pair.unit()["progress"] == "2 of 3", "the pause")
        rollout = pair.unit()["rollout"]
        assert daemon.stop(LEAVES_WITHIN) == 0, daemon.log
    newer = pair.app(file("two\n"))
    with pair.daemon() as daemon:
        pair.until(lambda: changed.read_text() == "two\n", "a newer commit takes the place of what waits")
        assert not (pair.home("web-2") / "shop.txt").exists()
        assert pair.unit()["commit"] == newer
        assert daemon.stop(LEAVES_WITHIN) == 0, daemon.log
    assert (rollout, "superseded") in _rollouts(pair)


def test_a_transaction_on_a_host_is_finished_before_the_daemon_leaves(world: World) -> None:
    commit = world.app(file("one\n"))
    held = world.hold("mv")
    with world.daemon() as daemon:
        world.until(held.reached, "the transaction is under way")
        daemon.tell(signal.SIGTERM)
        held.release()
        assert daemon.process.wait(LEAVES_WITHIN) == 0, daemon.log
    assert (world.home() / "shop.txt").read_text() == "one\n"
    with world.daemon():
        world.until(world.in_sync_at(commit), "the rest of the rollout")
    assert len(world.transactions()) == 1


def test_a_hangup_makes_the_daemon_read_its_settings_again(world: World) -> None:
    world.settings(drift={"interval": "1h"})
    commit = world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(commit), "the first rollout")
        world.settings_file.write_text("nonsense = [")
        daemon.tell(signal.SIGHUP)
        world.until(lambda: "the new settings are wrong; going on with the old ones" in daemon.log, "a complaint")
        assert f"{world.settings_file}: not TOML" in daemon.log
        second = world.app(file("two\n"))
        world.until(world.in_sync_at(second), "it works on")
        world.settings(drift={"interval": "200ms"})
        daemon.tell(signal.SIGHUP)
        world.until(lambda: "settings read again" in daemon.log, "the settings are read")
        (world.home() / "shop.txt").write_text("drift\n")
        world.until(lambda: (world.home() / "shop.txt").read_text() == "two\n", "drift is looked for more often")
        assert daemon.stop(LEAVES_WITHIN) == 0


def test_killed_while_a_host_is_changed(world: World) -> None:
    commit = world.app(file("one\n"))
    held = world.hold("mv")
    with world.daemon() as daemon:
        world.until(held.reached, "the transaction is under way")
        daemon.kill()
    held.release()
    with world.daemon():
        world.until(world.in_sync_at(commit), "the rollout goes on")
    assert (world.home() / "shop.txt").read_text() == "one\n"
    assert len(_rollouts(world)) == 1
    assert len(world.transactions()) == 1
    assert not _left_behind(world)


def test_killed_while_health_is_waited_for(world: World) -> None:
    commit = world.app(file("one\n"), health=WAITS)
    with world.daemon() as daemon:
        world.until(_asks_for_health(world), "the health check is asked")
        daemon.kill()
    (world.home() / "ok").touch()
    with world.daemon():
        world.until(world.in_sync_at(commit), "the rollout goes on")
    assert len(_rollouts(world)) == 1
    assert len(world.transactions()) == 1


def test_killed_while_a_bad_commit_is_taken_back(world: World) -> None:
    looks = check("while test -e wait; do sleep 0.1; done; grep -q good shop.txt")
    looks["exec"]["timeout"] = "60s"
    world.app(file("good\n"), health=[looks])
    world.settled()
    (world.home() / "wait").touch()
    bad = world.app(file("bad\n"), health=[looks])
    with world.daemon() as daemon:
        world.until(_asks_for_health(world), "the bad commit is on the host")
        held = world.hold("mv")
        (world.home() / "wait").unlink()
        world.until(held.reached, "the revert is under way")
        daemon.kill()
    held.release()
    with world.daemon():
        world.until(world.state_of("holding"), "the revert goes on")
    assert world.unit()["rejected"]["commit"] == bad
    assert (world.home() / "shop.txt").read_text() == "good\n"
    assert len(world.transactions()) == 3
    assert not _left_behind(world)


def test_a_decision_of_a_person_reaches_the_daemon_at_once(world: World) -> None:
    world.settings(drift={"interval": "1h"})
    good = world.app(file("good\n"))
    with world.daemon():
        world.until(world.in_sync_at(good), "the first rollout")
        commit = world.app(file("new\n"), health=[check("test -e ok", FOR_EVER)])
        world.until(lambda: (world.home() / "shop.txt").read_text() == "new\n", "the second rollout")
        _told(world, "pause", "shop@test", "--reason", "let me look")
        world.until(lambda: world.rollout_state() == "paused", "the rollout stops", 2)
        (world.home() / "ok").touch()
        _told(world, "resume", "shop@test")
        world.until(world.in_sync_at(commit), "the rollout goes on", 2)


def test_a_retry_reaches_the_daemon_at_once(world: World) -> None:
    world.settings(drift={"interval": "1h"})
    world.app(file("good\n"))
    world.settled()
    commit = world.app(file("new\n"), health=[check("test -e ok")])
    with world.daemon():
        world.until(world.state_of("holding"), "the revert")
        (world.home() / "ok").touch()
        _told(world, "retry", "shop@test", "--reason", "the database is back")
        world.until(world.in_sync_at(commit), "it is tried again", 4)


def test_a_commit_is_seen_within_a_second(world: World) -> None:
    world.settings(drift={"interval": "1h"})
    first = world.app(file("0\n"))
    took = []
    with world.daemon():
        world.until(world.in_sync_at(first), "the first rollout")
        for number in (1, 2, 3):
            commit = world.app(file(f"{number}\n"))
            began = time.monotonic()  # noqa: TID251 - processes live in real time
            world.until(partial(_knows, world, commit), "the commit is seen")
            took.append(time.monotonic() - began)  # noqa: TID251
            world.until(world.in_sync_at(commit), "its rollout")
    # The fastest: the machine may be busy with something else.
    assert min(took) < 1.0, took


def _knows(world: World, commit: str) -> bool:
    return bool(world.status()["commit"] == commit)


def _asks_for_health(world: World) -> Callable[[], bool]:
    return lambda: (world.home() / "shop.txt").exists() and world.unit().get("progress") == "2 of 2"


def _told(world: World, *words: str) -> None:
    said = world.reconciler(*words)
    assert said.status == 0, said.text


def _rollouts(world: World) -> list[tuple[str, str]]:
    answer = json.loads(world.reconciler("history", "--json").out)
    return [(each["rollout"], each["state"]) for each in answer["rollouts"]]


def _left_behind(world: World) -> list[str]:
    """Return what a transaction has staged and not cleared away, and locks."""
    home = world.home()
    return [str(each) for pattern in ("**/.rcl-*", "**/reconciler/lock") for each in home.glob(pattern)]
