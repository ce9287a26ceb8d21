"""What was rolled out: rollouts newest first, and the events of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from reconciler.cli.render.lines import Lines
from reconciler.cli.render.sentence import sentence
from reconciler.cli.render.words import ago, lasted
from reconciler.control.clean import clean
from reconciler.control.phrases import short
from reconciler.model.canonical import plain
from reconciler.model.record import Entry
from reconciler.model.rollout import Rollout, State

FORMAT = "reconciler/history/v1"
_COLOURS = {
    State.SUCCEEDED: "green",
    State.REVERTED: "bold yellow",
    State.REVERT_FAILED: "bold red",
    State.HELD: "bold red",
    State.ABORTED: "yellow",
    State.SUPERSEDED: "dim",
}


def history_text(rollouts: Sequence[Rollout], now: datetime, width: int = 80) -> Text:
    """Return the rollouts, a line each and the reason below it."""
    lines = Lines(width)
    if not rollouts:
        lines.prose("Nothing was rolled out yet.")
    for rollout in rollouts:
        state = rollout.state.replace("_", " ")
        took = lasted((rollout.updated_at if rollout.ended else now) - rollout.started_at)
        lines.add(
            (clean(str(rollout.unit)), "bold"),
            f"  {clean(rollout.version)}  {_cause(rollout)}  ",
            (state, _COLOURS.get(rollout.state, "cyan")),
            f"  {ago(rollout.started_at, now)}, {'took' if rollout.ended else 'for'} {took}",
        )
        if rollout.reason:
            lines.prose(clean(rollout.reason), indent="    ")
        for failure in (each for each in rollout.failures if each.reason not in rollout.reason):
            lines.prose(f"{clean(failure.target)} (batch {failure.batch}): {clean(failure.reason)}", indent="    ")
        lines.add((f"    rollout {clean(rollout.id)}", "dim"))
    return lines.text()


def _cause(rollout: Rollout) -> str:
    return f"{rollout.cause} {short(rollout.commit)}"


def history_json(rollouts: Sequence[Rollout]) -> dict[str, Any]:
    """Return the rollouts as a JSON value of format ``reconciler/history/v1``; times are RFC 3339."""
    return {"format": FORMAT, "rollouts": [_rollout_json(each) for each in rollouts]}


def _rollout_json(rollout: Rollout) -> dict[str, Any]:
    return {
        "rollout": rollout.id,
        "unit": str(rollout.unit),
        "cause": rollout.cause.value,
        "commit": rollout.commit,
        "version": rollout.version,
        "state": rollout.state.value,
        "ended": rollout.ended,
        "startedAt": rollout.started_at.isoformat(),
        "updatedAt": rollout.updated_at.isoformat(),
        "reason": rollout.reason,
        "failures": plain(rollout.failures),
    }


def events_text(entries: Sequence[Entry], width: int = 80) -> Text:
    """Return events in the order they happened, with their time of day."""
    lines = Lines(width)
    day = ""
    for entry in entries:
        if f"{entry.at:%Y-%m-%d}" != day:
            day = f"{entry.at:%Y-%m-%d}"
            lines.add((f"{day} (UTC)", "dim"))
        lines.prose(f"{entry.at:%H:%M:%S}  {sentence(entry.event)}", indent="  ", hang=" " * 12)
    return lines.text()


def events_json(entries: Sequence[Entry]) -> dict[str, Any]:
    """Return events as a JSON value of format ``reconciler/history/v1``."""
    return {
        "format": FORMAT,
        "events": [{"number": each.number, "at": each.at.isoformat(), "event": plain(each.event)} for each in entries],
    }
