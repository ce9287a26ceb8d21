"""Commands that a person runs: plan, apply, run --once, and what their exit statuses say."""

import json

import pytest

from tests.e2e.documents import check, file
from tests.e2e.world import World


def test_a_commit_becomes_the_state_of_a_host(world: World) -> None:
    commit = world.app(file("one\n"))
    said = world.settled()
    assert (world.home() / "shop.txt").read_text() == "one\n"
    assert f"shop@test 1 at {commit[:7]} succeeded" in said.out
    again = world.settled()
    assert again.out == "Nothing to do: everything is as it shall be.\n"
    assert json.loads(world.reconciler("status", "--json").out)["units"] == world.status()["units"]


def test_run_once_ends_with_3_when_it_reverted_and_with_4_while_that_is_held(world: World) -> None:
    good = world.app(file("good\n"), health=[check("grep -q good shop.txt")])
    world.settled()
    bad = world.app(file("bad\n"), version="2", health=[check("grep -q good shop.txt")])
    reverted = world.reconciler("run", "--once")
    assert reverted.status == 3, reverted.text
    assert f"reverted: back at 1 ({good[:7]})" in reverted.out
    assert "failed on web-1: exit 1" in reverted.out
    assert (world.home() / "shop.txt").read_text() == "good\n"
    held = world.reconciler("run", "--once")
    assert held.status == 4, held.text
    assert f"holding at {good[:7]}, Git says {bad[:7]} (rejected: " in held.out
    assert len(world.transactions()) == 3


def test_run_once_ends_with_3_when_a_first_state_was_taken_back_and_with_4_from_then_on(world: World) -> None:
    world.app(file("bad\n"), health=[check("false")])
    taken_back = world.reconciler("run", "--once")
    assert taken_back.status == 3, taken_back.text
    assert "reverted: back at what was there before" in taken_back.out
    assert not (world.home() / "shop.txt").exists()
    held = world.reconciler("run", "--once")
    assert held.status == 4, held.text
    assert "no last known good state to go back to" in held.out


def test_plan_tells_by_its_status_whether_there_are_changes(world: World) -> None:
    world.app(file("one\n"))
    pending = world.reconciler("plan", "--detailed-exitcode")
    assert pending.status == 2, pending.text
    assert not (world.home() / "shop.txt").exists()
    world.settled()
    done = world.reconciler("plan", "--detailed-exitcode")
    assert done.status == 0, done.text


def test_a_plan_that_was_reviewed_is_carried_out_once(world: World) -> None:
    world.app(file("one\n"))
    world.reconciler("plan", "--out", "plan.json")
    applied = world.reconciler("apply", "plan.json")
    assert applied.status == 0, applied.text
    assert (world.home() / "shop.txt").read_text() == "one\n"
    again = world.reconciler("apply", "plan.json")
    assert again.status == 1
    assert "the plan for shop@test is stale: there is nothing to do any more. Nothing was changed." in again.err
    assert len(world.transactions()) == 1


@pytest.mark.parametrize("what", ["a host has changed", "a new commit came"])
def test_a_plan_of_another_world_is_refused(world: World, what: str) -> None:
    world.app(file("one\n", adopt=True))
    world.reconciler("plan", "--out", "plan.json")
    if what == "a host has changed":
        (world.home() / "shop.txt").write_text("somebody's\n")
    else:
        world.app(file("two\n"))
    stale = world.reconciler("apply", "plan.json")
    assert stale.status == 1
    assert "the plan for shop@test is stale: Git or the targets have changed. Nothing was changed." in stale.err
    assert world.transactions() == []


def test_beside_a_daemon_nobody_acts_and_a_reviewed_plan_is_handed_to_it(world: World) -> None:
    world.policy(drift="report")
    commit = world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(commit), "the first rollout")
        for words in (("run",), ("run", "--once")):
            refused = world.reconciler(*words)
            assert refused.status == 1, refused.text
            assert f"process {daemon.process.pid} is at work on {world.state}; only one may be" in refused.err
        (world.home() / "shop.txt").write_text("by hand\n")
        world.until(world.state_of("drifted"), "the drift is reported")
        assert len(world.transactions()) == 1
        world.reconciler("plan", "--out", "plan.json")
        handed = world.reconciler("apply", "plan.json")
        assert handed.status == 0, handed.text
        assert "Handed to the daemon" in handed.out
        world.until(lambda: (world.home() / "shop.txt").read_text() == "one\n", "the daemon carries it out")
        world.until(world.in_sync_at(commit), "and ends it")
        assert daemon.stop() == 0
    assert len(world.transactions()) == 2
