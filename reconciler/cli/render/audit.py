"""What checking the record found, in words and for programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from reconciler.audit.tamper import Trouble
from reconciler.daemon.verifying import Checked
from reconciler.model.canonical import plain

_NAMED = 10
"""So many checkpoints are named."""


def trouble_line(trouble: Trouble) -> str:
    """Return where something is wrong, and what; nothing that somebody wrote there reaches a terminal's controls."""
    return "".join(each if each.isprintable() else "?" for each in f"WRONG  {trouble}")


def checked_lines(wrong: int, found: Checked) -> Iterator[str]:
    """Yield what was looked at, and up to where it is signed."""
    walked = found.walked
    yield f"{walked.seen} entries looked at; the last is {walked.number}" + (f" of {walked.at}" if walked.at else "")
    if walked.sealed:
        yield f"{walked.sealed} archived entries are sealed and were not looked at; --identity names the key to them"
    if walked.untied:
        yield f"{walked.untied} of them are in the journal too, and could not be tied to those before them"
    if walked.uncompared:
        numbers = ", ".join(map(str, walked.uncompared[:_NAMED]))
        more = f" and {len(walked.uncompared) - _NAMED} more" if len(walked.uncompared) > _NAMED else ""
        yield f"checkpoints that could not be compared, and confirm nothing: those of the entries {numbers}{more}"
    if not found.newest:
        yield "no checkpoint: who can write to the journal could have linked all of it anew"
    else:
        elsewhere = f", {found.elsewhere} kept elsewhere" if found.elsewhere else ", none kept elsewhere"
        yield f"{found.here} checkpoints in the journal{elsewhere}, signed with {', '.join(found.keys)}"
        open_ = walked.number - walked.confirmed
        since = f"; the {open_} after it are linked and not signed yet" if open_ else ""
        yield f"signed up to entry {walked.confirmed}, the newest at {found.newest.at}{since}"
    yield f"{wrong} things are wrong" if wrong else "nothing is wrong"


def checked_json(troubles: Sequence[Trouble], wrong: int, found: Checked) -> dict[str, Any]:
    """Return the same for programs; ``troubles`` are the first of all that are wrong."""
    return {
        "whole": not wrong,
        "wrong": wrong,
        "troubles": [{"entry": each.number or None, "at": each.at or None, "what": each.what} for each in troubles],
        "entries": found.walked.seen,
        "sealed": found.walked.sealed,
        "untied": found.walked.untied,
        "uncompared": list(found.walked.uncompared),
        "last": found.walked.number,
        "link": found.walked.link,
        "confirmed": found.walked.confirmed,
        "checkpoints": {"journal": found.here, "elsewhere": found.elsewhere, "newest": plain(found.newest)},
        "keys": list(found.keys),
    }
