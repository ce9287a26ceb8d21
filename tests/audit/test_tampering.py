"""Whatever somebody does to the file of the journal is found, and where it was done."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.cli.render.audit import checked_lines
from reconciler.ports.journal import JournalUnavailable
from reconciler.providers.kept_checkpoints import add_lines
from tests.audit.tampering import LAST, OURS, THEIRS, Mallory, examined, recorded, tampering


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    await recorded(tmp_path)
    return tmp_path


def test_a_record_that_nobody_touched_is_whole(folder: Path) -> None:
    troubles, found = examined(folder, kept=True, keys=[OURS.public])
    assert troubles == []
    assert (found.walked.seen, found.walked.number, found.walked.confirmed) == (LAST, LAST, 10)
    assert (found.here, found.elsewhere, found.keys) == (3, 3, [OURS.public])


def swaps(mallory: Mallory) -> None:
    mallory.does(
        "UPDATE event SET id = -4 WHERE id = 4",
        "UPDATE event SET id = 4 WHERE id = 5",
        "UPDATE event SET id = 5 WHERE id = -4",
    )


def inserts(mallory: Mallory) -> None:
    for number in range(LAST, 3, -1):
        mallory.does(f"UPDATE event SET id = {number + 1} WHERE id = {number}")
    copy = "at, type, unit, rollout, environment, actor, outcome, request, body, link"
    mallory.does(f"INSERT INTO event (id, {copy}) SELECT 4, {copy} FROM event WHERE id = 3")


CHANGED = "it is not what was written"
BY_ITSELF = {
    "a letter of a body": ("UPDATE event SET body = replace(body, 'audit 1', 'audit 7') WHERE id = 5", 5, CHANGED),
    "the time": ("UPDATE event SET at = replace(at, '2026', '2025') WHERE id = 5", 5, CHANGED),
    "the actor": ("UPDATE event SET actor = 'ben' WHERE id = 5", 5, "its actor is not what its body says"),
    "the unit": ("UPDATE event SET unit = 'cart@staging' WHERE id = 5", 5, "its unit is not what its body says"),
    "the sort": ("UPDATE event SET type = 'resumed' WHERE id = 5", 5, "its type is not what its body says"),
    "the environment": ("UPDATE event SET environment = '' WHERE id = 5", 5, "its environment is not"),
    "the outcome": ("UPDATE event SET outcome = 'failed' WHERE id = 2", 2, "its outcome is not what its body says"),
    "the request": ("UPDATE event SET request = 'r' WHERE id = 5", 5, CHANGED),
    "the link": ("UPDATE event SET link = substr(link, 2) || '0' WHERE id = 12", 12, CHANGED),
    "a body that is no text": ("UPDATE event SET body = x'ff00' WHERE id = 5", 5, "its body is no event"),
    "a body that is no UTF-8": ("UPDATE event SET body = CAST(x'22ff22' AS TEXT) WHERE id = 5", 5, "its body is no"),
    "a body of another shape": ("UPDATE event SET body = '[1]' WHERE id = 5", 5, "its body is no event"),
    "a body with a list for a unit": (
        'UPDATE event SET body = \'{"event":"paused","unit":[],"author":1,"reason":{}}\' WHERE id = 5',
        5,
        CHANGED,
    ),
    "a dropped row": ("DELETE FROM event WHERE id = 6", 6, "it is missing"),
    "several dropped rows": (
        "DELETE FROM event WHERE id IN (6, 7, 8)",
        6,
        "it is missing, and all after it to entry 8",
    ),
    "the first rows": ("DELETE FROM event WHERE id < 4", 1, "it is missing, and all after it to entry 3"),
    "the last rows": ("DELETE FROM event WHERE id > 8", 9, "entries to 10 were there when that was signed"),
    "one checkpoint": ("DELETE FROM checkpoint WHERE number = 5", 5, "its checkpoint is missing in the journal"),
    "all checkpoints": ("DELETE FROM checkpoint", 1, "there is no checkpoint in the journal, though a daemon"),
    "the link of a checkpoint": (
        "UPDATE checkpoint SET link = (SELECT link FROM event WHERE id = 4) WHERE number = 5",
        5,
        "its checkpoint in the journal was changed: its signature does not hold",
    ),
    "the time of a checkpoint": ("UPDATE checkpoint SET at = '' WHERE number = 5", 5, "its signature does not hold"),
    "a word that it is archived": (
        "INSERT INTO archived VALUES (3, 1, (SELECT link FROM event WHERE id = 3), 'x.jsonl.gz', '')",
        1,
        "the segment x.jsonl.gz of the archive: cannot read the segment",
    ),
}


@pytest.mark.parametrize(("statement", "number", "words"), BY_ITSELF.values(), ids=BY_ITSELF)
def test_what_is_changed_is_found_where_it_was_changed(folder: Path, statement: str, number: int, words: str) -> None:
    with tampering(folder / "journal.db") as mallory:
        mallory.does(statement)
    troubles, _ = examined(folder)
    assert any(each.number == number and words in each.what for each in troubles), troubles
    assert min(each.number for each in troubles) == number


DIGEST = "sha256:" + hashlib.sha256(b"junk").hexdigest()
JUNK = "000000000001-000000000009.jsonl.gz.age"
ARCHIVED = f"INSERT INTO archived VALUES (9, 1, (SELECT link FROM event WHERE id = 9), '{JUNK}', '')"
TOLD = json.dumps({"event": "segment_archived", "first": 1, "last": 9, "file": JUNK, "digest": DIGEST})
NO_ENTRY = f"it is said to be archived, and all after it to entry 9, in {JUNK}; no entry says so"
SAID_TO_BE_SEALED = {
    "a beginning that is gone": (["DELETE FROM event WHERE id <= 9"], [(1, NO_ENTRY)]),
    "a beginning that says itself that it is archived": (
        [
            "DELETE FROM event WHERE id < 9",
            "UPDATE event SET type = 'segment_archived', unit = NULL, environment = '', actor = '' WHERE id = 9",
            f"UPDATE event SET outcome = 'succeeded', body = '{TOLD}' WHERE id = 9",
        ],
        [(1, NO_ENTRY)],
    ),
    "a letter in a beginning that is there": (
        ["UPDATE event SET body = replace(body, 'audit 0', 'audit 7') WHERE id = 3"],
        [(3, CHANGED), (1, NO_ENTRY)],
    ),
    "a column in a beginning that is there": (
        ["UPDATE event SET actor = 'ben' WHERE id = 7", "DELETE FROM event WHERE id = 6"],
        [(7, "its actor is not what its body says"), (1, NO_ENTRY)],
    ),
    "a link that was signed otherwise": (
        ["UPDATE event SET link = substr(link, 2) || '0' WHERE id = 5", "DELETE FROM event WHERE id IN (4, 6)"],
        [(5, "it was another when it was signed"), (1, NO_ENTRY)],
    ),
}


@pytest.mark.parametrize(("statements", "expected"), SAID_TO_BE_SEALED.values(), ids=SAID_TO_BE_SEALED)
def test_who_says_that_the_beginning_is_in_a_sealed_segment_that_nobody_wrote_is_found(
    folder: Path, statements: list[str], expected: list[tuple[int, str]]
) -> None:
    (folder / "archive").mkdir()
    (folder / "archive" / JUNK).write_bytes(b"junk")
    with tampering(folder / "journal.db") as mallory:
        mallory.does(ARCHIVED, *statements)
    troubles, found = examined(folder, kept=True, keys=[OURS.public])
    told = [(each.number, each.what) for each in troubles]
    assert all(any(number == at and words in what for at, what in told) for number, words in expected), told
    assert found.walked.sealed == 9


def test_checkpoints_of_what_could_not_be_looked_at_confirm_nothing_and_are_named(folder: Path) -> None:
    (folder / "archive").mkdir()
    (folder / "archive" / JUNK).write_bytes(b"junk")
    with tampering(folder / "journal.db") as mallory:
        mallory.does(ARCHIVED, "DELETE FROM event WHERE id <= 9", "DELETE FROM checkpoint WHERE number > 5")
    _, found = examined(folder, keys=[OURS.public])
    assert (found.walked.uncompared, found.walked.confirmed) == ((1, 5), 0)
    assert "confirm nothing: those of the entries 1, 5" in "\n".join(checked_lines(1, found))


@pytest.mark.parametrize(("does", "number"), [(swaps, 4), (inserts, 4)])
def test_what_changes_places_or_comes_in_between_is_found_there(
    folder: Path, does: Callable[[Mallory], None], number: int
) -> None:
    with tampering(folder / "journal.db") as mallory:
        does(mallory)
    troubles, _ = examined(folder)
    assert troubles[0].number == number
    assert troubles[0].what.startswith("it is not what was written")


@pytest.mark.parametrize("does", [swaps, inserts, lambda mallory: mallory.does("DELETE FROM event WHERE id = 4")])
def test_who_links_all_anew_after_that_is_found_at_the_next_checkpoint(
    folder: Path, does: Callable[[Mallory], None]
) -> None:
    with tampering(folder / "journal.db") as mallory:
        does(mallory)
        mallory.links_anew()
    troubles, _ = examined(folder)
    found = next(each for each in troubles if "was another when it was signed" in each.what)
    assert found.number == 5
    assert "it or what comes after entry 1, the last one that is confirmed" in found.what


def test_a_body_and_its_columns_that_are_changed_together_and_linked_anew_are_found(folder: Path) -> None:
    with tampering(folder / "journal.db") as mallory:
        mallory.does("UPDATE event SET body = replace(body, 'ann', 'eve'), actor = 'eve' WHERE id = 7")
        mallory.links_anew()
    (trouble,), _ = examined(folder)
    assert (trouble.number, "after entry 5, the last one that is confirmed" in trouble.what) == (10, True)


def changed_and_signed_anew(folder: Path) -> None:
    with tampering(folder / "journal.db") as mallory:
        mallory.does("UPDATE event SET body = replace(body, 'ann', 'eve'), actor = 'eve' WHERE id = 7")
        mallory.links_anew()
        mallory.signs_anew()


def test_who_signs_anew_with_another_key_is_found_by_the_key(folder: Path) -> None:
    changed_and_signed_anew(folder)
    troubles, found = examined(folder, keys=[OURS.public])
    assert {each.number for each in troubles} == {1, 5, 10}
    assert all(f"is signed with another key, {THEIRS.public}" in each.what for each in troubles)
    assert found.newest is None


def test_who_signs_anew_with_another_key_is_found_by_what_is_kept_elsewhere(folder: Path) -> None:
    changed_and_signed_anew(folder)
    troubles, _ = examined(folder, kept=True)
    assert any("is signed with another key" in each.what for each in troubles)
    assert any(each.number == 10 and "was another when it was signed" in each.what for each in troubles)


def test_a_forged_checkpoint_that_names_our_key_does_not_hold(folder: Path) -> None:
    changed_and_signed_anew(folder)
    with tampering(folder / "journal.db") as mallory:
        mallory.does(f"UPDATE checkpoint SET key = '{OURS.public}'")
    troubles, _ = examined(folder, keys=[OURS.public])
    assert all("its signature does not hold" in each.what for each in troubles)
    assert len(troubles) == 3


def test_who_takes_the_end_away_with_its_checkpoints_is_found_by_what_is_kept_elsewhere(folder: Path) -> None:
    with tampering(folder / "journal.db") as mallory:
        mallory.does("DELETE FROM event WHERE id > 8", "DELETE FROM checkpoint WHERE number > 8")
    assert examined(folder, keys=[OURS.public])[0] == []
    taken, cut_off = examined(folder, kept=True, keys=[OURS.public])[0]
    assert (taken.number, "it was taken away" in taken.what) == (10, True)
    assert (cut_off.number, "entries to 10 were there" in cut_off.what) == (9, True)


def test_an_index_that_hides_entries_from_questions_is_told(folder: Path) -> None:
    was = "CREATE INDEX event_by_actor ON event (actor, at)"
    for made in (f"{was} WHERE actor <> 'ann'", was):
        with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA writable_schema=ON")
            connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'event_by_actor'", (made,))
        if made != was:
            with closing(sqlite3.connect(folder / "journal.db", isolation_level=None)) as connection:
                connection.execute("REINDEX event_by_actor")
    troubles, _ = examined(folder)
    assert len(troubles) == 6
    assert all("event_by_actor" in each.what for each in troubles)


def test_a_trigger_that_is_away_or_another_is_told(folder: Path) -> None:
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    connection.execute("DROP TRIGGER event_stays")
    connection.execute("DROP TRIGGER event_is_never_changed")
    connection.execute("CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event BEGIN SELECT 1; END")
    connection.close()
    troubles, _ = examined(folder)
    assert [each.what.split()[2] for each in troubles] == ["event_is_never_changed", "event_stays"]


def test_by_mistake_nothing_is_changed_at_all(folder: Path) -> None:
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None)
    for statement, why in (
        ("UPDATE event SET actor = 'eve'", "entries of the journal are never changed"),
        ("DELETE FROM event WHERE id = 3", "entries of the journal that are not archived stay"),
    ):
        with pytest.raises(sqlite3.IntegrityError, match=why):
            connection.execute(statement)
    connection.close()


def test_a_line_of_checkpoints_that_is_none_is_told(folder: Path) -> None:
    with (folder / "kept.jsonl").open("a") as kept:
        kept.write('{"number": 12\n')
    (trouble,), _ = examined(folder, kept=True)
    assert trouble.what.startswith(f"line 4 of {folder / 'kept.jsonl'} is no checkpoint: it is not JSON")


def test_a_line_of_checkpoints_that_was_cut_off_and_then_written_whole_is_no_trouble(folder: Path) -> None:
    first, second, third = (folder / "kept.jsonl").read_text().splitlines()
    (folder / "kept.jsonl").write_text(f"{first}\n{second[:50]}\n")
    add_lines(folder / "kept.jsonl", [second, third])
    troubles, found = examined(folder, kept=True, keys=[OURS.public])
    assert (troubles, found.elsewhere) == ([], 3)
    (folder / "kept.jsonl").write_text(f"{first}\n{second[:50]}\n{third}\n")
    troubles, _ = examined(folder, kept=True, keys=[OURS.public])
    assert "line 2 of" in troubles[0].what


def test_what_came_after_the_last_checkpoint_is_linked_and_not_signed_and_is_said_to_be(folder: Path) -> None:
    """Who links anew what nobody has signed yet is not found: that is why it is signed often, and at the end."""
    with tampering(folder / "journal.db") as mallory:
        mallory.does("UPDATE event SET body = replace(body, 'ben', 'eve'), actor = 'eve' WHERE id = 12")
        mallory.links_anew(12)
    troubles, found = examined(folder, kept=True, keys=[OURS.public])
    assert troubles == []
    assert found.walked.number - found.walked.confirmed == 3


def test_a_damaged_file_is_no_traceback(folder: Path) -> None:
    journal = folder / "journal.db"
    data = bytearray(journal.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    journal.write_bytes(bytes(data))
    with pytest.raises(JournalUnavailable, match=r"is damaged|cannot read the record"):
        examined(folder)


def test_a_record_is_read_in_a_folder_that_nobody_can_write_to(folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    shutil.copy(folder / "journal.db", elsewhere / "journal.db")
    elsewhere.chmod(0o500)
    try:
        assert examined(elsewhere)[0] == []
    finally:
        elsewhere.chmod(0o700)
