"""Which targets have which version, when a rollout ends half-way. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model.change import Cause
from reconciler.model.plan import Apply, Plan
from reconciler.model.rollout import Rollout, State

_HALF_WAY = frozenset({State.HELD, State.ABORTED, State.SUPERSEDED, State.REVERTED, State.REVERT_FAILED})
_NAMED = 20
"""So many targets are named in a sentence."""


def with_changed(rollout: Rollout, targets: Sequence[str]) -> Rollout:
    """Return the rollout that knows that these targets have now what its plan brings."""
    if rollout.state is State.REVERTING:
        return replace(rollout, restored=_once((*rollout.restored, *targets)))
    return replace(rollout, changed=_once((*rollout.changed, *targets)))


def told(rollout: Rollout, plan: Plan) -> str:
    """Return the reason of a rollout that has ended, with which version is where unless it is the same everywhere."""
    where = whereabouts(rollout, plan) if rollout.state in _HALF_WAY else ""
    if rollout.state is State.REVERT_FAILED:
        where = f"{where}. " if where else ""
        return f"{rollout.reason}. {where}To look: reconciler explain {rollout.unit}"
    return f"{rollout.reason}. {where}" if where else rollout.reason


def whereabouts(rollout: Rollout, plan: Plan) -> str:
    """Return which targets have which version; nothing when all that the rollout is about have the same."""
    if rollout.cause is not Cause.COMMIT:
        return ""
    reverting = rollout.plan != rollout.forward
    about = _once(target.target for step in plan.steps if isinstance(step, Apply) for target in step.targets)
    unknown = {failure.target for failure in rollout.failures if not failure.known}
    there = [name for name in about if name in (rollout.restored if reverting else rollout.changed)]
    beyond = [name for name in rollout.changed if reverting and name not in about]
    out_of_reach = [each.target for each in plan.left_out if each.target in beyond]
    not_yet = [name for name in about if name not in there and name not in unknown]
    new, old = (
        (f"back at {plan.unit.named}", f"still at {rollout.version}")
        if reverting
        else (
            f"at {plan.unit.named}",
            "as before",
        )
    )
    parts = {
        new: there,
        old: not_yet,
        f"not reached, {rollout.version} when it was changed": out_of_reach,
        "not known": [*sorted(unknown - set(there)), *(name for name in beyond if name not in out_of_reach)],
    }
    said = [f"{_some(names)} {how}" for how, names in parts.items() if names]
    return f"Left half-way: {'; '.join(said)}" if len(said) > 1 else ""


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
