"""What Git may say, and what follows: above all what must not."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.desired.signing import SshPerson
from tests.e2e.documents import app, check, file
from tests.e2e.world import World

LASTS = {**check("test ! -e bad")["exec"], "successThreshold": 100_000}
"""The check of a rollout that stays under way until the file ``bad`` is there; then it has failed."""


def test_a_work_tree_with_changes_that_are_not_committed_changes_nothing(world: World) -> None:
    commit = world.app(file("one\n"))
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        world.write({"desired-state/shop.yaml": app(file("dirty\n")), "desired-state/broken.yaml": ": ["})
        world.git("add", "--all")
        _passes_go_on(world)
        assert world.in_sync_at(commit)()
        assert world.status()["refused"] is None


def test_a_commit_that_does_not_load_is_refused_whole_and_told(world: World) -> None:
    commit = world.app(file("one\n"))
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        bad = world.commit(
            {
                "desired-state/shop.yaml": app(file("two\n")),
                "desired-state/other.yaml": app(file("x", path="~/x"), name="other").replace("version", "verzion"),
            },
            "Good and bad in one",
        )
        world.until(lambda: world.status()["refused"], "the commit is refused")
        refused = world.status()["refused"]
        assert refused["commit"] == bad
        assert re.match(r"desired-state/other\.yaml:5:\d+: spec\.verzion: .*version", refused["problems"][0])
        _passes_go_on(world)
        assert world.status()["commit"] == commit
        assert not (world.home() / "x").exists()
        shown = world.reconciler("status")
        assert shown.status == 4
        assert f"Commit {bad[:7]} (Good and bad in one) was refused" in shown.flat
        assert f"the fleet stays at {commit[:7]}" in shown.flat
        assert refused["problems"][0] in shown.flat
        world.git("revert", "--no-edit", "HEAD")
        world.until(lambda: world.status()["refused"] is None, "the mistake is mended")


def test_a_branch_that_has_left_a_refused_commit_has_no_refused_commit(world: World) -> None:
    commit = world.app(file("one\n"))
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        world.commit({"desired-state/other.yaml": "kind: Ap\n"})
        world.until(lambda: world.status()["refused"], "the commit is refused")
        world.git("reset", "--quiet", "--hard", commit)
        world.until(lambda: world.status()["refused"] is None, "it is forgotten", within=15)
    assert world.reconciler("status").status == 0


@pytest.mark.parametrize("gone", ["the folder", "all apps"])
def test_a_desired_state_that_has_vanished_prunes_nothing(world: World, gone: str) -> None:
    world.policy(prune={"mode": "delete", "atMost": "100%"})
    commit = world.app(file("one\n"), file("two\n", path="~/second.txt"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(commit), "the first rollout")
        world.git("rm", "-r", "--quiet", "desired-state" if gone == "the folder" else "desired-state/shop.yaml")
        empty = world.commit({})
        world.until(lambda: empty in (world.status()["commit"], (world.status()["refused"] or {}).get("commit")), "it")
        assert daemon.stop() == 0
    world.reconciler("run", "--once")
    assert (world.home() / "shop.txt").read_text() == "one\n"
    assert (world.home() / "second.txt").read_text() == "two\n"
    assert len(world.transactions()) == 1


def test_a_remote_repository_is_polled(world: World) -> None:
    bare = world.folder / "remote.git"
    world.git("clone", "--quiet", "--bare", str(world.repository), str(bare))
    world.settings(git={"url": f"file://{bare}", "poll": "300ms"}, drift={"interval": "1h"})
    with world.daemon():
        for content in ("one\n", "two\n"):
            commit = world.app(file(content))
            world.git("push", "--quiet", str(bare), "main")
            world.until(world.in_sync_at(commit), "what was pushed arrives")
    assert (world.home() / "shop.txt").read_text() == "two\n"


def test_a_history_that_was_rewritten_is_held_until_a_person_accepts_it(world: World) -> None:
    world.app(file("one\n"))
    accepted = world.app(file("two\n"))
    with world.daemon():
        world.until(world.in_sync_at(accepted), "the first rollout")
        world.git("reset", "--quiet", "--hard", "HEAD~1")
        rewritten = world.app(file("three\n"))
        world.until(lambda: world.status()["refused"], "the rewritten branch is told")
        assert world.status()["refused"]["why"] == "rewritten"
        (world.home() / "shop.txt").write_text("drift\n")
        world.until(lambda: (world.home() / "shop.txt").read_text() == "two\n", "what was accepted is kept up")
        shown = world.reconciler("status")
        assert shown.status == 4
        assert f"does not contain the accepted {accepted[:8]}; to follow it: reconciler accept" in shown.flat
        assert f"reconciler accept {rewritten[:8]} --reason TEXT" in world.reconciler("explain", "shop@test").flat
        assert world.reconciler("accept", accepted, "--reason", "no").status == 1
        said = world.reconciler("accept", rewritten[:8], "--reason", "we cleaned up")
        assert said.status == 0, said.text
        world.until(world.in_sync_at(rewritten), "the accepted branch is followed", within=20)
    assert (world.home() / "shop.txt").read_text() == "three\n"
    assert world.reconciler("status").status == 0
    assert world.reconciler("accept", rewritten, "--reason", "again").status == 1


def test_a_rewritten_history_is_followed_where_the_settings_say_so(world: World) -> None:
    world.settings(git={"rewrites": "follow"})
    world.app(file("one\n"))
    world.app(file("two\n"))
    world.settled()
    world.git("reset", "--quiet", "--hard", "HEAD~1")
    rewritten = world.app(file("three\n"))
    world.settled()
    assert world.in_sync_at(rewritten)()


def test_a_commit_by_somebody_who_is_not_listed_changes_nothing(world: World) -> None:
    ann = SshPerson.new(world.folder, "ada@example.org")
    eve = SshPerson.new(world.folder, "eve@example.org")
    (world.folder / "allowed_signers").write_text(ann.line() + eve.line())
    world.settings(git={"trust": {"allowed_signers": "allowed_signers"}})
    commit = _signed(world, ann, world.app(file("one\n")))
    world.settled()
    evil = _signed(world, eve, world.app(file("evil\n")))  # eve is listed, but for herself, and the committer is Ada
    said = world.reconciler("run", "--once")
    assert said.status == 4
    assert "it is signed by eve@example.org" in said.flat
    assert world.in_sync_at(commit)()
    assert world.status()["refused"]["why"] == "untrusted"
    assert (world.home() / "shop.txt").read_text() == "one\n"
    assert f"commit {evil[:8]}: it is signed by eve@example.org" in world.reconciler("plan").flat
    mended = _signed(world, ann, world.app(file("two\n")))
    world.settled()
    assert world.in_sync_at(mended)()


def _signed(world: World, who: SshPerson, _commit: str) -> str:
    """Sign the newest commit, in its place."""
    world.git(*who.options, "commit", "--quiet", "--amend", "--no-edit", "-S")
    return world.git("rev-parse", "HEAD").strip()


@pytest.mark.parametrize("remote", ["refuses", "never answers"])
def test_while_git_is_away_drift_is_healed_and_a_failed_rollout_reverted(world: World, remote: str) -> None:
    world.app(file("good\n"), file("kept\n", path="~/kept.txt"))
    world.settled()
    bad = world.app(file("bad\n"), file("kept\n", path="~/kept.txt"), health=[{"exec": LASTS}])
    with world.daemon() as daemon:
        world.until(lambda: world.unit().get("progress") == "2 of 2", "the rollout waits for health")
        assert daemon.stop() == 0
    with _away(remote) as url:
        world.settings(git={"url": url, "poll": "1s"})
        with world.daemon():
            (world.home() / "bad").touch()
            world.until(world.state_of("holding"), "the revert, with Git away", within=15)
            assert (world.home() / "shop.txt").read_text() == "good\n"
            (world.home() / "kept.txt").unlink()
            world.until((world.home() / "kept.txt").exists, "the heal, with Git away", within=15)
            assert world.unit()["rejected"]["commit"] == bad


def test_a_git_that_is_away_is_told_and_forgotten_when_it_is_back(world: World) -> None:
    remote, hidden = world.folder / "remote.git", world.folder / "hidden.git"
    commit = world.app(file("one\n"))
    world.git("clone", "--quiet", "--bare", str(world.repository), str(remote))
    world.settings(git={"url": f"file://{remote}", "poll": "300ms"})
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        remote.rename(hidden)
        world.until(lambda: world.status()["git"], "status tells it")
        assert f"cannot fetch main from file://{remote}" in world.status()["git"]["lost"]
        assert world.in_sync_at(commit)()
        hidden.rename(remote)
        world.until(lambda: world.status()["git"] is None, "status forgets it")


def test_a_git_that_was_never_there_is_told(world: World) -> None:
    world.settings(git={"url": "ssh://127.0.0.1:1/x"})
    said = world.reconciler("run", "--once")
    assert said.status == 1
    assert "cannot fetch main from ssh://127.0.0.1:1/x" in said.err
    assert "internal error" not in said.text


@contextmanager
def _away(remote: str) -> Iterator[str]:
    """Yield a URL where nobody serves a repository."""
    if remote == "refuses":
        yield "ssh://127.0.0.1:1/x"
        return
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"http://127.0.0.1:{silent.getsockname()[1]}/x"


def _passes_go_on(world: World) -> None:
    """Wait until the daemon has looked again and mended something, so that what it has not done it will not do."""
    (world.home() / "shop.txt").write_text("drift\n")
    world.until(lambda: (world.home() / "shop.txt").read_text() == "one\n", "drift is healed")
    world.until(world.state_of("in sync"), "the heal has ended")


def test_a_refused_commit_that_the_branch_left_while_no_daemon_ran_is_forgotten(world: World) -> None:
    commit = world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(commit), "the first rollout")
        world.commit({"desired-state/other.yaml": "kind: Ap\n"})
        world.until(lambda: world.status()["refused"], "the commit is refused")
        assert daemon.stop() == 0
    world.git("reset", "--quiet", "--hard", commit)
    with world.daemon():
        world.until(lambda: world.status()["refused"] is None, "it is forgotten", within=15)


def test_a_git_that_came_back_while_no_daemon_ran_is_not_told_as_lost(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    world.settings(git={"url": "ssh://127.0.0.1:1/x", "poll": "300ms"})
    with world.daemon() as daemon:
        world.until(lambda: world.status()["git"], "git is lost")
        assert daemon.stop() == 0
    world.settings()
    with world.daemon():
        world.until(lambda: world.status()["git"] is None, "git is found", within=15)
