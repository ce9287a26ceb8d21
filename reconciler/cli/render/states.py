"""The states of a unit that are kept to go back to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from reconciler.cli.render.lines import Lines
from reconciler.cli.render.words import ago
from reconciler.control.clean import clean
from reconciler.control.phrases import short
from reconciler.model.record import Kept


def states_text(states: Sequence[Kept], now: datetime, width: int = 80) -> Text:
    """Return the states, newest first, a line each."""
    lines = Lines(width)
    lines.add("")
    lines.add(("Kept to go back to:", "bold"))
    for each in states:
        unit = each.snapshot.unit
        held = "  held here" if each.pinned else ""
        loss = "  irreversible" if unit.irreversible else ""
        told = f"{clean(unit.version)}  {short(unit.commit)}  {each.verdict}  {ago(each.snapshot.at, now)}{held}{loss}"
        lines.add(f"  {told}")
    return lines.text()


def states_json(states: Sequence[Kept]) -> list[dict[str, Any]]:
    """Return the states as JSON values; times are RFC 3339."""
    return [
        {
            "version": each.snapshot.unit.version,
            "commit": each.snapshot.unit.commit,
            "digest": each.snapshot.unit.digest,
            "verdict": each.verdict.value,
            "at": each.snapshot.at.isoformat(),
            "held": each.pinned,
            "irreversible": each.snapshot.unit.irreversible,
        }
        for each in states
    ]
