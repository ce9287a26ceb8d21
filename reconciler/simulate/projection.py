"""What follows from each event, as values: the rules of the store, without tables. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from reconciler.model.change import Cause
from reconciler.model.deed import Deed
from reconciler.model.event import (
    AbortRequested,
    Assessed,
    CommitAccepted,
    CommitRefused,
    DecisionTaken,
    Event,
    Healed,
    HealthChanged,
    Measured,
    Paused,
    Pinned,
    PlanAccepted,
    Released,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    RewriteAccepted,
    RolloutMoved,
    Routed,
    SnapshotTaken,
    SourceFound,
    SourceLost,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.identity import ResourceId
from reconciler.model.rollout import ENDS, Rollout, State
from reconciler.model.standing import UnitStanding
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.model.word import Said
from reconciler.policy.drift import healed_again
from reconciler.policy.in_force import asked_anew, in_force
from reconciler.store.projections import KEPT_SNAPSHOTS

_BAD_ENDS = frozenset({State.HELD, State.REVERT_FAILED})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one unit, and its kept snapshots, the newest first."""

    standing: UnitStanding
    snapshots: tuple[Snapshot, ...] = ()


def follows(known: Known, event: Event, at: datetime) -> Known:  # noqa: C901, PLR0911, PLR0912 - a case an event
    """Return what is known of the event's unit after it."""
    standing = known.standing
    if isinstance(event, Said):
        return _with(known, words=in_force(standing.words, event))
    if isinstance(event, Deed):
        return known
    match event:
        case ResourcesApplied():
            return _with(known, owned=_owned(standing.owned, event))
        case Healed():
            mended = {
                one.resource: healed_again(standing.heals.get(one.resource), one.fields, at) for one in event.mended
            }
            return _with(known, heals={**standing.heals, **mended})
        case VerdictGiven():
            return _judged(known, event, at)
        case SnapshotTaken():
            return _good(replace(known, snapshots=_kept(known, Snapshot(event.unit, at))))
        case Assessed():
            return _with(known, assessed=event)
        case PlanAccepted():
            return _with(known, accepted=event)
        case Paused():
            return _with(known, paused=event)
        case Resumed():
            return _with(known, paused=None)
        case RetryRequested():
            return _forgotten(known, event, at)
        case RolloutMoved():
            return _moved(known, event)
        case Routed():
            return _with(known, routing=event.shares)
        case DecisionTaken():
            return _with(known, decisions=(*standing.decisions, event.decision))
        case AbortRequested():
            return _with(known, abort=event)
        case Pinned():
            at_it = next((one for one in known.snapshots if one.unit.digest == event.digest), None)
            return _with(known, pinned=event, pinned_at=at_it)
        case Released():
            return _with(known, pinned=None, pinned_at=None)
        case HealthChanged():
            return _with(known, health=dict(sorted({**standing.health, event.target: event}.items())))
        case StepStarted() | StepEnded() | Measured():
            return known
        case CommitAccepted() | CommitRefused() | RewriteAccepted() | SourceLost() | SourceFound():
            return known
        case _:
            assert_never(event)


def ended(standing: UnitStanding, rollout: Rollout) -> UnitStanding:
    """Return the standing when its rollout has ended."""
    over = replace(standing, rollout=None, last=rollout)
    if rollout.state is State.SUCCEEDED:
        return replace(over, failed_heals=0, last_failed_at=None)
    nobody_committed = rollout.cause is not Cause.COMMIT or rollout.state is State.REVERT_FAILED
    if rollout.state in _BAD_ENDS and nobody_committed:
        last = max(over.last_failed_at or rollout.updated_at, rollout.updated_at)
        return replace(over, failed_heals=over.failed_heals + 1, last_failed_at=last)
    return over


def _with(known: Known, **fields: Any) -> Known:
    return replace(known, standing=replace(known.standing, **fields))


def _moved(known: Known, event: RolloutMoved) -> Known:
    begins, ends = event.before is None, event.after in ENDS
    if begins or ends:
        known = _with(known, decisions=(), abort=None)
    if begins:
        known = _with(known, accepted=None, words=asked_anew(known.standing.words))
    return _with(known, health={}) if ends else known


def _owned(before: Mapping[ResourceId, Owned], event: ResourcesApplied) -> Mapping[ResourceId, Owned]:
    gone = {*event.removed, *(one.resource.id for one in event.applied)}
    after = {each: owned for each, owned in before.items() if each not in gone}
    for one in event.applied:
        after[one.resource.id] = _still(one, before.get(one.resource.id))
    return after


def _still(now: Owned, before: Owned | None) -> Owned:
    if before is None:
        return now
    if not now.sure:
        return replace(before, created=now.created or before.created)
    return replace(now, created=now.created or before.created, before=now.before or before.before)


def _judged(known: Known, event: VerdictGiven, at: datetime) -> Known:
    record = VerdictRecord(
        unit=event.unit, digest=event.digest, verdict=event.verdict, reason=event.reason, commit=event.commit, at=at
    )
    return _good(_with(known, verdicts={**known.standing.verdicts, event.digest: record}, heals={}))


def _forgotten(known: Known, event: RetryRequested, at: datetime) -> Known:
    reason = f"{event.author} asked for another try: {event.reason}"
    verdicts = {
        digest: replace(record, verdict=Verdict.UNKNOWN, reason=reason, at=at, asked_by=event.author)
        if record.verdict is Verdict.BAD
        else record
        for digest, record in known.standing.verdicts.items()
    }
    words = asked_anew(known.standing.words)
    return _with(known, verdicts=verdicts, words=words, heals={}, last=None, failed_heals=0, last_failed_at=None)


def _good(known: Known) -> Known:
    """The newest snapshot that is still thought good is what there is to go back to."""
    good = next((one for one in known.snapshots if _is_good(known, one)), None)
    return _with(known, last_good=good)


def _is_good(known: Known, snapshot: Snapshot) -> bool:
    record = known.standing.verdicts.get(snapshot.unit.digest)
    return record is not None and record.verdict is Verdict.GOOD


def _kept(known: Known, newest: Snapshot) -> tuple[Snapshot, ...]:
    all_of_them = (newest, *known.snapshots)
    good: dict[str, Snapshot] = {}
    for one in all_of_them:
        if _is_good(known, one):
            good.setdefault(one.unit.digest, one)
    pinned = known.standing.pinned_at
    wanted = [newest, *list(good.values())[:KEPT_SNAPSHOTS], *([pinned] if pinned else [])]
    return tuple(one for one in all_of_them if any(one is each for each in wanted))
