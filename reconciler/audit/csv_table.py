"""Records as rows of a table that spreadsheets open (RFC 4180), and in which none of them finds a formula. Pure."""

import csv
import io

from reconciler.audit.record import Changed, Record
from reconciler.model.canonical import Json, canonical

COLUMNS = (
    *("number", "at", "who", "what", "unit", "environment", "targets", "why", "outcome", "commit", "cause"),
    *("plan", "rollout", "request", "login", "address", "consents", "policies", "changes", "link"),
)
END = "\r\n"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What begins with one of these may be reckoned by a spreadsheet, or sent somewhere; the last ones are full-width."""


def header() -> str:
    """Return the names of the columns, without the end of the line."""
    return ",".join(COLUMNS)


def row(of: Record) -> str:
    """Return the record as a row, without the end of the line."""
    cells = {
        "targets": " ".join(of.targets),
        "policies": " ".join(of.policies),
        "consents": "; ".join(f"{each.author} at {each.at}" for each in of.consents),
        "changes": "; ".join(map(_change, of.changes)),
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="")
    writer.writerow([safe(cells[name] if name in cells else str(getattr(of, name))) for name in COLUMNS])
    return text.getvalue()


def safe(text: str) -> str:
    """Return the text as a spreadsheet may show it: what it could take for a formula has an apostrophe before it."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _change(of: Changed) -> str:
    what = f"{of.action} {of.what} {of.field}".rstrip()
    return what if of.before is None and of.after is None else f"{what}: {_value(of.before)} -> {_value(of.after)}"


def _value(value: Json) -> str:
    return value if isinstance(value, str) else "none" if value is None else canonical(value)
