"""``reconciler audit verify`` as people call it, on a file."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reconciler.cli.main import cli
from reconciler.daemon.report_proofs import journal_proven
from reconciler.daemon.settings import Settings
from tests.audit.tampering import LAST, OURS, THEIRS, recorded, tampering

SINCE = "; the 3 after it are linked and not signed yet"


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    await recorded(tmp_path)
    return tmp_path


def verify(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["audit", "verify", "--journal", str(folder / "journal.db"), *words])


def test_a_whole_record_is_told_with_what_it_was_checked_by(folder: Path) -> None:
    done = verify(folder, "--checkpoints", str(folder / "kept.jsonl"), "--key", OURS.public)
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [
            "13 entries looked at; the last is 13 of 2026-03-01T12:13:00.000000+00:00",
            f"3 checkpoints in the journal, 3 kept elsewhere, signed with {OURS.public}",
            "signed up to entry 10, the newest at 2026-03-01T12:10:00.000000+00:00" + SINCE,
            "nothing is wrong",
        ],
    )


def test_what_is_wrong_is_told_with_its_place_and_the_status_is_1(folder: Path) -> None:
    with tampering(folder / "journal.db") as mallory:
        mallory.does("DELETE FROM event WHERE id > 8", "DELETE FROM checkpoint WHERE number > 8")
    assert verify(folder).exit_code == 0
    done = verify(folder, "--checkpoints", str(folder / "kept.jsonl"))
    kept, at = folder / "kept.jsonl", "2026-03-01T12:10:00.000000+00:00"
    assert done.exit_code == 1
    assert done.output.splitlines()[:2] == [
        f"WRONG  entry 10 of {at}: its checkpoint is in {kept} and not in the journal: it was taken away",
        f"WRONG  entry 9: it is missing, and all after it: entries to 10 were there when that was signed at {at}",
    ]
    assert done.output.splitlines()[-1] == "2 things are wrong"


def test_programs_get_the_same_as_json(folder: Path) -> None:
    found = json.loads(verify(folder, "--json").output)
    assert (found["whole"], found["entries"], found["confirmed"], found["troubles"]) == (True, LAST, 10, [])
    with tampering(folder / "journal.db") as mallory:
        mallory.does("DELETE FROM event WHERE id = 3")
    done = verify(folder, "--json")
    found = json.loads(done.output)
    assert (done.exit_code, found["whole"], found["wrong"]) == (1, False, 1)
    assert found["troubles"] == [{"entry": 3, "at": None, "what": "it is missing"}]


@pytest.fixture
def settings(folder: Path) -> Path:
    """Settings of a daemon whose journal this is, with checkpoints kept beside it."""
    file = folder / "reconciler.toml"
    audit = f'[audit]\ncheckpoints = "{folder / "kept.jsonl"}"\n'
    file.write_text(f'state_dir = "{folder}"\n[git]\nurl = "{folder}"\n{audit}')
    return file


def test_checkpoints_that_the_settings_name_and_that_are_gone_are_wrong(folder: Path, settings: Path) -> None:
    words = ["audit", "verify", "--config", str(settings)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    (folder / "kept.jsonl").unlink()
    done = CliRunner().invoke(cli, words)
    gone = f"the checkpoints that the settings say are kept in {folder / 'kept.jsonl'} are gone"
    assert done.exit_code == 1
    assert done.output.startswith("WRONG  ")
    assert gone in done.output.splitlines()[0]
    assert done.output.splitlines()[-1].startswith("1 thing")
    with tampering(folder / "journal.db") as mallory:
        mallory.does("DELETE FROM checkpoint")
    assert gone not in CliRunner().invoke(cli, words).output


def test_a_check_of_rules_does_not_take_checkpoints_that_are_gone_for_proof(folder: Path, settings: Path) -> None:
    assert journal_proven(Settings.load(settings))["verified"] is True
    (folder / "kept.jsonl").unlink()
    found = journal_proven(Settings.load(settings))
    assert found["verified"] is None
    assert f"kept in {folder / 'kept.jsonl'} are gone" in str(found["detail"])
    with tampering(folder / "journal.db") as mallory:
        mallory.does("DELETE FROM event WHERE id = 3")
    assert journal_proven(Settings.load(settings))["verified"] is False


def test_a_key_may_be_in_a_file_and_there_may_be_two(folder: Path) -> None:
    (folder / "key").write_text(f"{OURS.public}\n")
    assert verify(folder, "--key", str(folder / "key")).exit_code == 0
    assert verify(folder, "--key", THEIRS.public).exit_code == 1
    assert verify(folder, "--key", THEIRS.public, "--key", OURS.public).exit_code == 0


def test_what_somebody_wrote_into_the_journal_reaches_no_terminal(folder: Path) -> None:
    with tampering(folder / "journal.db") as mallory:
        mallory.does("UPDATE event SET at = char(27) || '[2J' || char(8238) WHERE id = 3")
    done = verify(folder)
    assert done.exit_code == 1
    assert "entry 3 of ?[2J?" in done.output


def test_of_very_many_troubles_the_first_are_told_and_the_others_counted(folder: Path) -> None:
    with tampering(folder / "journal.db") as mallory:
        row = mallory.connection.execute("SELECT * FROM event WHERE id = 13").fetchone()
        marks = ", ".join("?" * len(row))
        for number in range(14, 214):
            mallory.connection.execute(f"INSERT INTO event VALUES ({marks})", (number, *row[1:]))
    lines = verify(folder).output.splitlines()
    assert sum(line.startswith("WRONG  entry") for line in lines) == 100
    assert "WRONG  and 100 more" in lines
