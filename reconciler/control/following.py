"""What is followed and carried out: a rewritten branch, a plan that was reviewed, a look now. Pure."""

from reconciler.control.asked import Asked
from reconciler.control.phrases import short
from reconciler.model.asking import AcceptRewrite, ApplyPlan, Refused, Ruling, Sync
from reconciler.model.event import PlanAccepted, Refusal, RewriteAccepted
from reconciler.model.record import Picture

MIN_LETTERS = 7
"""How much of the id a person has to write, so that it is this commit that was meant."""


def accept(request: AcceptRewrite, picture: Picture, asked: Asked) -> Ruling:
    """Follow a branch that was rewritten."""
    refused, commit = picture.refused, request.commit
    if refused is None or refused.why is not Refusal.REWRITTEN:
        raise Refused("no rewritten branch is held; there is nothing to accept")
    if len(commit) < MIN_LETTERS or not refused.commit.startswith(commit.lower()):
        raise Refused(f"the commit that is held is {refused.commit}, not {commit}; look at it before you accept it")
    event = RewriteAccepted(commit=refused.commit, author=asked.author, reason=request.reason)
    return Ruling(events=(event,), said=f"The branch is followed from {short(refused.commit)} on.")


def apply(request: ApplyPlan, asked: Asked) -> Ruling:
    """Want just this plan carried out. One that is not what would be done any more has no effect."""
    event = PlanAccepted(unit=request.unit, plan=request.plan, author=asked.author)
    return Ruling(
        events=(event,), said=f"The plan of {request.unit} is carried out if it is still what has to be done."
    )


def sync(request: Sync, picture: Picture) -> Ruling:
    """Look at Git and at the fleet now; nothing has to be written down for that."""
    if picture.at_work is False:
        raise Refused("nobody is at work on the fleet now, so nobody looks; start it: reconciler run")
    return Ruling(
        events=(),
        said=f"Git and {request.unit} are looked at now. To see what follows: reconciler explain {request.unit}",
    )
