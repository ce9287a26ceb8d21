"""Rows as CSV (RFC 4180) that no spreadsheet takes for formulas. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(head: Sequence[str], rows: Iterable[Sequence[str | int | float | None]]) -> str:
    """Return the rows under their head; lines end with CRLF, what is None is empty.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, which spreadsheets do not show.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_cell(each) for each in row] for row in rows)
    return out.getvalue()


def _cell(value: str | float | None) -> str | float | None:
    if isinstance(value, str):
        # NUL is in no CSV that anybody can read.
        value = value.replace("\0", "\ufffd")
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value
