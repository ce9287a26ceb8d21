"""What a host prints, before all else, of the changes that are made to it → a Ground. Pure."""

import re
from importlib import resources

from reconciler.model.ground import Ground, Running
from reconciler.ports.errors import Broken
from reconciler.providers.sh_source import compact, needed

_SH = resources.files(__package__) / "sh"
_CALL = "rcl_ground\n"
_WORD = r"([A-Za-z0-9._:-]{1,100})"
_FENCE = re.compile(rf"fence ([0-9]{{1,18}}) {_WORD} {_WORD} {_WORD}")
_RUNNING = re.compile(rf"(running|waiting) {_WORD} {_WORD} {_WORD} {_WORD}")
_INTERRUPTED = re.compile(rf"interrupted {_WORD}")
_END = b"ground\n"

GROUND = compact(
    needed("".join((_SH / name).read_text(encoding="utf-8") for name in ("lock.sh", "ground.sh")), _CALL)
    + "tx_expiry=30\n"
    + _CALL
)
"""Prints it; to be run after ``library.STATE``."""


def read_ground(printed: bytes, ours: str) -> tuple[Ground, bytes]:
    """Return what GROUND printed, and all that follows it. ``ours`` is our id as a holder; raises Broken."""
    lines, rest = [], printed
    while not rest.startswith(_END):
        line, newline, rest = rest.partition(b"\n")
        if not newline:
            raise Broken(f"the host's answer makes no sense: {printed[:80]!r}")
        lines.append(line.decode(errors="replace"))
    fences = [found for line in lines if (found := _FENCE.fullmatch(line))]
    running = next((found for line in lines if (found := _RUNNING.fullmatch(line))), None)
    return (
        Ground(
            fence=max((int(found[1]) for found in fences if found[2] != ours), default=0),
            interrupted=tuple(found[1] for line in lines if (found := _INTERRUPTED.fullmatch(line))),
            running=_running(running, ours) if running else None,
        ),
        rest.removeprefix(_END),
    )


def _running(found: re.Match[str], ours: str) -> Running:
    word, holder, name, transaction, since = found.groups()
    by = f"{holder} (host {name}, since {since})"
    return Running(transaction=transaction, ours=holder == ours, by=by, waits=word == "waiting")
