"""Records as messages for the places they are sent to: syslog, journald, a file, an HTTP collector. Pure."""

import struct
from collections.abc import Iterator
from dataclasses import fields, replace

from reconciler.audit.formats import Format, line
from reconciler.audit.record import Record
from reconciler.model.canonical import Json

AUDIT_FACILITY = 13
_WARNING, _INFORMATIONAL = 4, 6
_SD_ID = "reconciler@32473"
"""32473 is the enterprise number that RFC 5612 keeps for whoever has none."""
LARGEST_SYSLOG = 60_000
"""More does not go into a datagram. What is larger is sent without its changes and the event itself, then ever less."""
_LISTS = ("targets", "consents", "policies")
_LONGEST_TEXT = 200
_GOOD = frozenset({"", "succeeded"})


def syslog_message(of: Record, form: Format, source: str, host: str) -> bytes:
    """Return the record as a message of RFC 5424: structured data with what it is looked up by, and the record.

    There is no byte order mark before the record, for what reads JSON stumbles over one.
    """
    message = b""
    for each in _ever_shorter(of):
        message = _syslog(each, form, source, host)
        if len(message) <= LARGEST_SYSLOG:
            break
    return message


def shortened(of: Record) -> Record:
    """Return the record with what it is found by alone, for a place that does not take the whole."""
    *_, shortest = _ever_shorter(of)
    return shortest


def _ever_shorter(of: Record) -> Iterator[Record]:
    """The whole; without its changes and the event; without its lists, but how long they were; with its texts cut."""
    yield of
    said: dict[str, Json] = {"shortened": True}
    of = replace(of, changes=(), said=said, why=of.why[:1000])
    yield of
    many: dict[str, Json] = {name: len(getattr(of, name)) for name in _LISTS if getattr(of, name)}
    of = replace(of, said={**said, **many}, targets=(), consents=(), policies=())
    yield of
    texts = {each.name: getattr(of, each.name) for each in fields(of)}
    cut = {name: value[:_LONGEST_TEXT] for name, value in texts.items() if isinstance(value, str)}
    yield replace(of, **cut)  # type: ignore[arg-type] # texts, each in the place of itself


def _syslog(of: Record, form: Format, source: str, host: str) -> bytes:
    priority = AUDIT_FACILITY * 8 + _severity(of)
    known = {name: value for name, value in _known(of).items() if value}
    data = " ".join(f'{name}="{_escaped(value)}"' for name, value in known.items())
    head = f"<{priority}>1 {_time(of)} {_word(host, 255)} reconciler - {_word(of.what, 32)} [{_SD_ID} {data}] "
    return (head + line(of, form, source)).encode()


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
