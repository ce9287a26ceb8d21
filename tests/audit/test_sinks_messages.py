"""Records as messages of syslog and journald, read back as their specifications say."""

import json
import re
import struct
from collections.abc import Iterator

import pytest

from reconciler.audit.formats import Format
from reconciler.audit.record import Changed, Consent, Record
from reconciler.audit.sinks import LARGEST_SYSLOG, framed, journald_message, line_message, syslog_message

SYSLOG = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<process>[!-~]{1,128})"
    rb" (?P<id>[!-~]{1,32}) \[(?P<data>(?:[^\]\\]|\\.)*)\] (?P<message>.*)",
    re.DOTALL,
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}(Z|[+-]\d\d:\d\d)")
SOURCE = "reconciler/ctl-1"


def record(**fields: object) -> Record:
    known: dict[str, object] = {
        "number": 7,
        "link": "ab",
        "at": "2026-03-01T12:00:00.000123+00:00",
        "who": "ann",
        "what": "paused",
        "unit": "shop@production",
    }
    return Record(**{**known, **fields})  # type: ignore[arg-type] # each is what the field wants


def test_a_message_of_syslog_has_the_fields_of_rfc_5424() -> None:
    found = SYSLOG.fullmatch(syslog_message(record(why="audit"), Format.JSONL, SOURCE, "ctl.example"))
    assert found
    assert (found["host"], found["app"], found["process"], found["id"]) == (
        b"ctl.example",
        b"reconciler",
        b"-",
        b"paused",
    )
    assert TIME.fullmatch(found["time"].decode())
    assert found["data"].startswith(b'reconciler@32473 number="7" link="ab" type="paused" actor="ann"')
    assert json.loads(found["message"])["why"] == "audit"


@pytest.mark.parametrize(("outcome", "severity"), [("", 6), ("succeeded", 6), ("failed", 4), ("reverted", 4)])
def test_what_did_not_go_well_is_a_warning_of_the_audit_facility(outcome: str, severity: int) -> None:
    found = SYSLOG.fullmatch(syslog_message(record(outcome=outcome), Format.JSONL, SOURCE, "ctl"))
    assert found
    assert divmod(int(found["priority"]), 8) == (13, severity)


def test_structured_data_cannot_be_left_by_a_value() -> None:
    found = SYSLOG.fullmatch(
        syslog_message(record(who='x"] [evil@1 a="b\\', unit="s@p"), Format.JSONL, SOURCE, "a host\n\N{SNOWMAN}")
    )
    assert found
    assert rb'actor="x\"\] [evil@1 a=\"b\\"' in found["data"]
    assert found["data"].endswith(b'unit="s@p"')
    assert found["host"] == b"ahost"


def test_a_machine_without_a_name_is_a_dash() -> None:
    found = SYSLOG.fullmatch(syslog_message(record(), Format.JSONL, SOURCE, "\N{SNOWMAN}"))
    assert found
    assert found["host"] == b"-"


def test_what_is_too_large_for_a_datagram_is_told_without_its_changes() -> None:
    changes = tuple(Changed(what="r", action="update", field="f", before="x" * 900, after=None) for _ in range(100))
    whole = syslog_message(record(changes=changes[:10]), Format.JSONL, SOURCE, "ctl")
    made = syslog_message(record(changes=changes), Format.JSONL, SOURCE, "ctl")
    assert len(made) < LARGEST_SYSLOG
    found, before = SYSLOG.fullmatch(made), SYSLOG.fullmatch(whole)
    assert found
    assert before
    assert json.loads(found["message"])["said"] == {"shortened": True}
    assert len(json.loads(before["message"])["changes"]) == 10


LARGE: dict[str, dict[str, object]] = {
    "targets": {"targets": tuple(f"web-{each:05d}.prod.example" for each in range(3000))},
    "policies": {"policies": tuple(f"policy-{each:05d}-of-the-whole-fleet" for each in range(3000))},
    "consents": {"consents": tuple(Consent(author=f"person-{each}", at="2026-03-01") for each in range(3000))},
    "a name": {"who": '"' * 70_000, "unit": "u" * 70_000},
}


@pytest.mark.parametrize("form", [Format.JSONL, Format.CLOUDEVENTS, Format.OCSF])
@pytest.mark.parametrize("what", LARGE)
def test_whatever_makes_a_record_large_it_goes_into_a_datagram(what: str, form: Format) -> None:
    made = syslog_message(record(why="audit", **LARGE[what]), form, SOURCE, "ctl")
    assert len(made) <= LARGEST_SYSLOG
    found = SYSLOG.fullmatch(made)
    assert found
    told = json.loads(found["message"])
    told = told.get("data") or told.get("unmapped") or told
    assert (told["number"], told["why"], told["said"]["shortened"]) == (7, "audit", True)
    assert told["said"].get(what, 3000) == 3000, "how many there were is told"


def test_over_a_stream_messages_are_counted_in_bytes() -> None:
    assert framed("\N{SNOWMAN}".encode()) == "3 \N{SNOWMAN}".encode()


def test_journald_gets_a_field_for_all_that_entries_are_looked_up_by() -> None:
    fields = dict(
        _fields(journald_message(record(rollout="r1", outcome="failed", why="it\nbroke"), Format.JSONL, SOURCE))
    )
    assert fields[b"MESSAGE"] == b"ann paused shop@production failed: it\nbroke"
    assert (fields[b"PRIORITY"], fields[b"SYSLOG_IDENTIFIER"]) == (b"4", b"reconciler")
    assert (fields[b"RECONCILER_UNIT"], fields[b"RECONCILER_ROLLOUT"]) == (b"shop@production", b"r1")
    assert fields[b"RECONCILER_NUMBER"] == b"7"
    assert json.loads(fields[b"RECONCILER_RECORD"])["rollout"] == "r1"
    assert b"RECONCILER_PLAN" not in fields, "what is empty is left out"
    assert all(re.fullmatch(rb"[A-Z][A-Z0-9_]{0,63}", name) for name in fields)


def test_no_value_passes_for_a_field_of_journald() -> None:
    fields = dict(_fields(journald_message(record(why="x\n_UID=0\nMESSAGE=evil"), Format.JSONL, SOURCE)))
    assert b"_UID" not in fields
    assert fields[b"MESSAGE"].endswith(b"_UID=0\nMESSAGE=evil")


def test_a_line_is_the_record_in_the_form_that_is_wanted() -> None:
    assert json.loads(line_message(record(), Format.OCSF, SOURCE))["class_uid"] == 3004


def _fields(message: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Read the native protocol of journald."""
    while message:
        head, _, rest = message.partition(b"\n")
        name, plain, value = head.partition(b"=")
        if plain:
            message = rest
        else:
            (size,) = struct.unpack("<Q", rest[:8])
            value, message = rest[8 : 8 + size], rest[8 + size :].removeprefix(b"\n")
        yield name, value
