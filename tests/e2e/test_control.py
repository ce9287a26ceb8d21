"""What people decide, with the real command line beside a real daemon."""

from collections.abc import Callable
from typing import Any

from tests.e2e.documents import file
from tests.e2e.world import World

ONE_THEN_ASK = {"canary": {"steps": [{"setTargets": 1}, {"pause": {}}, {"approve": {"count": 2}}]}}


def _text(world: World, name: str = "web-1") -> str:
    return (world.home(name) / "shop.txt").read_text()


def _good(pair: World) -> str:
    """Bring the pair to a good first state under a policy that asks people from the second on."""
    pair.policy(strategy=ONE_THEN_ASK, progressDeadline="1h")
    commit = pair.app(file("one\n"))
    pair.settled()
    return commit


def _waits(world: World, reason: str) -> Callable[[], bool]:
    return lambda: reason in str(_waiting(world))


def _waiting(world: World) -> Any:
    return world.unit().get("rolloutWaits")


def test_a_rollout_waits_for_people_and_goes_on_when_they_say_so(pair: World) -> None:
    _good(pair)
    with pair.daemon():
        commit = pair.app(file("two\n"), version="2")
        pair.until(_waits(pair, "promotion"), "the first host has it, and a person is waited for")
        assert sorted([_text(pair, "web-1"), _text(pair, "web-2")]) == ["one\n", "two\n"]
        told = pair.reconciler("explain", "shop@test").flat
        assert "reconciler promote shop@test" in told
        assert "reconciler abort shop@test" in told
        assert pair.reconciler("approve", "shop@test").status == 1
        assert pair.reconciler("promote", "shop@test", "--reason", "looks well").status == 0
        pair.until(_waits(pair, "approval"), "approvals are waited for")
        assert "1 more of other people is needed" in pair.reconciler("approve", "shop@test", SUDO_USER="ann").flat
        assert pair.reconciler("approve", "shop@test", SUDO_USER="ann").status == 1
        assert pair.reconciler("approve", "shop@test", SUDO_USER="bob").status == 0
        pair.until(pair.in_sync_at(commit), "both hosts have it")
    assert [_text(pair, name) for name in ("web-1", "web-2")] == ["two\n", "two\n"]


def test_what_a_person_rejects_or_aborts_goes_back_and_is_not_tried_again(pair: World) -> None:
    first = _good(pair)
    with pair.daemon():
        for number, words in enumerate((["reject", "--reason", "slow"], ["abort", "--reason", "slow"]), start=2):
            pair.app(file(f"{number}\n"), version=str(number))
            pair.until(_waits(pair, "promotion"), "a person is waited for")
            assert pair.reconciler(*words, "shop@test").status == 0
            pair.until(pair.state_of("holding"), "it is taken back and held")
            assert [_text(pair, name) for name in ("web-1", "web-2")] == ["one\n", "one\n"]
            assert pair.unit()["commit"] == first
            assert "slow" in pair.unit()["rejected"]["reason"]


def test_what_a_person_aborts_and_leaves_stays_half_way_until_a_retry(pair: World) -> None:
    _good(pair)
    with pair.daemon():
        commit = pair.app(file("two\n"), version="2")
        pair.until(_waits(pair, "promotion"), "a person is waited for")
        assert pair.reconciler("abort", "--leave", "shop@test", "--reason", "I look").status == 0
        pair.until(pair.state_of("holding"), "it is left")
        assert sorted([_text(pair, "web-1"), _text(pair, "web-2")]) == ["one\n", "two\n"]
        assert pair.reconciler("retry", "shop@test", "--reason", "all well").status == 0
        pair.until(_waits(pair, "promotion"), "it is tried again")
        assert pair.reconciler("promote", "--full", "shop@test", SUDO_USER="ann").status == 0
        pair.until(_waits(pair, "approval"), "approvals are needed all the same")
        assert pair.reconciler("approve", "shop@test", SUDO_USER="bob").status == 0
        pair.until(pair.in_sync_at(commit), "both hosts have it")


def test_a_person_goes_back_is_held_there_and_follows_git_again(pair: World) -> None:
    first = pair.app(file("one\n"))
    pair.settled()
    second = pair.app(file("two\n"), file("extra\n", "~/extra.txt"), version="2")
    pair.settled()
    with pair.daemon():
        tried = pair.reconciler("rollback", "shop@test", "--dry-run")
        assert (tried.status, "It can be done." in tried.flat) == (0, True), tried.text
        assert _text(pair) == "two\n"
        said = pair.reconciler("rollback", "shop@test", "--reason", "customers complain")
        assert said.status == 0, said.text
        pair.until(lambda: _text(pair) == "one\n" and _text(pair, "web-2") == "one\n", "both go back")
        pair.until(lambda: pair.unit()["commit"] == first and pair.unit()["rollout"] is None, "it is held there")
        assert not (pair.home() / "extra.txt").exists()
        third = pair.app(file("three\n"), version="3")
        pair.until(lambda: pair.status()["commit"] == third, "the new commit is known")
        pair.until(lambda: "held at 1" in str(pair.unit()["waiting"]), "and it waits")
        assert _text(pair) == "one\n"
        assert "customers complain" in pair.reconciler("status").flat
        assert second[:7] in pair.reconciler("history", "shop@test").text
        assert pair.reconciler("release", "shop@test").status == 0
        pair.until(pair.in_sync_at(third), "it follows Git again")
    assert _text(pair) == "three\n"


def test_a_unit_that_is_held_takes_no_new_commit_and_its_drift_is_healed(pair: World) -> None:
    first = pair.app(file("one\n"))
    pair.settled()
    with pair.daemon():
        assert pair.reconciler("hold", "shop@test", "--reason", "fair").status == 0
        newer = pair.app(file("two\n"), version="2")
        pair.until(lambda: pair.status()["commit"] == newer, "the new commit is known")
        (pair.home() / "shop.txt").write_text("by hand\n")
        pair.until(lambda: _text(pair) == "one\n", "drift is healed")
        pair.until(lambda: pair.unit()["commit"] == first, "it is where it was")
        assert pair.reconciler("release", "shop@test").status == 0
        pair.until(pair.in_sync_at(newer), "it follows Git again")
