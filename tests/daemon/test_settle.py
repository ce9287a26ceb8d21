"""Passes until nothing more follows, on a simulated fleet: what ``run --once`` and ``apply`` do, and how they end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.daemon import by_hand
from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.one_pass import one_pass
from reconciler.model.assessment import Review
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State
from reconciler.model.target import Host
from reconciler.model.waiting import Reason
from reconciler.ports.targets import Transaction
from reconciler.simulate.world import Fault, SimWorld
from tests.daemon.fleet import Fleet, app, opened, policy


class Stale(Exception):
    """What the person has seen is not how it is."""


async def test_a_commit_becomes_the_state_of_the_fleet_and_the_next_pass_does_nothing(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))
    first = await fleet.settled()
    again = await fleet.settled()
    assert fleet.colours() == ["red", "red"]
    assert [rollout.state for rollout in first.ended] == [State.SUCCEEDED]
    assert (first.exit_status, again.exit_status, again.ended) == (0, 0, ())
    assert [each.in_sync for each in again.review.assessments] == [True]


async def test_a_bad_commit_is_taken_back_and_another_apps_commit_does_not_try_it_again(fleet: Fleet) -> None:
    await fleet.commit("good", shop=app("red"))
    await fleet.settled()
    fleet.hosts.unhealthy = {"pink"}
    await fleet.commit("bad", shop=app("pink"))
    ended = await fleet.settled()
    assert ([rollout.state for rollout in ended.ended], ended.exit_status) == ([State.REVERTED], 3)
    assert fleet.colours() == ["red", "red"]
    await fleet.commit("another app", blog=app("blue", "blog"))
    later = await fleet.settled()
    assert (fleet.colours(), fleet.colours("blog")) == (["red", "red"], ["blue", "blue"])
    held = next(each for each in later.review.assessments if each.unit.app == "shop")
    assert held.rejected is not None
    assert later.exit_status == (4 if held.waiting else 0)


@pytest.mark.parametrize(
    ("failing", "state", "status"),
    [
        (set(), State.SUCCEEDED, 0),
        ({"pink"}, State.HELD, 4),
        ({"pink"}, State.REVERTED, 3),
        ({"pink", "red"}, State.REVERT_FAILED, 1),
    ],
)
async def test_how_it_ended_is_the_exit_status(fleet: Fleet, failing: set[str], state: State, status: int) -> None:
    if state is State.HELD:
        fleet.repository.write("policies/all.yaml", policy(onFailure="hold"))
    if state is State.REVERT_FAILED:
        await fleet.commit("good", shop=app("red"))
        await fleet.settled()
    fleet.hosts.unhealthy = failing
    await fleet.commit("bad", shop=app("pink"))
    ended = await fleet.settled()
    assert ([rollout.state for rollout in ended.ended], ended.exit_status) == ([state], status)


async def test_only_the_chosen_units_are_touched(fleet: Fleet) -> None:
    await fleet.commit("two apps", shop=app("red"), blog=app("blue", "blog"))
    await fleet.settled("blog")
    assert (fleet.colours(), fleet.colours("blog")) == ([], ["blue", "blue"])


async def test_a_newer_commit_pre_empts_a_rollout_that_waits_for_health(fleet: Fleet) -> None:
    fleet.hosts.unhealthy = {"pink"}
    await fleet.commit("slow", shop=app("pink").replace(b"failureThreshold: 2", b"failureThreshold: 100000"))
    seen = await one_pass(fleet.world)
    await carry_out(seen, fleet.world, fleet.hands)
    while fleet.clock.sleepers < 2:  # noqa: ASYNC110 - its lease, and its check
        await asyncio.sleep(0)
    assert fleet.colours() == ["pink", "pink"]
    await fleet.commit("fix", shop=app("red"))
    ended = await fleet.settled()
    assert (ended.exit_status, fleet.colours()) == (0, ["red", "red"])
    states = [rollout.state for rollout in await fleet.store.history.rollouts()]
    assert states == [State.SUCCEEDED, State.SUPERSEDED]


def tampered(fleet: Fleet, colour: str = "grey") -> None:
    """Paint over the walls by hand."""
    for there in fleet.hosts.state.values():
        for name, resource in list(there.items()):
            there[name] = replace(resource, attributes={"colour": colour})


async def test_drift_is_healed(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))
    await fleet.settled()
    tampered(fleet)
    assert (await fleet.settled()).exit_status == 0
    assert fleet.colours() == ["red", "red"]


@pytest.mark.parametrize(("rule", "reason"), [("hold", Reason.DRIFT_HELD), ("report", Reason.DRIFT_REPORTED)])
async def test_drift_that_waits_for_a_person_is_mended_when_one_applies_the_plan(
    fleet: Fleet, rule: str, reason: Reason
) -> None:
    fleet.repository.write("policies/all.yaml", policy(drift=rule))
    await fleet.commit("first", shop=app("red"))
    await fleet.settled()
    tampered(fleet)
    waiting = await fleet.settled()
    assert [each.waiting and each.waiting.reason for each in waiting.review.assessments] == [reason]
    assert (waiting.exit_status, fleet.colours()) == (4, ["grey", "grey"])

    def accept(review: Review) -> dict[UnitId, str]:
        return {each.unit: each.plan.id for each in review.assessments if each.plan}

    async with fleet.clock.ticking():
        ended = await by_hand.apply(fleet.world, fleet.hands, fleet.wake, accept, "ada")
    assert (ended.exit_status, fleet.colours()) == (0, ["red", "red"])


async def test_a_plan_that_is_stale_changes_nothing(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))

    def refuse(review: Review) -> dict[UnitId, str]:
        raise Stale

    with pytest.raises(Stale):
        await by_hand.apply(fleet.world, fleet.hands, fleet.wake, refuse, "ada")
    assert fleet.hosts.effects == []


class Buggy(SimWorld):
    """Has a bug of ours in it."""

    async def apply(self, host: Host, transaction: Transaction) -> None:
        raise ZeroDivisionError


async def test_a_bug_is_not_tried_in_a_circle_and_is_told(fleet: Fleet) -> None:
    async with opened(fleet.folder / "other", Buggy(fleet.clock)) as broken:
        await broken.commit("first", shop=app("red"))
        with pytest.raises(ZeroDivisionError):
            await broken.settled()
        assert [type(bug) for bug in broken.hands.broken.values()] == [ZeroDivisionError]


async def test_a_host_that_cannot_be_seen_is_waited_for_and_nothing_is_done_there(fleet: Fleet) -> None:
    fleet.hosts.down = {"web-1", "web-2"}
    await fleet.commit("first", shop=app("red"))
    ended = await fleet.settled()
    assert [each.waiting and each.waiting.reason for each in ended.review.assessments] == [Reason.UNREACHABLE]
    assert (ended.exit_status, fleet.hosts.effects) == (4, [])


async def test_a_connection_lost_in_the_middle_is_no_failure_when_the_change_was_made(fleet: Fleet) -> None:
    await fleet.commit("good", shop=app("red"))
    await fleet.settled()
    fleet.hosts.faults = {"web-2": [Fault.DIES_AFTER]}
    await fleet.commit("next", shop=app("pink"))
    ended = await fleet.settled()
    assert [rollout.state for rollout in ended.ended] == [State.SUCCEEDED]
    assert fleet.colours() == ["pink", "pink"]
    assert fleet.hosts.repeats == []


async def test_a_target_lost_in_the_middle_ends_the_rollout_in_time(fleet: Fleet) -> None:
    """Nobody knows whether the change was made there: the rollout does not wait for ever to see it."""
    await fleet.commit("good", shop=app("red"))
    await fleet.settled()
    fleet.hosts.faults = {"web-2": [Fault.GOES_AWAY]}
    await fleet.commit("next", shop=app("pink"))
    began = fleet.clock.now()
    ended = await fleet.settled()
    assert [rollout.state for rollout in ended.ended] == [State.REVERTED]
    assert fleet.clock.now() - began < timedelta(minutes=30)
    assert fleet.colours() == ["red", "pink"]
