"""The forms in which records leave: a line a record, and what comes before the first of them. Pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from reconciler.audit import cloudevents, csv_table, ocsf
from reconciler.audit.record import Record, as_json
from reconciler.model.canonical import canonical


class Format(StrEnum):
    """JSON Lines of our own fields, a table for spreadsheets, CloudEvents 1.0, OCSF 1.3."""

    JSONL = "jsonl"
    CSV = "csv"
    CLOUDEVENTS = "cloudevents"
    OCSF = "ocsf"


def line(of: Record, form: Format, source: str) -> str:
    """Return the record as one line without its end; ``source`` is whose journal it is: ``reconciler/CONTROLLER``."""
    return _LINES[form](of, source)


def head(form: Format) -> str:
    """Return what a file begins with, before any record."""
    return csv_table.header() + csv_table.END if form is Format.CSV else ""


def end(form: Format) -> str:
    """Return what ends a line of a file."""
    return csv_table.END if form is Format.CSV else "\n"


_LINES: Mapping[Format, Callable[[Record, str], str]] = {
    Format.JSONL: lambda record, _: canonical(as_json(record)),
    Format.CSV: lambda record, _: csv_table.row(record),
    Format.CLOUDEVENTS: lambda record, source: canonical(cloudevents.event(record, source)),
    Format.OCSF: lambda record, source: canonical(ocsf.event(record, source)),
}
