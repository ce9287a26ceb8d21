"""What a transaction tells of its programs while they run, apart from how it ends. Pure."""

import base64
import re
from collections.abc import Sequence

from reconciler.model.operation import ChangePackages, ControlUnit, HostOperation, RunCommand
from reconciler.model.output import Stream
from reconciler.ports.outputs import Sink

_RECORD = re.compile(rb"said ([0-9]{1,9}) (do|undo|\+ ([A-Za-z0-9+/=]*)|- ([0-9]{1,18}))")
_BEGINNING = b"said "
_LONGEST = 128 * 1024
"""A record has 45 kB of what was printed."""


class Told:
    """Takes the records out of what a script prints, as ``Script.sift`` does, and tells them to the sink."""

    def __init__(self, operations: Sequence[HostOperation], sink: Sink) -> None:
        self._operations = operations
        self._sink = sink
        self._held = b""
        self._within = False
        self._program = (-1, b"")

    def sift(self, part: bytes) -> bytes:
        """Return what is no record."""
        lines = (self._held + part).split(b"\n")
        self._held = b""
        answer: list[bytes] = []
        for line in lines[:-1]:
            if self._within or not self._heard(line):
                answer.append(line + b"\n")
            self._within = False
        if self._may_be_record(lines[-1]):
            self._held = lines[-1]
        elif lines[-1]:
            answer.append(lines[-1])
            self._within = True
        return b"".join(answer)

    def _may_be_record(self, line: bytes) -> bool:
        start = line[: len(_BEGINNING)]
        return not self._within and len(line) <= _LONGEST and _BEGINNING.startswith(start) and bool(line)

    def _heard(self, line: bytes) -> bool:
        record = _RECORD.fullmatch(line)
        if record is None:
            return False
        number, word, data, left_out = record.groups()
        if data is not None:
            self._sink.say(Stream.OUTPUT, _decoded(data))
        elif left_out is not None:
            self._sink.lose(int(left_out))
        elif self._program != (int(number), word):
            self._program = (int(number), word)
            self._sink.say(Stream.NOTE, self._title(int(number), word).encode() + b"\n")
        return True

    def _title(self, number: int, word: bytes) -> str:
        place = number // 10
        what = _what(self._operations[place]) if place < len(self._operations) else "a program"
        return what if word == b"do" else f"take back: {what}"


def _what(operation: HostOperation) -> str:
    match operation:
        case RunCommand():
            return operation.what
        case ControlUnit():
            return operation.unit
        case ChangePackages():
            names = [*(each.name for each in operation.install), *operation.remove, *operation.hold, *operation.unhold]
            return f"change packages: {', '.join(names)}"
        case _:
            return operation.op


def _decoded(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except ValueError:
        return b"(what was printed here did not arrive whole)\n"
