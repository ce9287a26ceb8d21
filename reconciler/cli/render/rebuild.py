"""What was learned again, in words and as JSON."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rich.text import Text

if TYPE_CHECKING:
    from reconciler.daemon.relearning import Findings
    from reconciler.policy.relearning import Learned


def findings_text(findings: "Findings") -> Text:
    """Return what was learned of each unit, and which hosts could not be asked."""
    return Text("\n".join(_lines(findings)))


def _lines(findings: "Findings") -> Iterator[str]:
    yield f"Git says {findings.commit[:7]}"
    for learned in findings.units:
        yield f"{learned.unit}  {_state(learned)}; {_owned(learned)}"
        yield from (
            f"  rejected: {bad.named}, taken back before; not tried again by itself" for bad in learned.rejected
        )
        yield from (f"  {each}" for each in (*learned.notes, *learned.lost))
    if not findings.units and not findings.away:
        yield "nothing to learn: the journal knows all that hosts keep"
    for name, reason in findings.away.items():
        yield f"{name}  nothing learned: {reason}; run this again when it can be asked"


def _state(learned: "Learned") -> str:
    return f"good at {learned.good.named}" if learned.good else "no state is known to be good"


def _owned(learned: "Learned") -> str:
    made = sum(each.created for each in learned.owned)
    return f"owns {len(learned.owned)} resources, {made} of them made by us"


def findings_json(findings: "Findings") -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "commit": findings.commit,
        "units": [_unit(each) for each in findings.units],
        "away": dict(findings.away),
    }


def _unit(learned: "Learned") -> dict[str, Any]:
    return {
        "unit": str(learned.unit),
        "good": {"commit": learned.good.commit, "version": learned.good.version} if learned.good else None,
        "rejected": [each.commit for each in learned.rejected],
        "resources": [
            {"id": str(each.resource.id), "created": each.created, "kept": list(each.before)} for each in learned.owned
        ],
        "lost": list(learned.lost),
        "notes": list(learned.notes),
    }
