"""What the last line of a transaction means."""

import base64
from dataclasses import dataclass

from reconciler.ports.errors import Broken, Busy, Refused, Stale, Unreachable
from reconciler.ports.shell import Completed


@dataclass(frozen=True, slots=True)
class Last:
    """The last line of a transaction: a word, and what it says beside it, for a person."""

    word: str
    text: str


def last(done: Completed) -> Last | None:
    """Return the last line; None when it is none of a transaction's."""
    lines = done.output.decode(errors="replace").splitlines()
    if not lines or not lines[-1].startswith("outcome "):
        return None
    word, _, encoded = lines[-1].removeprefix("outcome ").partition(" ")
    return Last(word, _reason(encoded))


def conclude(host: str, done: Completed) -> None:
    """Return when all is done; raise Refused when everything is as it was, another WorldError when nobody knows."""
    ended = last(done)
    if ended is None:
        said = (done.errors.strip().splitlines() or ["nothing"])[-1]
        raise Unreachable(f"a change on {host} ended without an outcome (status {done.status}); it said: {said}")
    reason = ended.text
    match ended.word:
        case "ok":
            return
        case "failed":
            raise Refused(f"{host}: {reason}; everything there is as it was")
        case "busy":
            raise Busy(f"{host}: {reason}")
        case "fenced":
            raise Unreachable(f"{host}: {reason}")
        case "stale":
            raise Stale(f"{host}: {reason}")
        case "stuck":
            raise Broken(f"{host}: {reason}; a person must look at it")
        case _:
            raise Broken(
                f"a change on {host} ended with an outcome that makes no sense: {f'outcome {ended.word}'[:80]!r}"
            )


def _reason(encoded: str) -> str:
    try:
        lines = base64.b64decode(encoded, validate=True).decode(errors="replace").splitlines()
        return "; ".join(line.strip().rstrip(".") for line in lines if line.strip())
    except ValueError:
        return "no readable reason"
