"""The forms in which records leave, against what their specifications ask for."""

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.audit import csv_table
from reconciler.audit.cloudevents import event as cloud_event
from reconciler.audit.csv_table import safe
from reconciler.audit.formats import Format, end, head, line
from reconciler.audit.ocsf import event as ocsf_event
from reconciler.audit.record import Record
from tests.audit.journal import records, told

SOURCE = "reconciler/ctl-1"

ALWAYS = {"activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"}
OCSF: dict[int, set[str]] = {
    0: set(),
    2004: {"finding_info"},
    3002: {"user", "service"},
    3004: {"entity"},
    3005: {"user", "privileges"},
    6002: {"app"},
    6003: {"actor", "api", "src_endpoint"},
}
"""What events of each class must have in version 1.3 beside what all must have."""

CLASSES = {
    "signed_in": 3002,
    "requested": 6003,
    "paused": 3004,
    "access_refused": 3002,
    "step_ended": 6002,
    "rollout_moved": 6002,
    "approval_given": 3004,
    "commit_refused": 2004,
    "verdict_given": 2004,
    "token_issued": 3005,
    "assessed": 0,
}


async def _all(tmp_path: Path) -> list[Record]:
    async with told(tmp_path / "journal.db") as store:
        return await records(store)


@pytest.mark.parametrize("form", Format)
async def test_every_record_is_one_line_in_every_form(form: Format, tmp_path: Path) -> None:
    for each in await _all(tmp_path):
        text = line(each, form, SOURCE)
        assert "\n" not in text
        assert "\r" not in text


async def test_a_file_of_json_lines_reads_back_as_the_records(tmp_path: Path) -> None:
    found = await _all(tmp_path)
    text = head(Format.JSONL) + "".join(line(each, Format.JSONL, SOURCE) + end(Format.JSONL) for each in found)
    numbers = [json.loads(each)["number"] for each in text.splitlines()]
    assert numbers == [each.number for each in found]


async def test_cloudevents_have_what_version_1_0_asks_for(tmp_path: Path) -> None:
    made = [cloud_event(each, SOURCE) for each in await _all(tmp_path)]
    assert len({(each["source"], each["id"]) for each in made}) == len(made), "together they name an event"
    for each in made:
        assert {"specversion", "id", "source", "type"} <= each.keys()
        assert each["specversion"] == "1.0"
        assert all(re.fullmatch("[a-z0-9]+", name) for name in each), "names of attributes have no others"
        assert all(isinstance(value, str) and value for name, value in each.items() if name != "data")
        assert datetime.fromisoformat(str(each["time"])).tzinfo is not None
    assert [each["sequence"] for each in made] == sorted(str(each["sequence"]) for each in made)


async def test_ocsf_events_have_what_their_class_asks_for(tmp_path: Path) -> None:
    for each in await _all(tmp_path):
        _check(ocsf_event(each, SOURCE))


@pytest.mark.parametrize("what", CLASSES)
def test_each_family_of_events_has_its_class(what: str) -> None:
    record = Record(number=1, link="", at="2026-03-01T12:00:00.000000+00:00", who="unknown", what=what)
    made = ocsf_event(record, SOURCE)
    _check(made)
    assert made["class_uid"] == CLASSES[what]


def _check(made: dict[str, Any]) -> None:
    assert made.keys() >= ALWAYS | OCSF[made["class_uid"]]
    assert made["type_uid"] == made["class_uid"] * 100 + made["activity_id"]
    assert made["category_uid"] == made["class_uid"] // 1000
    assert made["metadata"]["version"] == "1.3.0"
    assert made["metadata"]["product"].keys() >= {"name", "vendor_name"}
    assert made["time"] > 1_000_000_000_000, "milliseconds, not seconds"
    assert made["severity_id"] in range(7)
    assert made["status_id"] in (0, 1, 2)
    assert made["activity_id"] != 99 or made["activity_name"], "other than those that are known has a name"


def test_two_entries_with_one_number_are_two_events_as_after_a_backup_was_restored() -> None:
    at = "2026-03-01T12:00:00.000000+00:00"
    lost, again = (Record(number=7, link=each * 64, at=at, who="ann", what="commit_refused") for each in "ab")
    assert [cloud_event(each, SOURCE)["id"] for each in (lost, again)] == [f"7-{'a' * 16}", f"7-{'b' * 16}"]
    made: list[dict[str, Any]] = [ocsf_event(each, SOURCE) for each in (lost, again)]
    assert [each["metadata"]["uid"] for each in made] == [f"7-{'a' * 16}", f"7-{'b' * 16}"]
    assert [each["finding_info"]["uid"] for each in made] == [f"7-{'a' * 16}", f"7-{'b' * 16}"]


def test_an_outcome_is_the_status_of_an_event() -> None:
    def status(outcome: str) -> object:
        at = "2026-03-01T12:00:00.000000+00:00"
        return ocsf_event(Record(number=1, link="", at=at, who="ann", what="x", outcome=outcome), SOURCE)["status_id"]

    assert [status(each) for each in ("", "succeeded", "failed", "reverted", "refused")] == [0, 1, 2, 2, 2]


async def test_the_table_reads_back_with_all_its_columns(tmp_path: Path) -> None:
    found = await _all(tmp_path)
    text = head(Format.CSV) + "".join(line(each, Format.CSV, SOURCE) + end(Format.CSV) for each in found)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["what"] for row in rows] == [each.what for each in found]
    assert set(rows[0]) == set(csv_table.COLUMNS)
    step = next(row for row in rows if row["what"] == "step_ended")
    assert (step["targets"], step["consents"].split(" at ")[0]) == ("web-1", "bob")
    assert "field" not in step["changes"]
    assert "mode: 0644 -> 0600" in step["changes"]


async def test_no_cell_of_the_table_is_a_formula(tmp_path: Path) -> None:
    rows = [
        cell
        for each in await _all(tmp_path)
        for cell in next(csv.reader([line(each, Format.CSV, SOURCE)]))
        if not cell.lstrip("-").isdigit()
    ]
    assert "'=1+1" in rows, "the reason that somebody gave"
    assert not [cell for cell in rows if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1"])
def test_what_a_spreadsheet_could_reckon_has_an_apostrophe_before_it(text: str) -> None:
    assert safe(text) == f"'{text}"


def test_other_text_stays_as_it_is() -> None:
    assert [safe(each) for each in ("", "disk full", "a=b", "1-2")] == ["", "disk full", "a=b", "1-2"]
