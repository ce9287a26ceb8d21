"""What people decide about rollouts and units, against a real journal in a file."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.cli.errors import Exit
from reconciler.model.event import (
    AbortRequested,
    CommitAccepted,
    DecisionTaken,
    Pinned,
    Released,
    RolloutMoved,
    SnapshotTaken,
    VerdictGiven,
)
from reconciler.model.plan import Step
from reconciler.model.rollout import Decided, State
from reconciler.model.step import AwaitApproval, AwaitPromotion, Bake
from reconciler.model.verdict import Verdict
from reconciler.store.journal import SqliteStore
from tests.cli.examples import GOOD, NEWER, NOW, SHOP, plan, unit
from tests.cli.journals import Run, events_of_shop, journal
from tests.cli.pictures import assessed, five_steps, rollout

GOOD_UNIT = replace(unit(commit=GOOD, version="1.4.1"), digest="sha256:" + "a" * 64)


def good(*, of=GOOD_UNIT):
    verdict = VerdictGiven(unit=SHOP, digest=of.digest, verdict=Verdict.GOOD, reason="healthy", commit=of.commit)
    return (verdict, SnapshotTaken(unit=of))


def at_step(state: Path, *steps: Step, cursor: int = 0, of: State = State.RUNNING) -> None:
    """Make a journal in which a rollout has come to the step."""

    async def begin() -> None:
        store = await SqliteStore.open(state / "journal.db")
        made = plan(unit(), *steps) if steps else five_steps()
        pending = rollout(state=State.PENDING, forward=made.id, plan=made.id)
        await store.begin(pending, made, {}, NOW)
        lease = await store.claim(pending.id, "me", NOW, NOW + timedelta(minutes=1))
        assert lease
        moved = RolloutMoved(rollout=pending.id, unit=SHOP, before="pending", after=of.value, reason="")
        going = rollout(state=of, forward=made.id, plan=made.id, cursor=cursor, reason="it broke")
        await store.record(lease, going, [moved], NOW)
        await store.close()

    journal(state, CommitAccepted(commit=NEWER, subject="x"), *good(), assessed(SHOP, in_sync=False))
    asyncio.run(begin())


def last(state: Path):
    return events_of_shop(state)[-1]


@pytest.mark.parametrize(
    ("words", "step", "decided", "told"),
    [
        (["promote"], AwaitPromotion(), Decided.PROMOTE, "Promoted shop@production at step 1 of 1"),
        (["promote"], Bake(timedelta(hours=1)), Decided.PROMOTE, "(wait 1h); it goes on now."),
        (["promote", "--full"], Bake(timedelta(hours=1)), Decided.PROMOTE_FULLY, "to the end"),
        (["approve"], AwaitApproval(), Decided.APPROVE, "it goes on now."),
        (["approve"], AwaitApproval(2, ("ann", "bob")), Decided.APPROVE, "1 more of other people is needed."),
        (["reject", "--reason", "no"], AwaitApproval(), Decided.REJECT, "revert to the last known good."),
    ],
)
def test_a_person_decides_about_the_step_in_hand(run: Run, state: Path, words, step, decided, told) -> None:
    at_step(state, step)
    done = run(*words, "shop@production")
    assert done.exit_code == Exit.DONE, done.output
    assert told in done.output
    event = last(state)
    assert isinstance(event, DecisionTaken)
    assert (event.decision.decided, event.decision.author, event.decision.index) == (decided, "ann", 0)
    assert (state / "wake").exists()


@pytest.mark.parametrize(
    ("words", "step", "told"),
    [
        (["promote"], AwaitApproval(), "it waits for an approval: reconciler approve shop@production"),
        (["approve"], Bake(timedelta(hours=1)), "to end a wait: reconciler promote shop@production"),
        (["approve"], AwaitApproval(1, ("bob",)), "approvals of bob count here; you are ann"),
    ],
)
def test_what_the_step_does_not_wait_for_is_refused_with_what_to_do(run: Run, state: Path, words, step, told) -> None:
    at_step(state, step)
    done = run(*words, "shop@production")
    assert done.exit_code == Exit.ERROR
    assert told in done.stderr
    assert not (state / "wake").exists()


def test_a_step_that_works_is_neither_promoted_nor_rejected(run: Run, state: Path) -> None:
    at_step(state)
    assert "is at step 1 of 5 (batch 1 of 2: web-1)" in run("promote", "shop@production").stderr
    assert "reconciler abort shop@production" in run("reject", "--reason", "x", "shop@production").stderr


def test_nobody_approves_twice(run: Run, state: Path) -> None:
    at_step(state, AwaitApproval(2))
    assert run("approve", "shop@production").exit_code == Exit.DONE
    assert "needs 2 different people" in run("approve", "shop@production").stderr


@pytest.mark.parametrize("words", [["promote"], ["approve"], ["reject", "--reason", "x"], ["abort"]])
def test_without_a_rollout_there_is_nothing_to_decide(run: Run, state: Path, words: list[str]) -> None:
    journal(state, CommitAccepted(commit=NEWER, subject="x"), assessed(SHOP))
    done = run(*words, "shop@production")
    assert done.exit_code == Exit.ERROR
    assert f"has no rollout under way (state: in sync); there is nothing to {words[0]}" in done.stderr


@pytest.mark.parametrize(
    ("of", "told"), [(State.PENDING, "has not begun yet"), (State.REVERTING, "is being taken back (it broke)")]
)
def test_a_rollout_that_does_not_run_is_not_decided_about(run: Run, state: Path, of: State, told: str) -> None:
    at_step(state, Bake(timedelta(hours=1)), of=of)
    assert told in run("promote", "shop@production").stderr


def test_a_pause_has_to_be_lifted_before_anything_is_decided(run: Run, state: Path) -> None:
    at_step(state, Bake(timedelta(hours=1)))
    run("pause", "--reason", "x")
    assert "lift that first: reconciler resume" in run("promote", "shop@production").stderr


def test_a_rollout_is_aborted_and_goes_back_or_is_left(run: Run, state: Path) -> None:
    at_step(state)
    done = run("abort", "shop@production", "--reason", "no")
    assert "it goes back to 1.4.1 (3f2a8c1)" in done.output
    assert last(state) == AbortRequested(unit=SHOP, rollout="01jq8-shop", author="ann", reason="no")
    assert "every target is left as it is" in run("abort", "--leave", "shop@production").output
    assert last(state) == AbortRequested(unit=SHOP, rollout="01jq8-shop", author="ann", reason="", leave=True)


def test_what_is_taken_back_already_can_only_be_left(run: Run, state: Path) -> None:
    at_step(state, of=State.REVERTING)
    assert "reconciler abort --leave shop@production" in run("abort", "shop@production").stderr
    assert run("abort", "--leave", "shop@production").exit_code == Exit.DONE


def test_a_unit_is_held_and_released(run: Run, state: Path) -> None:
    journal(state, CommitAccepted(commit=NEWER, subject="x"), *good(), assessed(SHOP))
    done = run("hold", "shop@production", "--reason", "fair week")
    assert "Held shop@production at 1.4.1 (3f2a8c1); new commits wait." in done.output
    assert last(state) == Pinned(
        unit=SHOP, digest=GOOD_UNIT.digest, named="1.4.1 (3f2a8c1)", author="ann", reason="fair week"
    )
    assert "held at 1.4.1 (3f2a8c1) already, by ann" in run("hold", "shop@production").stderr
    assert "it follows Git from now on" in run("release", "shop@production").output
    assert last(state) == Released(unit=SHOP, author="ann", reason="")
    assert "nobody holds shop@production" in run("release", "shop@production").stderr


def test_a_unit_between_two_states_is_not_held(run: Run, state: Path) -> None:
    at_step(state)
    done = run("hold", "shop@production")
    assert "reconciler pause shop@production --reason TEXT; to end it: reconciler abort" in done.stderr


def test_a_unit_that_was_never_good_is_not_held(run: Run, state: Path) -> None:
    journal(state, CommitAccepted(commit=NEWER, subject="x"), assessed(SHOP))
    assert "no state of shop@production was good yet" in run("hold", "shop@production").stderr


def test_a_rollback_to_what_is_not_kept_says_what_is(run: Run, state: Path) -> None:
    older = replace(GOOD_UNIT, version="1.4.0", commit="77" * 20, digest="sha256:" + "c" * 64)
    journal(state, CommitAccepted(commit=NEWER, subject="x"), *good(of=older), *good(), assessed(SHOP))
    done = run("rollback", "shop@production", "--to", "1.3.9")
    assert done.exit_code == Exit.ERROR
    assert "no good state 1.3.9 is kept; kept are: 1.4.1 (3f2a8c1), 1.4.0 (7777777)" in done.stderr


def test_a_rollback_from_what_is_irreversible_has_to_be_forced(run: Run, state: Path) -> None:
    older = replace(GOOD_UNIT, version="1.4.0", commit="77" * 20, digest="sha256:" + "c" * 64)
    newer = replace(GOOD_UNIT, irreversible=True)
    present = assessed(SHOP, digest=newer.digest)
    journal(state, CommitAccepted(commit=NEWER, subject="x"), *good(of=older), *good(of=newer), present)
    done = run("rollback", "shop@production")
    assert done.exit_code == Exit.ERROR
    assert "cannot go back to 1.4.0 (7777777) without loss: 1.4.1 (3f2a8c1) is marked irreversible" in done.stderr
    assert not (state / "wake").exists()


def test_without_an_earlier_state_there_is_no_rollback(run: Run, state: Path) -> None:
    journal(state, CommitAccepted(commit=NEWER, subject="x"), assessed(SHOP))
    assert "no state before the present one is kept" in run("rollback", "shop@production").stderr
