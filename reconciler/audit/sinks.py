"""Records as messages for the places they are sent to: syslog, journald, a file, an HTTP collector. Pure."""

import struct
from dataclasses import replace

from reconciler.audit.formats import Format, line
from reconciler.audit.record import Record
from reconciler.model.canonical import Json

AUDIT_FACILITY = 13
_WARNING, _INFORMATIONAL = 4, 6
_SD_ID = "reconciler@32473"
"""32473 is the enterprise number that RFC 5612 keeps for whoever has none."""
LARGEST_SYSLOG = 60_000
"""More does not go into a datagram. What is larger is sent without its changes and the event itself."""
_GOOD = frozenset({"", "succeeded"})


def syslog_message(of: Record, form: Format, source: str, host: str) -> bytes:
    """Return the record as a message of RFC 5424: structured data with what it is looked up by, and the record.

    There is no byte order mark before the record, for what reads JSON stumbles over one.
    """
    text = line(of, form, source)
    if len(text.encode()) > LARGEST_SYSLOG:
        kept: dict[str, Json] = {"shortened": True}
        text = line(replace(of, changes=(), said=kept, why=of.why[:1000]), form, source)
    priority = AUDIT_FACILITY * 8 + _severity(of)
    known = {name: value for name, value in _known(of).items() if value}
    data = " ".join(f'{name}="{_escaped(value)}"' for name, value in known.items())
    head = f"<{priority}>1 {_time(of)} {_word(host, 255)} reconciler - {_word(of.what, 32)} [{_SD_ID} {data}] "
    return (head + text).encode()


def framed(message: bytes) -> bytes:
    """Return a message of syslog as it goes over a stream: counted in bytes (RFC 6587, RFC 5425)."""
    return b"%d %b" % (len(message), message)


def journald_message(of: Record, form: Format, source: str) -> bytes:
    """Return the record in the native protocol of journald: ``RECONCILER_UNIT=`` and so on."""
    said = " ".join(each for each in (of.who, of.what.replace("_", " "), of.unit, of.outcome) if each)
    fields = {
        "MESSAGE": f"{said}: {of.why}" if of.why else said,
        "PRIORITY": str(_severity(of)),
        "SYSLOG_IDENTIFIER": "reconciler",
        "SYSLOG_FACILITY": str(AUDIT_FACILITY),
        **{f"RECONCILER_{name.upper()}": value for name, value in _known(of).items()},
        "RECONCILER_RECORD": line(of, form, source),
    }
    return b"".join(_field(name, value.encode()) for name, value in fields.items() if value)


def line_message(of: Record, form: Format, source: str) -> bytes:
    """Return the record as it is kept in a file and sent to a collector: one line, without its end."""
    return line(of, form, source).encode()


def _known(of: Record) -> dict[str, str]:
    """What records are looked up by, by names that are fine for all who get them."""
    return {
        "number": str(of.number),
        "link": of.link,
        "type": of.what,
        "actor": of.who,
        "unit": of.unit,
        "environment": of.environment,
        "outcome": of.outcome,
        "rollout": of.rollout,
        "plan": of.plan,
        "commit": of.commit,
        "request": of.request,
    }


def _severity(of: Record) -> int:
    return _INFORMATIONAL if of.outcome in _GOOD else _WARNING


def _time(of: Record) -> str:
    return of.at.replace("+00:00", "Z")


def _word(text: str, longest: int) -> str:
    """What a field of the header may hold: printable ASCII without spaces, ``-`` where nothing is left."""
    return "".join(char for char in text if "!" <= char <= "~")[:longest] or "-"


def _escaped(text: str) -> str:
    for each in ("\\", '"', "]"):
        text = text.replace(each, f"\\{each}")
    return text


def _field(name: str, value: bytes) -> bytes:
    """A value with a newline in it is counted, so that no value can pass for another field."""
    if b"\n" not in value:
        return b"%b=%b\n" % (name.encode(), value)
    return b"%b\n%b%b\n" % (name.encode(), struct.pack("<Q", len(value)), value)
