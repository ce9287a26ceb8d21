"""The state folder is lost altogether: hosts and Git give back what is ours."""

import json
import shutil

from tests.e2e.documents import FOR_EVER, check, file
from tests.e2e.world import World

ADOPTED = file("ours\n", "~/taken.txt", adopt=True)
DELETE = {"mode": "delete", "atMost": "100%"}
FOUND = file("the same\n", "~/found.txt")


def _lose_all(world: World) -> None:
    shutil.rmtree(world.state)


def _nothing_to_do(world: World) -> None:
    plan = world.reconciler("plan", "--detailed-exitcode")
    assert plan.status == 0, plan.text


def test_after_rebuild_nothing_is_planned_and_only_what_we_had_made_goes(world: World) -> None:
    world.policy(prune=DELETE)
    (world.home() / "taken.txt").write_text("theirs\n")
    (world.home() / "found.txt").write_text("the same\n")
    (world.home() / "found.txt").chmod(0o644)
    world.app(file("one\n"), file("two\n", "~/other.txt"), ADOPTED, FOUND)
    world.settled()
    _lose_all(world)

    said = world.reconciler("rebuild", "--json")
    assert said.status == 0, said.text
    (unit,) = json.loads(said.out)["units"]
    created = {each["id"].rpartition("/")[2]: each["created"] for each in unit["resources"]}
    assert created == {"shop.txt": True, "other.txt": True, "taken.txt": False, "found.txt": False}, said.text
    assert unit["good"], said.text
    _nothing_to_do(world)

    world.app(file("one\n"))
    world.settled()
    assert not (world.home() / "other.txt").exists()
    assert (world.home() / "taken.txt").read_text() == "theirs\n"
    assert (world.home() / "found.txt").read_text() == "the same\n"
    _nothing_to_do(world)


def test_what_left_git_while_the_journal_was_lost_is_taken_away(world: World) -> None:
    world.policy(prune=DELETE)
    world.app(file("one\n"), file("two\n", "~/other.txt"), file("three\n", "~/third.txt"))
    world.settled()
    _lose_all(world)
    world.app(file("one\n"), file("three\n", "~/third.txt"))

    said = world.reconciler("rebuild")
    assert said.status == 0, said.text
    assert world.reconciler("plan", "--detailed-exitcode").status == 2
    world.settled()
    assert not (world.home() / "other.txt").exists()
    _nothing_to_do(world)


def test_a_daemon_killed_in_the_middle_of_a_rollout_loses_all_and_its_successor_goes_on(pair: World) -> None:
    pair.policy(strategy={"rolling": {"batchSize": 1}}, prune=DELETE)
    pair.app(file("one\n"), file("gone\n", "~/old.txt"))
    pair.settled()
    held = pair.hold("mv", "web-2")
    commit = pair.app(file("two\n"))
    with pair.daemon() as daemon:
        pair.until(held.reached, "the second host is being changed")
        daemon.kill()
    _lose_all(pair)
    held.release()

    said = pair.reconciler("rebuild")
    pair.until(lambda: pair.reconciler("rebuild").status == 0, "no change is under way any more")
    pair.settled()
    for name in pair.names:
        assert (pair.home(name) / "shop.txt").read_text() == "two\n"
        assert not (pair.home(name) / "old.txt").exists(), said.text
    assert pair.in_sync_at(commit)()
    _nothing_to_do(pair)


def test_a_state_that_was_taken_back_is_not_tried_again_after_the_loss(world: World) -> None:
    world.policy(onFailure="revert")
    world.app(file("good\n"), health=[check("grep -q good shop.txt")])
    world.settled()
    world.app(file("bad\n"), health=[check("grep -q good shop.txt")])
    assert world.reconciler("run", "--once").status == 3
    _lose_all(world)

    said = world.reconciler("rebuild")
    assert "taken back before" in said.out, said.text
    assert world.reconciler("run", "--once").status == 4
    assert (world.home() / "shop.txt").read_text() == "good\n"
    assert world.unit()["rejected"]


def test_a_host_that_is_away_is_named_and_learned_of_later(pair: World) -> None:
    pair.app(file("one\n"))
    pair.settled()
    _lose_all(pair)
    pair.there.cut("web-2")
    said = pair.reconciler("rebuild")
    assert said.status == 4
    assert "web-2" in said.out
    assert "good at" not in said.out

    pair.there.restore("web-2")
    again = pair.reconciler("rebuild")
    assert again.status == 0, again.text
    assert "good at 1" in again.out
    _nothing_to_do(pair)
    third = pair.reconciler("rebuild")
    assert "nothing to learn" in third.out, third.text


def test_what_runs_and_is_ill_is_not_called_good(world: World) -> None:
    world.app(file("one\n"), health=[check("test ! -e ill", FOR_EVER)])
    world.settled()
    (world.home() / "ill").touch()
    _lose_all(world)
    said = world.reconciler("rebuild")
    assert "is not called good: it is not healthy on web-1" in said.flat, said.text


def test_a_dry_run_says_the_same_and_writes_nothing(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    _lose_all(world)
    said = world.reconciler("rebuild", "--dry-run")
    assert "owns 1 resources, 1 of them made by us" in said.out, said.text
    assert not world.state.exists()


def test_a_journal_that_knows_rollouts_is_left_as_it_is(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    said = world.reconciler("rebuild")
    assert said.status == 1
    assert "it knows better than hosts do" in said.flat
    assert "shop@test" in said.err


def test_a_commit_that_git_does_not_have_any_more_is_told_per_resource(world: World) -> None:
    world.policy(prune=DELETE)
    world.app(file("one\n"), file("two\n", "~/other.txt"))
    world.settled()
    _lose_all(world)
    world.git("checkout", "--quiet", "--orphan", "new")
    world.app(file("one\n"))
    world.git("branch", "--delete", "--force", "main")
    world.git("branch", "--move", "main")
    said = world.reconciler("rebuild")
    assert "which Git does not have any more" in said.flat, said.text
    assert "file:~/other.txt" in said.flat
    world.settled()
    assert (world.home() / "other.txt").exists()


def test_a_unit_with_a_secret_is_learned_though_the_key_of_its_digests_is_gone(world: World) -> None:
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets" / "db").write_text("hunter2\n")
    world.settings(secrets={"directory": "secrets"})
    world.policy(prune=DELETE)
    world.write({"desired-state/db.conf": "password = {{ secrets.db }}\n"})
    conf = {"file": {"path": "~/db.conf", "template": "db.conf", "secrets": {"db": "db"}}}
    world.app(file("one\n"), conf)
    world.settled()
    _lose_all(world)
    said = world.reconciler("rebuild")
    assert "good at 1" in said.out, said.text
    _nothing_to_do(world)
    world.app(file("one\n"))
    world.settled()
    assert not (world.home() / "db.conf").exists()


def test_what_drifted_while_the_journal_was_lost_is_mended_and_not_called_good(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    _lose_all(world)
    (world.home() / "shop.txt").write_text("theirs\n")
    said = world.reconciler("rebuild")
    assert "it does not run as any commit says" in said.flat, said.text
    world.settled()
    assert (world.home() / "shop.txt").read_text() == "one\n"


def test_an_earlier_state_that_still_runs_is_the_one_to_go_back_to(world: World) -> None:
    world.policy(onFailure="revert")
    world.app(file("good\n"), health=[check("grep -q good shop.txt")])
    world.settled()
    _lose_all(world)
    world.app(file("bad\n"), health=[check("grep -q good shop.txt")])
    said = world.reconciler("rebuild")
    assert "good at 1" in said.out, said.text
    assert world.reconciler("run", "--once").status == 3
    assert (world.home() / "shop.txt").read_text() == "good\n"


def test_a_guarded_change_counts_once_it_is_confirmed_and_not_when_the_host_took_it_back(world: World) -> None:
    world.policy(guard={"mode": "always", "within": "5s"}, onFailure="hold")
    world.app(file("one\n"))
    world.settled()
    lockout = file("#!/bin/false\n", path="~/bin/sh", mode="0755", guard=True)
    world.app(file("two\n"), lockout)
    world.reconciler("run", "--once")
    _lose_all(world)
    said = world.reconciler("rebuild")
    assert "good at 1" in said.out, said.text
    assert "owns 1 resources, 1 of them made by us" in said.out


def test_a_dry_run_leaves_a_change_that_was_cut_off_as_it_is_and_a_real_one_has_it_taken_back(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    _lose_all(world)
    # As a host is found after its power was cut in the middle of a change.
    cut_off = world.home() / ".local/state/reconciler-host/tx/r-1"
    cut_off.mkdir()
    rehearsed = world.reconciler("rebuild", "--dry-run")
    assert rehearsed.status == 4
    assert "a change was cut off there (r-1)" in rehearsed.flat
    assert cut_off.exists()
    said = world.reconciler("rebuild")
    assert "good at 1" in said.out, said.text
    assert not cut_off.exists()
