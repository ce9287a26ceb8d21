"""How a rollout ended on each target. Pure."""

from dataclasses import dataclass

from reconciler.model.plan import Apply
from reconciler.report.case import Case
from reconciler.report.document import Tone


@dataclass(frozen=True, slots=True)
class TargetOutcome:
    """One target, what became of it, and why where it went wrong."""

    target: str
    ended: str
    why: str
    tone: Tone


def outcomes(case: Case) -> tuple[TargetOutcome, ...]:
    """Return every target that the plan touches or leaves out, in the plan's order."""
    touched = dict.fromkeys(
        each.target for step in case.forward.steps if isinstance(step, Apply) for each in step.targets
    )
    found = [_of(target, case) for target in touched]
    found += [TargetOutcome(each.target, "left out", each.reason, Tone.UNSURE) for each in case.forward.left_out]
    return tuple(found)


def _of(target: str, case: Case) -> TargetOutcome:
    rollout = case.rollout
    why = "; ".join(each.reason for each in rollout.failures if each.target == target)
    if target in rollout.restored:
        return TargetOutcome(target, "taken back", why, Tone.UNSURE)
    if why:
        return TargetOutcome(target, "failed", why, Tone.BAD)
    if target in rollout.changed:
        return TargetOutcome(target, "changed", "", Tone.GOOD)
    return TargetOutcome(target, "not known to be changed", "", Tone.PLAIN)
