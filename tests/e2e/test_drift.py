"""What somebody changes on a host by hand, and a host that is not there."""

from pathlib import Path

import pytest

from tests.e2e.archives import tar_gz
from tests.e2e.documents import file
from tests.e2e.world import World


def test_each_sort_of_drift_is_healed(world: World) -> None:
    artifact, sha256 = tar_gz(world.folder / "shop.tar.gz", {"bin/shop": b"#!/bin/sh\n"})
    commit = world.app(
        {"directory": {"path": "~/shop", "mode": "0750"}},
        {"release": {"name": "shop", "artifact": artifact, "sha256": sha256, "path": "~/shop"}},
        file("one\n", mode="0640"),
        {"symlink": {"path": "~/link", "to": "shop.txt"}},
    )
    home = world.home()
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        found = _found(home)
        assert found == ("one\n", "0640", "0750", "shop.txt", "releases/1")
        for change in (
            lambda: (home / "shop.txt").write_text("by hand\n"),
            lambda: (home / "shop.txt").chmod(0o666),
            (home / "shop.txt").unlink,
            lambda: _link(home / "shop/current", "releases/0"),
            lambda: _link(home / "link", "elsewhere"),
            lambda: (home / "shop").chmod(0o777),
        ):
            change()
            assert _found(home) != found
            world.until(lambda: _found(home) == found, "the drift is healed")
            world.until(world.in_sync_at(commit), "the heal has ended")


@pytest.mark.parametrize("mode", ["report", "hold"])
def test_drift_that_policy_leaves_alone_is_told_and_mended_by_a_reviewed_plan(world: World, mode: str) -> None:
    world.policy(drift=mode)
    world.app(file("one\n"))
    world.settled()
    (world.home() / "shop.txt").write_text("by hand\n")
    said = world.reconciler("run", "--once")
    assert said.status == 4, said.text
    assert (world.home() / "shop.txt").read_text() == "by hand\n"
    shown = world.reconciler("status")
    assert shown.status == 4, shown.text
    assert "shop@test has drifted: web-1/file:~/shop.txt" in shown.flat
    world.reconciler("plan", "--out", "plan.json")
    applied = world.reconciler("apply", "plan.json")
    assert applied.status == 0, applied.text
    assert (world.home() / "shop.txt").read_text() == "one\n"


def test_what_is_to_be_ignored_is_no_drift(world: World) -> None:
    world.policy(ignore=[{"resource": "file:*", "fields": ["mode"]}])
    commit = world.app(file("one\n", ignore=[]), file("two\n", path="~/free.txt", ignore=["content"]))
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        (world.home() / "shop.txt").chmod(0o600)
        (world.home() / "free.txt").write_text("mine\n")
        (world.home() / "shop.txt").write_text("by hand\n")
        world.until(lambda: (world.home() / "shop.txt").read_text() == "one\n", "what counts is healed")
        world.until(world.in_sync_at(commit), "the heal has ended")
    assert (world.home() / "free.txt").read_text() == "mine\n"


def test_drift_is_noticed_by_the_host_itself(world: World) -> None:
    world.settings(drift={"interval": "10m"})
    commit = world.app(file("one\n"), {"directory": {"path": "~/shop"}})
    there = world.home() / "shop.txt"
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        for content in ("by hand\n", "once more\n"):
            there.write_text(content)
            world.until(lambda: there.read_text() == "one\n", "it is healed long before the interval", within=20)
            world.until(world.in_sync_at(commit), "the heal has ended")
        world.there.cut("web-1")
        there.write_text("while it was away\n")
        world.there.restore("web-1")
        world.until(lambda: there.read_text() == "one\n", "the watch comes back by itself", within=20)


def test_a_host_that_is_away_is_left_out_and_catches_up(pair: World) -> None:
    first = pair.app(file("one\n"))
    with pair.daemon():
        pair.until(pair.in_sync_at(first), "the first rollout")
        pair.there.cut("web-2")
        pair.until(lambda: pair.unit()["unseen"], "the host is missed")
        second = pair.app(file("two\n"))
        pair.until(lambda: (pair.home("web-1") / "shop.txt").read_text() == "two\n", "the rollout goes on without it")
        pair.until(lambda: pair.unit()["rollout"] is None and pair.unit()["commit"] == second, "the rollout has ended")
        pair.until(lambda: pair.unit()["unseen"], "the host is missed still")
        shown = pair.reconciler("status")
        assert "could not be seen on web-2" in shown.flat
        assert pair.unit()["rejected"] is None
        pair.there.restore("web-2")
        pair.until(pair.in_sync_at(second), "the host is seen again")
        pair.until(lambda: (pair.home("web-2") / "shop.txt").read_text() == "two\n", "it catches up")
        pair.until(pair.in_sync_at(second), "and all is well")
    assert pair.unit()["rejected"] is None
    assert "reverted" not in pair.reconciler("history").out


def _found(home: Path) -> tuple[str | None, ...]:
    content = home / "shop.txt"
    return (
        content.read_text() if content.exists() else None,
        _mode(content),
        _mode(home / "shop"),
        _link_at(home / "link"),
        _link_at(home / "shop/current"),
    )


def _mode(path: Path) -> str | None:
    return f"{path.stat().st_mode & 0o7777:04o}" if path.exists() else None


def _link_at(path: Path) -> str | None:
    return str(path.readlink()) if path.is_symlink() else None


def _link(path: Path, to: str) -> None:
    path.unlink()
    path.symlink_to(to)
