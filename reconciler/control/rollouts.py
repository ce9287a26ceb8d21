"""What is decided about a rollout in hand: that it goes on, that a step is approved or rejected, that it ends. Pure."""

from reconciler.control.asked import Asked
from reconciler.control.in_hand import InHand, in_hand, refuse_unless_running, refuse_unless_waiting
from reconciler.control.phrases import listed
from reconciler.control.steps import on_failure
from reconciler.model.asking import Abort, Approve, Promote, Refused, Reject, Ruling
from reconciler.model.event import AbortRequested
from reconciler.model.record import Picture
from reconciler.model.rollout import Decided, Decision
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.policy.holding import REVERTING


def promote(request: Promote, picture: Picture, asked: Asked) -> Ruling:
    """End the wait that the rollout is in, or every wait to come."""
    found = in_hand(picture, request.unit, "promote")
    refuse_unless_running(found, "promote")
    if request.fully:
        waits = "approvals of others" if asked.may_approve else f"approvals (you, {asked.author}, may give none there)"
        return Ruling(
            events=(found.decision(Decided.PROMOTE_FULLY, request.reason, asked),),
            said=f"Promoted {found.unit} to the end, from {found.where} on; only health and {waits} are waited for.",
        )
    hint = f"reconciler promote --full {found.unit} skips every wait to come"
    if isinstance(found.step, AwaitApproval):
        hint = f"it waits for an approval: reconciler approve {found.unit}"
    refuse_unless_waiting(found, (Bake, Analyse, AwaitPromotion), hint)
    return Ruling(
        events=(found.decision(Decided.PROMOTE, request.reason, asked),),
        said=f"Promoted {found.unit} at {found.where}; it goes on now.",
    )


def approve(request: Approve, picture: Picture, asked: Asked) -> Ruling:
    """Approve the step that the rollout waits in."""
    found = in_hand(picture, request.unit, "approve")
    refuse_unless_running(found, "approve")
    step = found.step
    if not isinstance(step, AwaitApproval):
        raise Refused(
            f"{found.unit} is at {found.where}, which waits for no approval; to end a wait: "
            f"reconciler promote {found.unit}"
        )
    me = asked.author
    if step.approvers and me not in step.approvers and not _has_role(step, asked):
        raise Refused(f"approvals of {listed(step.approvers, 8)} count here; you are {me}")
    given = _given(found)
    if me in given:
        raise Refused(f"you ({me}) have approved this step already; it needs {step.count} different people")
    missing = step.count - len({*given, me})
    more = f"; {missing} more of other people {'is' if missing == 1 else 'are'} needed" if missing > 0 else ""
    return Ruling(
        events=(found.decision(Decided.APPROVE, request.reason, asked),),
        said=f"Approved {found.unit} at {found.where}{more or '; it goes on now'}.",
    )


def _has_role(step: AwaitApproval, asked: Asked) -> bool:
    return any(f"role:{role}" in step.approvers for role in asked.roles)


def _given(found: InHand) -> set[str]:
    here = (found.rollout.plan, found.rollout.cursor)
    said = found.picture.standing.of(found.unit).decisions
    return {each.author for each in said if _counts(each, here)}


def _counts(said: Decision, here: tuple[str, int]) -> bool:
    """Whether it is an approval of this step; who promotes to the end, and may, has approved all that comes."""
    plan, index = here
    fully = said.decided is Decided.PROMOTE_FULLY and said.approves and said.index <= index
    return said.plan == plan and (fully or (said.decided is Decided.APPROVE and said.index == index))


def reject(request: Reject, picture: Picture, asked: Asked) -> Ruling:
    """Let the step fail that the rollout waits in."""
    found = in_hand(picture, request.unit, "reject")
    refuse_unless_running(found, "reject")
    hint = f"to end it: reconciler abort {found.unit}"
    refuse_unless_waiting(found, (Bake, Analyse, AwaitPromotion, AwaitApproval, CallHook), hint)
    follows = on_failure(found.plan).partition(";")[0]
    return Ruling(
        events=(found.decision(Decided.REJECT, request.reason, asked),),
        said=f"Rejected {found.unit} at {found.where}. What follows: {follows}.",
    )


def abort(request: Abort, picture: Picture, asked: Asked) -> Ruling:
    """End the rollout: it is taken back, or left as it is."""
    found = in_hand(picture, request.unit, "abort")
    event = AbortRequested(
        unit=found.unit, rollout=found.rollout.id, author=asked.author, reason=request.reason, leave=request.leave
    )
    if request.leave:
        return Ruling(
            events=(event,),
            said=f"Aborted {found.unit} at {found.where}; every target is left as it is then. "
            f"To go on: a new commit, or reconciler retry {found.unit}",
        )
    if found.rollout.state in REVERTING:
        raise Refused(
            f"{found.unit} is being taken back already; to end that too and leave everything as it is: "
            f"reconciler abort --leave {found.unit}"
        )
    good = picture.standing.of(found.unit).last_good
    to = f" to {good.unit.named}" if good else " as far as that goes; no good state is known"
    return Ruling(
        events=(event,),
        said=f"Aborted {found.unit} at {found.where}; it goes back{to}. To follow it: reconciler explain {found.unit}",
    )
