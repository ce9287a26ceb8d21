"""Whether somebody lets a unit pass a gate that is shut, in an emergency. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.model.governance import GateKind, GateState, GateWord
from reconciler.model.word import Waived, Word


def waiver(kind: GateKind, words: Sequence[Word], now: datetime) -> Waived | None:
    """Return the waiver of such a gate that lasts longest, None when there is none that has not run out."""
    found = (each for each in words if isinstance(each, Waived) and kind in each.gates and now < each.until)
    return max(found, key=lambda each: each.until, default=None)


def unless_waived(gate: GateState, words: Sequence[Word], now: datetime) -> GateState:
    """Return the gate as it stands with the waivers among the words: one that is shut can be passed."""
    if gate.stands not in (GateWord.PENDING, GateWord.CLOSED):
        return gate
    by = waiver(gate.kind, words, now)
    if by is None:
        return gate
    detail = f"waived by {by.author} ({by.reason}): {gate.detail}"
    return replace(gate, stands=GateWord.WAIVED, detail=detail, until=by.until)
