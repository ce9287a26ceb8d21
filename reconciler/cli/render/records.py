"""Entries of the record, newest first, for people and for programs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from reconciler.audit.record import Record, as_json
from reconciler.cli.render.lines import Lines
from reconciler.cli.render.sentence import sentence
from reconciler.control.clean import clean, shortened
from reconciler.control.phrases import listed
from reconciler.model.event import Event

FORMAT = "reconciler/audit/v1"
_COLOURS = {"succeeded": "green", "": ""}
_INDENT = "    "


def records_text(found: Sequence[tuple[Record, Event | None]], width: int = 80) -> Text:
    """Return the records, each with who, what and how it ended, and below it what it belongs to."""
    lines = Lines(width)
    for record, event in found:
        outcome = clean(record.outcome)
        lines.add(
            (f"{_time(record.at)}  #{record.number}  ", "dim"),
            (clean(record.who), "bold"),
            f"  {clean(record.what)}  ",
            (outcome, _COLOURS.get(outcome, "bold red")),
        )
        # An entry that this version cannot read has its columns only.
        lines.prose(sentence(event) if event else clean(record.unit), indent=_INDENT)
        if consents := [f"{each.author} at {_time(each.at)}" for each in record.consents]:
            lines.prose(f"agreed to by {clean(listed(consents, 3))}", indent=_INDENT)
        if belongs := _belongs(record):
            lines.add((_INDENT + clean(belongs), "dim"))
    return lines.text()


def records_json(found: Sequence[Record]) -> dict[str, Any]:
    """Return the records as a JSON value of format ``reconciler/audit/v1``; times are RFC 3339."""
    return {"format": FORMAT, "records": [as_json(each) for each in found]}


def _belongs(record: Record) -> str:
    named = {"rollout": record.rollout, "plan": record.plan, "commit": record.commit[:7], "request": record.request}
    return shortened("  ".join(f"{name} {value}" for name, value in named.items() if value), 200)


def _time(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%Y-%m-%d %H:%M:%S")
