"""What people have decided about the step in hand. Pure."""

from reconciler.model.rollout import Decided, Decision, Rollout
from reconciler.policy.approvers import approving


def taken(rollout: Rollout) -> tuple[Decision, ...]:
    """Return the decisions that are about the step in hand, or that promote everything from an earlier one on."""
    return tuple(
        one
        for one in rollout.decisions
        if one.plan == rollout.plan
        and (one.index == rollout.cursor or (one.decided is Decided.PROMOTE_FULLY and one.index <= rollout.cursor))
    )


def promoted(rollout: Rollout) -> Decision | None:
    """Return the decision by which the step in hand need not be waited for any longer."""
    return next((one for one in taken(rollout) if one.decided in (Decided.PROMOTE, Decided.PROMOTE_FULLY)), None)


def promoted_fully(rollout: Rollout) -> Decision | None:
    """Return the decision by which nothing of the plan is waited for any longer."""
    return next((one for one in taken(rollout) if one.decided is Decided.PROMOTE_FULLY), None)


def rejected(rollout: Rollout) -> str | None:
    """Return who has rejected the step in hand, and why."""
    said = next((one for one in taken(rollout) if one.decided is Decided.REJECT), None)
    return f"rejected by {said.author}: {said.reason}" if said else None


def approved_by(rollout: Rollout, approvers: tuple[str, ...]) -> tuple[str, ...]:
    """Return the different people who have approved and may; to promote everything is to approve, for whoever may."""
    people = approving(rollout.decisions, rollout.plan, rollout.cursor, approvers)
    return tuple(known[0].name for known in people)
