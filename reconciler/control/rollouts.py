"""What is decided about a rollout in hand: that it goes on, that a step is approved or rejected, that it ends. Pure."""

from collections.abc import Iterable

from reconciler.control.asked import Asked
from reconciler.control.in_hand import InHand, in_hand, refuse_unless_running, refuse_unless_waiting
from reconciler.control.phrases import listed
from reconciler.control.steps import on_failure
from reconciler.model.asking import Abort, Approve, Promote, Refused, Reject, Ruling
from reconciler.model.event import AbortRequested
from reconciler.model.record import Picture
from reconciler.model.rollout import Decided
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.policy.approvers import approving, counts
from reconciler.policy.holding import REVERTING
from reconciler.policy.persons import Person, same


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
    if not counts(step.approvers, me, asked.roles):
        raise Refused(f"approvals of {listed(step.approvers, 8)} count here; you are {me}")
    given = _given(found, step)
    if mine := _mine(given, Person(me, asked.who.emails)):
        as_whom = f", as {mine.name}" if mine.name != me else ""
        raise Refused(f"you ({me}) have approved this step already{as_whom}; it needs {step.count} different people")
    missing = step.count - len(given) - 1
    more = f"; {missing} more of other people {'is' if missing == 1 else 'are'} needed" if missing > 0 else ""
    return Ruling(
        events=(found.decision(Decided.APPROVE, request.reason, asked),),
        said=f"Approved {found.unit} at {found.where}{more or '; it goes on now'}.",
    )


def _given(found: InHand, step: AwaitApproval) -> tuple[tuple[Person, ...], ...]:
    said = found.picture.standing.of(found.unit).decisions
    return approving(said, found.rollout.plan, found.rollout.cursor, step.approvers)


def _mine(given: Iterable[Iterable[Person]], me: Person) -> Person | None:
    return next((each for known in given for each in known if same(each, me)), None)


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
