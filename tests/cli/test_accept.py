"""``reconciler accept``: only the commit that is held can be let by, and only by its name."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.main import cli
from reconciler.model.event import CommitAccepted, CommitRefused, Event, Refusal, RewriteAccepted
from reconciler.model.problem import Problem
from reconciler.store.journal import SqliteStore
from tests.cli.examples import GOOD, NEWER, NOW


def held(why: Refusal) -> CommitRefused:
    return CommitRefused(commit=NEWER, subject="s", problems=(Problem(file="commit", message="rewritten"),), why=why)


def accept(folder: Path, word: str, *events: Event) -> tuple[Result, list[Event]]:
    """Write a journal, run the command, and return what it said and what was written."""
    settings = folder / "reconciler.toml"
    settings.write_text(f'state_dir = "{folder}"\n[git]\nurl = "{folder}"\n')

    asyncio.run(_write(folder, [CommitAccepted(commit=GOOD, subject="s"), *events]))
    result = CliRunner().invoke(cli, ["accept", "--config", str(settings), word, "--reason", "clean up"])
    return result, asyncio.run(_read(folder))


async def _write(folder: Path, events: list[Event]) -> None:
    store = await SqliteStore.open(folder / "journal.db")
    await store.append(events, NOW)
    await store.close()


async def _read(folder: Path) -> list[Event]:
    store = SqliteStore.open_read_only(folder / "journal.db")
    entries = await store.history.since(0)
    await store.close()
    return [entry.event for entry in entries]


@pytest.mark.parametrize("word", [NEWER, NEWER[:7], NEWER[:8].upper()])
def test_the_held_commit_is_let_by_and_the_daemon_woken(
    tmp_path: Path, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ann")
    done, events = accept(tmp_path, word, held(Refusal.REWRITTEN))
    assert (done.exit_code, done.output) == (0, f"The branch is followed from {NEWER[:7]} on.\n")
    assert events[-1] == RewriteAccepted(commit=NEWER, author="ann", reason="clean up")
    assert (tmp_path / "wake").exists()


@pytest.mark.parametrize("word", [GOOD, NEWER[:6], NEWER + "0", ""])
def test_another_commit_than_the_held_one_is_refused(tmp_path: Path, word: str) -> None:
    done, events = accept(tmp_path, word, held(Refusal.REWRITTEN))
    assert done.exit_code == 1
    assert f"the commit that is held is {NEWER}" in " ".join(done.output.split())
    assert isinstance(events[-1], CommitRefused)


@pytest.mark.parametrize("events", [(), (held(Refusal.UNTRUSTED),), (held(Refusal.MISTAKES),)])
def test_a_signature_or_a_mistake_cannot_be_let_by(tmp_path: Path, events: tuple[Event, ...]) -> None:
    done, written = accept(tmp_path, NEWER, *events)
    assert done.exit_code == 1
    assert "no rewritten branch is held; there is nothing to accept" in done.output
    assert not any(isinstance(event, RewriteAccepted) for event in written)
