"""What the last line of a transaction means."""

import base64

from reconciler.ports.errors import Broken, Busy, Refused, Stale, Unreachable
from reconciler.ports.shell import Completed


def conclude(host: str, done: Completed) -> None:
    """Return when all is done; raise Refused when everything is as it was, another WorldError when nobody knows."""
    lines = done.output.decode(errors="replace").splitlines()
    word, _, encoded = (lines[-1] if lines else "").removeprefix("outcome ").partition(" ")
    if not lines or not lines[-1].startswith("outcome "):
        last = (done.errors.strip().splitlines() or ["nothing"])[-1]
        raise Unreachable(f"a change on {host} ended without an outcome (status {done.status}); it said: {last}")
    match word:
        case "ok":
            return
        case "failed":
            raise Refused(f"{host}: {_reason(encoded)}; everything there is as it was")
        case "busy":
            raise Busy(f"{host}: {_reason(encoded)}")
        case "fenced":
            raise Unreachable(f"{host}: {_reason(encoded)}")
        case "stale":
            raise Stale(f"{host}: {_reason(encoded)}")
        case "stuck":
            raise Broken(f"{host}: {_reason(encoded)}; a person must look at it")
        case _:
            raise Broken(f"a change on {host} ended with an outcome that makes no sense: {lines[-1][:80]!r}")


def _reason(encoded: str) -> str:
    try:
        lines = base64.b64decode(encoded, validate=True).decode(errors="replace").splitlines()
        return "; ".join(line.strip().rstrip(".") for line in lines if line.strip())
    except ValueError:
        return "no readable reason"
