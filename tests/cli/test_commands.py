"""Commands against a real journal in a file, and how the command line itself behaves."""

import asyncio
import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import click
import pytest

from reconciler.cli import errors
from reconciler.cli.at_desk import author
from reconciler.cli.errors import Exit, Failure
from reconciler.cli.main import COMMANDS
from reconciler.model.change import Cause
from reconciler.model.event import CommitAccepted, Event, RolloutMoved, VerdictGiven
from reconciler.model.rollout import State
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.ports.errors import Unreachable
from reconciler.ports.journal import JournalUnavailable
from reconciler.store.journal import SqliteStore
from tests.cli.examples import DATABASE, GOOD, NEWER, NOW, SHOP
from tests.cli.journals import Run, events_of_shop, journal
from tests.cli.pictures import BAD_DIGEST, GOOD_DIGEST, assessed, five_steps, rollout

HELD: Sequence[Event] = (
    CommitAccepted(commit=NEWER, subject="shop 1.4.2"),
    VerdictGiven(unit=SHOP, digest=BAD_DIGEST, verdict=Verdict.BAD, reason="status 500", commit=NEWER),
    assessed(
        SHOP,
        commit=GOOD,
        digest=GOOD_DIGEST,
        version="1.4.1",
        waiting=WaitingOn(Reason.REJECTED, "holding"),
        rejected=BAD_DIGEST,
    ),
    assessed(DATABASE),
)


def test_help_names_every_command_and_imports_none() -> None:
    code = """
import sys
from reconciler.cli.main import cli
try:
    cli(["--help"])
except SystemExit as end:
    assert not end.code, end.code
heavy = {"rich", "pydantic", "sqlalchemy", "asyncio", "yaml", "asyncssh", "deepdiff", "reconciler.model"}
print("HEAVY", sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
    assert all(f"\n  {name}" in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_asked_for_help(run: Run, name: str) -> None:
    done = run(name, "--help")
    assert done.exit_code == Exit.DONE, done.output
    assert f"reconciler {name}" in done.output


def test_a_command_that_is_misspelt_gets_the_nearest_one(run: Run) -> None:
    done = run("statsu")
    assert done.exit_code == Exit.ERROR
    assert done.stderr == "error: there is no command 'statsu'; did you mean status?\nTry 'reconciler --help'.\n"


def test_a_wrong_option_is_an_error_and_not_pending_changes(run: Run) -> None:
    done = run("status", "--nonsense")
    assert done.exit_code == Exit.ERROR
    assert done.stderr.startswith("error: ")


def test_status_tells_what_is_held_and_exits_with_4(run: Run, state: Path) -> None:
    journal(state, *HELD)
    done = run("status")
    assert done.exit_code == Exit.HELD
    assert "shop@production      1.4.1    holding  3f2a8c1" in done.output
    assert "Git says 91bc4d2 (rejected: status 500)" in " ".join(done.output.split())


def test_status_of_a_calm_fleet_exits_with_0(run: Run, state: Path) -> None:
    journal(state, CommitAccepted(commit=NEWER, subject="x"), assessed(SHOP))
    done = run("status", "--json")
    assert done.exit_code == Exit.DONE
    assert json.loads(done.output)["units"][0]["state"] == "in sync"


def test_output_that_is_no_terminal_has_no_colour(run: Run, state: Path) -> None:
    journal(state, *HELD)
    assert "\x1b" not in run("status").output


@pytest.mark.parametrize(
    "words", [["status"], ["explain", "shop@production"], ["history"], ["pause", "--reason", "x"], ["resume"]]
)
def test_a_journal_that_is_not_there_yet_is_an_error_and_is_not_made(run: Run, state: Path, words: list[str]) -> None:
    done = run(*words)
    assert done.exit_code == Exit.ERROR
    assert "there is no journal" in done.stderr
    assert not state.exists()


def test_explain_says_what_can_be_done(run: Run, state: Path) -> None:
    journal(state, *HELD)
    done = run("explain", "shop@production")
    assert done.exit_code == Exit.DONE
    assert "reconciler retry shop@production --reason TEXT" in done.output


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("shpo@production", "did you mean shop@production?"),
        ("shop", "did you mean shop@production?"),
        ("zzz", "there are database@production, shop@production"),
        ("\x1b[31m", "there is no unit \\x1b[31m"),
    ],
)
def test_a_unit_that_nobody_knows_gets_the_nearest_one(run: Run, state: Path, said: str, hint: str) -> None:
    journal(state, *HELD)
    for words in (["explain"], ["history"], ["retry", "--reason", "x"], ["pause", "--reason", "x"], ["resume"]):
        done = run(*words, said)
        assert done.exit_code == Exit.ERROR
        assert hint in done.stderr


def test_retry_forgets_the_verdict_and_wakes_the_daemon(run: Run, state: Path) -> None:
    journal(state, *HELD)
    done = run("retry", "shop@production", "--reason", "the database\n is back")
    assert done.exit_code == Exit.DONE, done.output
    assert (state / "wake").exists()
    asked = events_of_shop(state)[-1]
    assert (asked.event, getattr(asked, "author", ""), getattr(asked, "reason", "")) == (
        "retry_requested",
        "ann",
        "the database is back",
    )
    status = run("status")
    assert "shop@production      1.4.1    changes pending" in status.output
    assert status.exit_code == Exit.DONE
    again = run("retry", "shop@production", "--reason", "again")
    assert again.exit_code == Exit.ERROR
    assert "is not rejected (state: changes pending)" in again.stderr


def test_retry_of_a_unit_that_is_not_rejected_is_refused(run: Run, state: Path) -> None:
    journal(state, *HELD)
    done = run("retry", "database@production", "--reason", "x")
    assert done.exit_code == Exit.ERROR
    assert "database@production is not rejected (state: in sync)" in done.stderr
    assert not (state / "wake").exists()


@pytest.mark.parametrize("reason", ["", "  ", "\x1b[31m", "x" * 501])
def test_a_reason_that_is_no_sentence_is_refused(run: Run, state: Path, reason: str) -> None:
    journal(state, *HELD)
    assert run("pause", "--reason", reason).exit_code == Exit.ERROR
    assert not (state / "wake").exists()


def test_a_unit_is_paused_and_resumed(run: Run, state: Path) -> None:
    journal(state, *HELD)
    assert run("pause", "shop@production", "--reason", "network work").exit_code == Exit.DONE
    assert "shop@production is paused by ann: network work" in run("status").output
    again = run("pause", "shop@production", "--reason", "more")
    assert again.exit_code == Exit.ERROR
    assert "paused already, by ann: network work" in again.stderr
    assert "these units are: shop@production" in run("resume").stderr
    journal(state, assessed(DATABASE, waiting=WaitingOn(Reason.PAUSED, "paused by ann: network work")))
    assert "database@production  1.4.2    in sync" in run("status").output
    assert run("resume", "shop@production").exit_code == Exit.DONE
    assert run("resume", "shop@production").exit_code == Exit.ERROR


def test_everything_is_paused_and_resumed(run: Run, state: Path) -> None:
    journal(state, *HELD)
    assert run("pause", "--reason", "network work").exit_code == Exit.DONE
    assert "Everything is paused by ann" in run("status").output
    one = run("resume", "shop@production")
    assert one.exit_code == Exit.ERROR
    assert "lift that with: reconciler resume" in one.stderr
    assert run("resume").exit_code == Exit.DONE


def test_a_decision_that_cannot_wake_the_daemon_is_kept_and_says_so(run: Run, state: Path) -> None:
    journal(state, *HELD)
    (state / "wake").symlink_to(state / "nowhere" / "wake")
    done = run("pause", "shop@production", "--reason", "x")
    assert done.exit_code == Exit.ERROR
    assert "the decision is in the journal" in done.stderr
    assert events_of_shop(state)[-1].event == "paused"


def test_history_shows_rollouts_and_the_events_of_one(run: Run, state: Path) -> None:
    async def begin() -> None:
        store = await SqliteStore.open(state / "journal.db")
        plan = five_steps()
        pending = rollout(state=State.PENDING, forward=plan.id, plan=plan.id, cause=Cause.COMMIT)
        await store.begin(pending, plan, {}, NOW)
        lease = await store.claim(pending.id, "me", NOW, NOW + timedelta(minutes=1))
        assert lease
        moved = RolloutMoved(rollout=pending.id, unit=SHOP, before="pending", after="running", reason="")
        await store.record(lease, rollout(forward=plan.id, plan=plan.id, cursor=1), [moved], NOW)
        await store.close()

    journal(state, *HELD)
    asyncio.run(begin())
    done = run("history", "shop@production")
    assert "shop@production  1.4.2  commit 91bc4d2  running" in done.output
    assert "shop@production running" in run("history", "--rollout", "01jq8-shop").output
    assert json.loads(run("history", "--json").output)["rollouts"][0]["rollout"] == "01jq8-shop"
    assert json.loads(run("history", "--rollout", "01jq8-shop", "--json").output)["events"]
    assert "rolling out 2 of 5" in run("status").output
    assert "step        2 of 5: health of batch 1" in run("explain", "shop@production").output
    assert "1 under way" in run("pause", "--reason", "x").output


def test_a_rollout_that_nobody_knows_is_an_error(run: Run, state: Path) -> None:
    journal(state, *HELD)
    assert "there is no rollout r9" in run("history", "--rollout", "r9").stderr
    assert run("history", "shop@production", "--rollout", "r9").exit_code == Exit.ERROR
    assert run("history").output == "Nothing was rolled out yet.\n"


@pytest.mark.parametrize(
    ("sudo", "expected"), [("ann", "ann"), ("a\x1b[31m n;n", "a31mnn"), ("x" * 200, "x" * 64), ("\x1b", None)]
)
def test_an_author_is_a_plain_name(monkeypatch: pytest.MonkeyPatch, sudo: str, expected: str | None) -> None:
    monkeypatch.setenv("SUDO_USER", sudo)
    assert author() == expected or (expected is None and author().startswith("uid-"))


@pytest.mark.parametrize(("module", "name"), errors.EXPECTED)
def test_every_expected_error_is_there_under_its_name(module: str, name: str) -> None:
    assert issubclass(getattr(importlib.import_module(module), name), Exception)


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (Failure("one\ntwo\x1b[31m"), Exit.ERROR, "error: one\n  two\\x1b[31m\n"),
        (Failure(""), Exit.ERROR, "error: unknown\n"),
        (Unreachable("cannot reach web-1"), Exit.ERROR, "error: cannot reach web-1\n"),
        (JournalUnavailable("disk full"), Exit.ERROR, "error: disk full\n"),
        (KeyboardInterrupt(), Exit.INTERRUPTED, "interrupted\n"),
        (click.Abort(), Exit.INTERRUPTED, "interrupted\n"),
        (click.ClickException("no"), Exit.ERROR, "error: no\n"),
        (click.UsageError("no"), Exit.ERROR, "error: no\n"),
        (ExceptionGroup("x", [Failure("a"), Unreachable("b")]), Exit.ERROR, "error: a\nerror: b\n"),
        (BaseExceptionGroup("x", [KeyboardInterrupt()]), Exit.INTERRUPTED, "interrupted\n"),
    ],
)
def test_an_expected_error_is_told_in_plain_lines(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: Exit, told: str
) -> None:
    assert errors.tell(error) is status
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    "error",
    [
        KeyError("x"),
        ExceptionGroup("g", [Failure("a"), KeyError("x"), ValueError("y")]),
        ExceptionGroup("g", [KeyError("x")]),
    ],
)
def test_a_bug_says_where_its_details_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert errors.tell(error) is Exit.ERROR
    (details,) = tmp_path.iterdir()
    told = capsys.readouterr().err
    assert told.startswith("internal error: ")
    assert str(details) in told
    assert "KeyError" in details.read_text()
    assert details.stat().st_mode & 0o077 == 0


def test_a_bug_on_a_full_disk_is_told_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert errors.tell(KeyError("x")) is Exit.ERROR
    assert "internal error: KeyError: 'x'" in capsys.readouterr().err
