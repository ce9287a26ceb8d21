"""``reconciler audit query`` and ``audit export``."""

import csv
import json
import stat
from pathlib import Path

import pytest

from reconciler.model.event import Paused, Resumed
from reconciler.model.identity import UnitId
from tests.cli.examples import SHOP
from tests.cli.journals import Run, journal

OTHER = UnitId("cart", "staging")
EVENTS = (
    Paused(unit=SHOP, author="ann", reason="=audit"),
    Paused(unit=OTHER, author="bob", reason="looking"),
    Resumed(unit=SHOP, author="ann", reason="done"),
)


def test_entries_are_shown_newest_first_with_who_what_and_why(run: Run, state: Path) -> None:
    journal(state, *EVENTS)
    shown = run("audit", "query")
    assert shown.exit_code == 0
    heads = [line.split("#")[1] for line in shown.output.splitlines() if "#" in line]
    assert [" ".join(head.split()) for head in heads] == ["3 ann resumed", "2 bob paused", "1 ann paused"]
    assert f"{SHOP} resumed by ann: done" in shown.output


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ([str(SHOP)], [3, 1]),
        (["--actor", "bob"], [2]),
        (["--environment", "staging"], [2]),
        (["--type", "resumed"], [3]),
        (["--text", "LOOKING"], [2]),
        (["--limit", "1"], [3]),
        (["--since", "2020-01-01", "--until", "2021-01-01"], []),
    ],
)
def test_entries_are_chosen(words: list[str], numbers: list[int], run: Run, state: Path) -> None:
    journal(state, *EVENTS)
    told = json.loads(run("audit", "query", "--format", "json", *words).output)
    assert told["format"] == "reconciler/audit/v1"
    assert [each["number"] for each in told["records"]] == numbers


def test_where_nothing_fits_it_is_said(run: Run, state: Path) -> None:
    journal(state, *EVENTS)
    assert run("audit", "query", "--actor", "nobody").output == "No entry of the record fits.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "yesterday"], "expected a duration such as 2h"),
        (["shop"], "write app@environment"),
        (["--limit", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_meant_is_told(words: list[str], said: str, run: Run, state: Path) -> None:
    journal(state, *EVENTS)
    shown = run("audit", "query", *words)
    assert shown.exit_code == 1
    assert said in " ".join(shown.output.split())


def test_an_export_has_all_entries_oldest_first(run: Run, state: Path) -> None:
    journal(state, *EVENTS)
    lines = run("audit", "export").output.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3]


def test_an_export_to_a_file_is_whole_and_for_its_owner_only(run: Run, state: Path, tmp_path: Path) -> None:
    journal(state, *EVENTS)
    file = tmp_path / "record.csv"
    assert run("audit", "export", "--format", "csv", "-o", str(file)).output == f"3 entries are in {file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(newline="", encoding="utf-8") as opened:
        assert [row["why"] for row in csv.DictReader(opened)] == ["'=audit", "looking", "done"]
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []


def test_a_file_that_cannot_be_written_is_told(run: Run, state: Path, tmp_path: Path) -> None:
    journal(state, *EVENTS)
    shown = run("audit", "export", "-o", str(tmp_path / "missing" / "file"))
    assert (shown.exit_code, "cannot write" in shown.output) == (1, True)


@pytest.mark.parametrize(("form", "key"), [("cloudevents", "specversion"), ("ocsf", "class_uid")])
def test_the_other_forms_are_json_lines(form: str, key: str, run: Run, state: Path) -> None:
    journal(state, *EVENTS)
    lines = run("audit", "export", "--format", form, "--actor", "ann").output.splitlines()
    assert [key in json.loads(line) for line in lines] == [True, True]


@pytest.mark.parametrize("command", ["query", "export", "archive"])
def test_a_record_elsewhere_is_not_taken_for_the_one_here(command: str, run: Run, state: Path) -> None:
    journal(state, *EVENTS)
    shown = run("--server", "https://elsewhere.example", "audit", command)
    assert (shown.exit_code, "GET /v1/audit" in shown.output) == (1, True)
