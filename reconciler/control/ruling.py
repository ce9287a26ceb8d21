"""What follows from what somebody asks for: events to write down and what to say, or why not. Pure.

Whether they may ask for it at all was found out before, by ``policy.access``.
"""

from typing import assert_never

from reconciler.control import consent, following, rollouts, states, stops, tokens, waivers
from reconciler.control.asked import Asked
from reconciler.control.named import named, refuse_unless_known
from reconciler.model.asking import (
    Abort,
    AcceptRewrite,
    ApplyPlan,
    Approve,
    Delegate,
    GoBack,
    Hold,
    IssueToken,
    Lock,
    Pause,
    Promote,
    Reject,
    Release,
    Request,
    Resume,
    Retry,
    ReviewWaiver,
    RevokeToken,
    Ruling,
    Sync,
    Unlock,
    Waive,
)
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture


def unit_of(request: Request) -> UnitId | None:
    """Return the unit that is asked about, None where it is something else."""
    match request:
        case AcceptRewrite() | Delegate() | IssueToken() | RevokeToken():
            return None
        case _:
            return request.unit


def rule(request: Request, picture: Picture, asked: Asked) -> Ruling:
    """Return what follows; raise Refused, with what to do, where it cannot be as things are."""
    if unit := unit_of(request):
        _refuse_unless_known(unit, picture, asked)
    match request:
        case Promote() | Abort():
            return _of_rollout(request, picture, asked)
        case Approve() | Reject():
            return _of_consent(request, picture, asked)
        case GoBack() | Hold() | Release() | Retry():
            return _of_state(request, picture, asked)
        case Pause() | Resume() | Lock() | Unlock():
            return _of_stop(request, picture, asked)
        case _:
            return _of_others(request, picture, asked)


def _refuse_unless_known(unit: UnitId, picture: Picture, asked: Asked) -> None:
    """Only the machine's owner surely may read whatever name is the nearest."""
    if asked.who.owner:
        named(str(unit), picture.standing.units)
    refuse_unless_known(unit, picture.standing.units)


def _of_rollout(request: Promote | Abort, picture: Picture, asked: Asked) -> Ruling:
    match request:
        case Promote():
            return rollouts.promote(request, picture, asked)
        case Abort():
            return rollouts.abort(request, picture, asked)
        case _:
            assert_never(request)


def _of_consent(request: Approve | Reject, picture: Picture, asked: Asked) -> Ruling:
    """A plan that waits before it begins comes first: then there is no rollout that could wait."""
    waits = consent.plan_asked(picture, request.unit)
    match request:
        case Approve():
            return (consent.approve if waits else rollouts.approve)(request, picture, asked)
        case Reject():
            return (consent.reject if waits else rollouts.reject)(request, picture, asked)
        case _:
            assert_never(request)


def _of_state(request: GoBack | Hold | Release | Retry, picture: Picture, asked: Asked) -> Ruling:
    match request:
        case GoBack():
            return states.go_back(request, picture, asked)
        case Hold():
            return states.hold(request, picture, asked)
        case Release():
            return states.release(request, picture, asked)
        case Retry():
            return states.retry(request, picture, asked)
        case _:
            assert_never(request)


def _of_stop(request: Pause | Resume | Lock | Unlock, picture: Picture, asked: Asked) -> Ruling:
    match request:
        case Pause():
            return stops.pause(request, picture, asked)
        case Resume():
            return stops.resume(request, picture, asked)
        case Lock():
            return stops.lock(request, picture, asked)
        case Unlock():
            return stops.unlock(request, picture, asked)
        case _:
            assert_never(request)


def _of_others(  # noqa: PLR0911 - a line a request
    request: AcceptRewrite | ApplyPlan | Sync | Waive | ReviewWaiver | Delegate | IssueToken | RevokeToken,
    picture: Picture,
    asked: Asked,
) -> Ruling:
    match request:
        case AcceptRewrite():
            return following.accept(request, picture, asked)
        case ApplyPlan():
            return following.apply(request, asked)
        case Sync():
            return following.sync(request, picture)
        case Waive():
            return waivers.waive(request, asked)
        case ReviewWaiver():
            return waivers.review(request, picture, asked)
        case Delegate():
            return consent.delegate(request, picture, asked)
        case IssueToken():
            return tokens.issue(request, picture, asked)
        case RevokeToken():
            return tokens.revoke(request, picture, asked)
        case _:
            assert_never(request)
