"""Locks, waivers, delegation, and consent to a plan, against a real journal in a file."""

from pathlib import Path

import pytest

from reconciler.cli.errors import Exit
from reconciler.model.event import CommitAccepted
from reconciler.model.governance import GateKind
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import ApprovalRefused, Locked, Unlocked, Waived, WaiverReviewed
from tests.cli.examples import NEWER, SHOP
from tests.cli.journals import Run, events_of_shop, journal
from tests.cli.pictures import assessed

PLAN = "3f2a8c1d9e0b4a57"


@pytest.fixture
def waiting(state: Path) -> Path:
    asks = WaitingOn(Reason.APPROVAL, "it needs an approval of sre")
    found = assessed(SHOP, in_sync=False, waiting=asks, plan=PLAN)
    journal(state, CommitAccepted(commit=NEWER, subject="x"), found)
    return state


def test_a_unit_is_locked_and_unlocked(run: Run, waiting: Path) -> None:
    done = run("lock", "shop@production", "--reason", "a fire", "--for", "2h")
    assert done.exit_code == Exit.DONE, done.output
    assert "To end it: reconciler unlock shop@production" in done.output
    event = events_of_shop(waiting)[-1]
    assert isinstance(event, Locked)
    assert event.until
    assert (event.author, event.reason, (event.until - event.at).total_seconds()) == ("ann", "a fire", 7200)
    assert (waiting / "wake").exists()
    assert "is locked already, by ann since" in run("lock", "shop@production", "--reason", "x").stderr
    assert "it was locked by ann" in run("unlock", "shop@production").output
    assert isinstance(events_of_shop(waiting)[-1], Unlocked)


def test_an_environment_is_locked_and_unlocked(run: Run, waiting: Path) -> None:
    assert "Locked environment production" in run("lock", "--environment", "production", "--reason", "x").output
    assert "unlock --environment production" in run("unlock", "shop@production").stderr
    assert "Unlocked environment production" in run("unlock", "--environment", "production").output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lock", "--reason", "x"], "name a unit (app@environment) or --environment NAME"),
        (["lock", "shop@production", "--environment", "production", "--reason", "x"], "name a unit"),
        (["lock", "shop@production"], "'--reason'"),
        (["lock", "shop@production", "--reason", "x", "--for", "soon"], "expected a duration such as"),
        (["lock", "shop@production", "--reason", "x", "--for", "0s"], "longer than nothing"),
        (["waive", "shop@production", "--reason", "x", "--gate", "windows"], "there is no gate 'windows'; there are"),
        (["waive", "shop@production", "--gate", "window"], "'--reason'"),
        (["delegate", "bob"], "say for how long (--for 8h), or --end"),
        (["delegate", "bob", "--for", "8h", "--end"], "say for how long (--for 8h), or --end"),
    ],
)
def test_what_is_said_wrongly_is_told_and_nothing_is_decided(run: Run, waiting: Path, words, told: str) -> None:
    done = run(*words)
    assert done.exit_code == Exit.ERROR
    assert told in done.stderr
    assert not (waiting / "wake").exists()


def test_the_glass_is_broken_and_somebody_else_looks_at_it(
    run: Run, waiting: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run("waive", "shop@production", "--gate", "approval,window", "--reason", "a fire", "--for", "30m")
    assert done.exit_code == Exit.DONE, done.output
    event = events_of_shop(waiting)[-1]
    assert isinstance(event, Waived)
    assert event.gates == (GateKind.APPROVAL, GateKind.WINDOW)
    assert f"reconciler review-waiver shop@production {event.id} --finding TEXT" in done.output
    review = ("review-waiver", "shop@production", event.id, "--finding", "it burned")
    assert "somebody else has to review it" in run(*review).stderr
    seen = " ".join(run("status").output.split())
    assert "shop@production passes approval and window until" in seen
    assert "waived by ann: a fire. To review it: reconciler review-waiver shop@production" in seen
    told = " ".join(run("explain", "shop@production").output.split())
    assert "waived passes approval and window until" in told
    assert "somebody else than who took it" in told
    monkeypatch.setenv("SUDO_USER", "bob")
    assert run(*review).exit_code == Exit.DONE
    assert isinstance(events_of_shop(waiting)[-1], WaiverReviewed)


def test_a_plan_that_waits_is_rejected_before_it_begins(run: Run, waiting: Path) -> None:
    done = run("reject", "shop@production", "--reason", "not on a Friday")
    assert "Rejected the plan 3f2a8c1 of shop@production; it is not carried out." in done.output
    event = events_of_shop(waiting)[-1]
    assert isinstance(event, ApprovalRefused)
    assert (event.plan, event.reason) == (PLAN, "not on a Friday")


def test_explain_says_how_the_plan_that_waits_is_answered(run: Run, waiting: Path) -> None:
    told = run("explain", "shop@production").output
    assert "reconciler approve shop@production" in told
    assert "consents to just the plan that waits" in told
    assert "reconciler reject shop@production --reason TEXT" in told


def test_a_look_now_needs_somebody_who_looks(run: Run, waiting: Path) -> None:
    done = run("sync", "shop@production")
    assert done.exit_code == Exit.ERROR
    assert "nobody is at work on the fleet now" in done.stderr
