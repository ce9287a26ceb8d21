"""What a transaction leaves on its target of what is ours there: the journal may be lost. Pure."""

from reconciler.model.change import LEAVING, Action, Cause
from reconciler.model.mark import Mark, Marks
from reconciler.model.plan import Plan, TargetChanges
from reconciler.model.rollout import Rollout


def marks(rollout: Rollout, plan: Plan, changes: TargetChanges) -> Marks:
    """Return what the changes make ours, and what they give up; the same as the journal is told when they are done."""
    resources = {resource.id: resource for resource in plan.unit.resources}
    staying = (change for change in changes.changes if change.action not in LEAVING)
    return Marks(
        unit=plan.unit_id,
        commit=plan.unit.commit,
        version=plan.unit.version,
        put=tuple(
            Mark(
                resource=change.resource,
                created=change.action is Action.CREATE,
                before=change.adopts,
                commit=plan.unit.commit,
                digest=resources[change.resource].digest,
            )
            for change in staying
        ),
        dropped=tuple(change.resource for change in changes.changes if change.action in LEAVING),
        rejected=_rejected(rollout, plan),
    )


def _rejected(rollout: Rollout, plan: Plan) -> str | None:
    """A way back says from what; a new state takes that back; a heal says nothing about it."""
    match plan.cause:
        case Cause.REVERT:
            return rollout.commit if rollout.commit != plan.unit.commit else None
        case Cause.COMMIT:
            return ""
        case Cause.DRIFT:
            return None
