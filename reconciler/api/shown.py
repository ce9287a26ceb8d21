"""Values of the model as the API shows them. Pure."""

from typing import cast

from reconciler.api.answers import (
    AssessedAnswer,
    CommitsAnswer,
    EventAnswer,
    HealthAnswer,
    HeldAnswer,
    Object,
    PauseAnswer,
    PlanAnswer,
    RejectedAnswer,
    RolloutAnswer,
    SightingAnswer,
    StateAnswer,
    TokenAnswer,
    UnitAnswer,
    UnitDetails,
    WaitingAnswer,
)
from reconciler.control.where import Place, rejected
from reconciler.model.assessment import Assessment
from reconciler.model.canonical import plain
from reconciler.model.event import Event, Paused, Pinned, SnapshotTaken
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Entry, Kept, Picture
from reconciler.model.rollout import Rollout
from reconciler.model.sighting import Sighting
from reconciler.model.verdict import VerdictRecord
from reconciler.model.waiting import WaitingOn
from reconciler.model.word import TokenIssued


def _object(value: object) -> Object:
    return cast(Object, plain(value))


def unit_shown(picture: Picture, where: Place) -> UnitAnswer:
    """Return a unit as lists have it."""
    known = picture.standing.of(where.unit)
    assessed, rollout = known.assessed, known.rollout
    waiting = rollout.waiting if rollout else assessed.waiting if assessed else None
    return UnitAnswer(
        unit=str(where.unit),
        state=where.word.value,
        progress=where.progress,
        version=where.version,
        commit=where.commit,
        since=where.since,
        stuck=where.stuck,
        in_sync=assessed.in_sync if assessed else None,
        waiting=_waiting(waiting),
        rollout=rollout.id if rollout else None,
        paused=_pause(known.paused or picture.standing.paused),
        held=_held(known.pinned),
        rejected=_rejected(rejected(known)),
        drifted=assessed.drifted if assessed else (),
        unseen=assessed.unseen if assessed else (),
    )


def unit_details(picture: Picture, where: Place) -> UnitDetails:
    """Return all that is known of a unit."""
    known = picture.standing.of(where.unit)
    health = {
        target: HealthAnswer(condition=each.condition.value, detail=each.detail, since=each.since)
        for target, each in sorted(known.health.items())
    }
    return UnitDetails(
        summary=unit_shown(picture, where),
        current=rollout_shown(known.rollout) if known.rollout else None,
        last=rollout_shown(known.last) if known.last else None,
        health=health,
        words=[_object(each) for each in known.words],
    )


def rollout_shown(rollout: Rollout) -> RolloutAnswer:
    """Return a rollout."""
    return RolloutAnswer(
        id=rollout.id,
        unit=str(rollout.unit),
        state=rollout.state.value,
        ended=rollout.ended,
        cause=rollout.cause.value,
        commit=rollout.commit,
        version=rollout.version,
        forward=rollout.forward,
        plan=rollout.plan,
        cursor=rollout.cursor,
        reason=rollout.reason,
        started_at=rollout.started_at,
        updated_at=rollout.updated_at,
        deadline=rollout.deadline,
        waiting=_waiting(rollout.waiting),
        failures=[_object(each) for each in rollout.failures],
    )


def state_shown(kept: Kept) -> StateAnswer:
    """Return a state that is kept."""
    unit = kept.snapshot.unit
    return StateAnswer(
        version=unit.version,
        commit=unit.commit,
        digest=unit.digest,
        verdict=kept.verdict.value,
        at=kept.snapshot.at,
        held=kept.pinned,
        irreversible=unit.irreversible,
    )


def plan_shown(plan: Plan) -> PlanAnswer:
    """Return a plan; contents are named by digest, and those of secrets by a keyed one."""
    return PlanAnswer(
        id=plan.id,
        unit=str(plan.unit.id),
        cause=plan.cause.value,
        version=plan.unit.version,
        commit=plan.unit.commit,
        targets=[each.name for each in plan.targets],
        notes=plan.notes,
        plan=_object(plan),
    )


def event_shown(entry: Entry) -> EventAnswer:
    """Return an event; of a token not even the digest is shown."""
    shown = _object(entry.event)
    if isinstance(entry.event, TokenIssued):
        del shown["digest"]
    unit = unit_of(entry.event)
    return EventAnswer(number=entry.number, at=entry.at, unit=str(unit) if unit else None, event=shown)


def unit_of(event: Event) -> UnitId | None:
    """Return the unit that an event is about, None when it is about everything."""
    match event:
        case SnapshotTaken():
            return event.unit.id
        case _:
            unit: UnitId | None = getattr(event, "unit", None)
            return unit


def commits_shown(picture: Picture) -> CommitsAnswer:
    """Return what Git says."""
    accepted, refused = picture.accepted, picture.refused
    return CommitsAnswer(
        accepted=accepted.commit if accepted else None,
        subject=accepted.subject if accepted else "",
        refused=refused.commit if refused else None,
        refused_because=refused.why.value if refused else "",
        problems=[str(each) for each in refused.problems] if refused else [],
        lost=picture.lost.reason if picture.lost else None,
        paused=_pause(picture.standing.paused),
    )


def assessed_shown(assessment: Assessment) -> AssessedAnswer:
    """Return what would follow for a unit."""
    return AssessedAnswer(
        unit=str(assessment.unit),
        waiting=_waiting(assessment.waiting),
        gates=[_object(each) for each in assessment.gates],
        drifted=assessment.drifted,
        unseen=[f"{each.target}: {each.reason}" for each in assessment.unseen],
        plan=plan_shown(assessment.plan) if assessment.plan else None,
    )


def sighting_shown(sighting: Sighting) -> SightingAnswer:
    """Return what was seen of a unit on one target."""
    return SightingAnswer(
        unit=str(sighting.unit),
        target=sighting.target,
        at=sighting.at,
        seen={ref: plain(each) for ref, each in sighting.seen.items()},
        trouble=sighting.trouble,
        tried=sighting.tried,
    )


def token_shown(token: TokenIssued) -> TokenAnswer:
    """Return a token as far as anybody may know it."""
    return TokenAnswer(
        id=token.id,
        name=token.name,
        author=token.author,
        at=token.at,
        until=token.until,
        groups=token.groups,
        actions=[each.value for each in token.scope.actions] if token.scope.actions is not None else None,
        units=token.scope.match.units,
    )


def _waiting(waiting: WaitingOn | None) -> WaitingAnswer | None:
    return WaitingAnswer(reason=waiting.reason.value, detail=waiting.detail, until=waiting.until) if waiting else None


def _pause(pause: Paused | None) -> PauseAnswer | None:
    return PauseAnswer(author=pause.author, reason=pause.reason) if pause else None


def _held(pinned: Pinned | None) -> HeldAnswer | None:
    return HeldAnswer(author=pinned.author, at=pinned.named, reason=pinned.reason) if pinned else None


def _rejected(verdict: VerdictRecord | None) -> RejectedAnswer | None:
    return RejectedAnswer(commit=verdict.commit, reason=verdict.reason, at=verdict.at) if verdict else None
