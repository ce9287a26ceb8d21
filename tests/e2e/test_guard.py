"""A change that would lock us out, from the commit to the reason that a person reads."""

from pathlib import Path

from tests.e2e.documents import file
from tests.e2e.world import World

ALWAYS = {"mode": "always", "within": "5s"}
LOCKOUT = file("#!/bin/false\n", path="~/bin/sh", mode="0755", guard=True)
"""Whoever logs in from then on is given no shell."""


def test_a_guarded_change_is_confirmed_and_stays(world: World) -> None:
    world.policy(guard=ALWAYS)
    commit = world.app(file("one\n"))
    said = world.reconciler("plan")
    assert "unless a new connection confirms it within 5s" in said.flat, said.text
    world.settled()
    assert world.in_sync_at(commit)()
    assert [verdict(world, each) for each in world.transactions()] == ["confirmed"]


def test_a_change_that_locks_us_out_is_taken_back_by_the_host_and_told(world: World) -> None:
    world.policy(guard={"within": "5s"})
    good = world.app(file("one\n"))
    world.settled()
    world.app(file("two\n"), LOCKOUT)
    world.reconciler("run", "--once")
    assert (world.home() / "shop.txt").read_text() == "one\n"
    assert not (world.home() / "bin/sh").exists()
    explained = world.reconciler("explain", "shop@test").flat
    assert "no new connection could be made" in explained, explained
    assert "the host took it back by itself" in explained, explained
    assert good[:7] in explained
    assert not (world.home() / ".local/state/reconciler-host/lock").is_symlink()


def test_a_daemon_that_dies_before_it_confirms_does_it_again(world: World) -> None:
    world.policy(guard=ALWAYS)
    commit = world.app(file("one\n"))
    held = world.hold("readlink")
    with world.daemon() as daemon:
        world.until(held.reached, "somebody comes to confirm it")
        daemon.kill()
    (first,) = world.transactions()
    world.until(lambda: verdict(world, first) == "back", "nobody has confirmed it")
    held.release()
    world.until(lambda: not (world.home() / "shop.txt").exists(), "the host takes it back")
    with world.daemon():
        world.until(world.in_sync_at(commit), "it is done again")
    assert verdict(world, first) == "confirmed"


def verdict(world: World, transaction: str) -> str:
    link: Path = world.home() / ".local/state/reconciler-host/tx" / transaction / "verdict"
    return str(link.readlink()) if link.is_symlink() else ""
