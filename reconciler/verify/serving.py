"""The words of the gRPC health protocol (grpc.health.v1), and whether an answer in them is healthy. Pure.

Its two messages have one field each, thus nothing more of protocol buffers is needed than is here.
"""

from dataclasses import dataclass

from reconciler.model.health import CheckResult, GrpcCheck

PATH = "/grpc.health.v1.Health/Check"
_SERVING = 1
_STATES = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}
_PREFIX = 5


@dataclass(frozen=True, slots=True)
class Said:
    """How a call ended: gRPC's status (None: it was not told), its message, and the body."""

    status: int | None
    message: str = ""
    body: bytes = b""


def question(service: str) -> bytes:
    """Return the body of a call: a length-prefixed HealthCheckRequest."""
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\0" + len(message).to_bytes(4, "big") + message


def serving(check: GrpcCheck, place: str, said: Said) -> CheckResult:
    """Return whether the app serves; ``place`` is where it was asked."""
    whom = f"{check.service} at {place}" if check.service else place
    match said.status:
        case None:
            return CheckResult(healthy=False, detail=f"{place} does not speak gRPC: no grpc-status in its answer")
        case 0:
            pass
        case 5:
            return CheckResult(healthy=False, detail=f"gRPC of {place}: no service {check.service!r} is known there")
        case 12:
            return CheckResult(healthy=False, detail=f"gRPC of {place}: it has no health service (grpc.health.v1)")
        case code:
            why = f": {said.message}" if said.message else ""
            return CheckResult(healthy=False, detail=f"gRPC of {whom}: status {code}{why}")
    try:
        state = _state(said.body)
    except (ValueError, IndexError):
        return CheckResult(healthy=False, detail=f"gRPC of {whom}: its answer is no HealthCheckResponse")
    return CheckResult(healthy=state == _SERVING, detail=f"gRPC of {whom}: {_STATES.get(state, state)}")


def _state(body: bytes) -> int:
    """Read the field 1 of a HealthCheckResponse; a field that is not sent is 0."""
    if len(body) < _PREFIX or body[0] != 0:
        raise ValueError("no message, or a compressed one")
    message, at, state = body[_PREFIX : _PREFIX + int.from_bytes(body[1:_PREFIX], "big")], 0, 0
    while at < len(message):
        key, at = _read_varint(message, at)
        if key & 7:
            raise ValueError("a field that is not known")
        value, at = _read_varint(message, at)
        state = value if key >> 3 == 1 else state
    return state


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
