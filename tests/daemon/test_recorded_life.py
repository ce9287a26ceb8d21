"""A real daemon: what it writes down of itself, and what it signs while it lives."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.audit.checkpoint import read_line
from reconciler.cli.main import cli
from reconciler.model.deed import Started, Stopped
from reconciler.model.event import Event
from reconciler.providers.audit_key import public_key
from reconciler.store.entries import decode_event
from tests.desired.repository import Repository

SETTINGS = """
state_dir = "state"
[git]
url = "repo"
[api]
socket = false
[audit]
checkpoint = "{checkpoint}"
checkpoints = "kept.jsonl"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    repository = Repository(tmp_path / "repo")
    repository.write("desired-state/nothing.yaml", b"")
    repository.commit("one")
    (tmp_path / "reconciler.toml").write_text(SETTINGS.format(checkpoint="1h"))
    return tmp_path


@contextmanager
def daemon(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a daemon until it is ready; it is killed at the end of the block if it still lives."""
    command = [sys.executable, "-m", "reconciler", "run", "--config", str(folder / "reconciler.toml")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            until(process, "ready")
            yield process
        finally:
            process.kill()


def until(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if word in line:
            return
    raise AssertionError("".join(seen))


def entries(folder: Path) -> Sequence[Event]:
    with closing(sqlite3.connect(folder / "state" / "journal.db")) as connection:
        return [decode_event(body) for (body,) in connection.execute("SELECT body FROM event ORDER BY id")]


def audit(folder: Path, *words: str) -> tuple[int, str]:
    """Run a command; return its exit status and what it said."""
    done = CliRunner().invoke(cli, ["audit", words[0], "--config", str(folder / "reconciler.toml"), *words[1:]])
    return done.exit_code, done.output


def test_a_daemon_writes_down_its_life_and_signs_all_of_it(folder: Path) -> None:
    with daemon(folder) as process:
        (folder / "reconciler.toml").write_text(SETTINGS.format(checkpoint="2h"))
        process.send_signal(signal.SIGHUP)
        until(process, "settings read again")
        until(process, "ready")
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    first, second = (each for each in entries(folder) if isinstance(each, Started))
    assert first.settings["git.branch"] == "main"
    assert first.changed == ()
    assert second.changed == ("audit.checkpoint",)
    assert second.controller == first.controller != ""
    assert entries(folder)[-1] == Stopped(reason="it was asked to stop")
    kept = [read_line(line) for line in (folder / "kept.jsonl").read_text().splitlines()]
    assert kept[-1].number == len(entries(folder))
    assert {each.key for each in kept} == {public_key(folder / "state")}
    status, said = audit(folder, "verify")
    assert (status, said.splitlines()[-1]) == (0, "nothing is wrong")


def test_a_daemon_that_is_killed_has_signed_its_beginning_and_beside_the_next_one_all_is_checked(folder: Path) -> None:
    with daemon(folder):
        pass
    with daemon(folder):
        status, said = audit(folder, "checkpoint")
        assert status == 0
        made = read_line(said)
        assert audit(folder, "key") == (0, f"{made.key}\n")
        (folder / "by-hand.jsonl").write_text(said)
        status, said = audit(folder, "verify", "--checkpoints", str(folder / "by-hand.jsonl"), "--key", made.key)
        assert (status, "1 kept elsewhere, signed with" in said) == (0, True)
    assert sum(isinstance(each, Started) for each in entries(folder)) == 2
    assert not any(isinstance(each, Stopped) for each in entries(folder))
    assert audit(folder, "verify")[0] == 0
