"""Where a unit stands, in one word and a sentence, from what the journal knows of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from reconciler.model.event import (
    Assessed,
    Condition,
    HealthChanged,
    Paused,
)
from reconciler.model.identity import UnitId
from reconciler.model.plan import Apply
from reconciler.model.record import Picture
from reconciler.model.rollout import Rollout, State
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.model.waiting import FOR_PEOPLE, Reason


class Word(StrEnum):
    """The state of a unit as ``status`` names it."""

    IN_SYNC = "in sync"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"
    ROLLING_OUT = "rolling out"
    REVERTING = "reverting"
    PENDING = "changes pending"
    DRIFTED = "drifted"
    HOLDING = "holding"
    REVERT_FAILED = "revert failed"
    WAITING = "waiting"
    PAUSED = "paused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a unit stands. ``progress`` is ``2 of 5`` while a rollout is under way; ``since`` None when nobody knows.

    ``stuck`` says that it does not go on by itself now: it is held, waits, or is paused.
    """

    unit: UnitId
    word: Word
    progress: str
    version: str
    commit: str
    since: datetime | None
    stuck: bool


_STUCK = frozenset({Word.HOLDING, Word.REVERT_FAILED, Word.WAITING, Word.PAUSED, Word.UNHEALTHY})
_HELD = frozenset({Reason.REJECTED, Reason.NOTHING_TO_REVERT_TO, Reason.DRIFT_HELD, Reason.HELD})
_ENDED_BY_RETRY = frozenset({Reason.BACKOFF, Reason.REVERT_FAILED, Reason.DISAPPROVED, Reason.CONCURRENCY})


def decided(standing: Standing) -> Standing:
    """Return the standing without what a pass found before a person decided otherwise (retry, resume)."""
    return replace(standing, units={unit: _decided(known, standing) for unit, known in standing.units.items()})


def _decided(known: UnitStanding, standing: Standing) -> UnitStanding:
    assessed = known.assessed
    if assessed is None or assessed.waiting is None:
        return known
    bad = any(each.verdict is Verdict.BAD for each in known.verdicts.values())
    reason = assessed.waiting.reason
    if reason in (Reason.REJECTED, Reason.NOTHING_TO_REVERT_TO) and not bad:
        return replace(known, assessed=replace(assessed, waiting=None, in_sync=False))
    if reason is Reason.HELD and not (known.pinned or (known.last and known.last.state is State.ABORTED)):
        return replace(known, assessed=replace(assessed, waiting=None, in_sync=None))
    if reason is Reason.PAUSED and not (known.paused or standing.paused):
        return replace(known, assessed=replace(assessed, waiting=None))
    return known


def places(picture: Picture) -> tuple[Place, ...]:
    """Return where every unit stands, by name; one that left Git and of which nothing is left is not shown."""
    units = picture.standing.units
    return tuple(place(picture, unit) for unit in sorted(units) if not _is_gone(units[unit]))


def _is_gone(known: UnitStanding) -> bool:
    left_git = known.assessed is not None and not known.assessed.digest
    return left_git and not known.owned and known.rollout is None


def place(picture: Picture, unit: UnitId) -> Place:
    """Return where the unit stands."""
    known = picture.standing.of(unit)
    rollout, assessed = known.rollout, known.assessed
    word = _word(picture, known)
    shown = rollout or assessed
    waiting = rollout.waiting if rollout else assessed.waiting if assessed else None
    waits = waiting is not None and (rollout is None or waiting.reason in FOR_PEOPLE)
    return Place(
        unit=unit,
        word=word,
        progress=_progress(picture, rollout) if rollout else "",
        version=shown.version if shown else "",
        commit=shown.commit if shown else "",
        since=_since(known, word, rejected(known)),
        stuck=waits or word in _STUCK,
    )


def _word(picture: Picture, known: UnitStanding) -> Word:
    if paused(picture, known.unit):
        return Word.PAUSED
    if known.rollout:
        return _of_rollout(known.rollout.state)
    word = _of_assessment(known.assessed, known.last) if known.assessed else Word.UNKNOWN
    worst = next(iter(ailing(known)), None)
    return Word(worst.condition.value) if worst and word is Word.IN_SYNC else word


def ailing(known: UnitStanding) -> tuple[HealthChanged, ...]:
    """Return what is known of the targets where the app does not do well, the worst first; none during a rollout."""
    if known.rollout:
        return ()
    found = (each for each in known.health.values() if each.condition is not Condition.HEALTHY)
    return tuple(sorted(found, key=lambda each: (each.condition is not Condition.UNHEALTHY, each.target)))


def _of_assessment(assessed: Assessed, last: Rollout | None) -> Word:
    if assessed.waiting:
        return _of_reason(assessed.waiting.reason)
    if assessed.unseen:
        return Word.UNKNOWN
    if assessed.drifted:
        return Word.DRIFTED
    if assessed.in_sync:
        return Word.HOLDING if assessed.rejected else Word.IN_SYNC
    # The rollout that had the unit in hand has ended, and no pass has looked since: its end is the newest known. One
    # that brought another state is older than the look.
    if last and (last.state is not State.SUCCEEDED or last.digest == assessed.digest):
        return _of_end(last.state)
    return Word.UNKNOWN if assessed.in_sync is None else Word.PENDING


def _of_end(state: State) -> Word:
    if state is State.SUCCEEDED:
        return Word.IN_SYNC
    if state is State.REVERT_FAILED:
        return Word.REVERT_FAILED
    return Word.PENDING if state in (State.ABORTED, State.SUPERSEDED) else Word.HOLDING


def _of_reason(reason: Reason) -> Word:
    if reason is Reason.REVERT_FAILED:
        return Word.REVERT_FAILED
    if reason in _HELD:
        return Word.HOLDING
    return {Reason.DRIFT_REPORTED: Word.DRIFTED, Reason.UNREACHABLE: Word.UNKNOWN}.get(reason, Word.WAITING)


def _of_rollout(state: State) -> Word:
    match state:
        case State.PENDING | State.RUNNING:
            return Word.ROLLING_OUT
        case State.REVERT_NEEDED | State.REVERTING:
            return Word.REVERTING
        case State.PAUSED | State.REVERT_PAUSED:
            return Word.PAUSED
        case (
            State.SUCCEEDED | State.REVERTED | State.REVERT_FAILED | State.HELD | State.ABORTED | State.SUPERSEDED
        ):  # pragma: no cover - the store keeps these apart
            return Word.UNKNOWN
        case _:
            assert_never(state)


def _progress(picture: Picture, rollout: Rollout) -> str:
    plan = picture.plans.get(rollout.plan)
    return f"{min(rollout.cursor + 1, len(plan.steps))} of {len(plan.steps)}" if plan and plan.steps else ""


def _since(known: UnitStanding, word: Word, verdict: VerdictRecord | None) -> datetime | None:
    if known.rollout:
        return known.rollout.started_at
    if word in (Word.HOLDING, Word.REVERT_FAILED) and verdict:
        return verdict.at
    if word is Word.IN_SYNC and known.last:
        return known.last.updated_at
    if word in (Word.DEGRADED, Word.UNHEALTHY):
        return min(each.since for each in ailing(known) if each.condition.value == word.value)
    return known.last_good.at if word is Word.IN_SYNC and known.last_good else None


def paused(picture: Picture, unit: UnitId) -> Paused | None:
    """Return the pause that stops the unit: its own, or that of everything."""
    return picture.standing.of(unit).paused or picture.standing.paused


def rejected(known: UnitStanding) -> VerdictRecord | None:
    """Return the verdict that keeps the unit from what Git says; None when nothing does.

    A bad verdict on a state that Git no longer asks for stays in the journal and means nothing now.
    """
    if known.assessed is None or known.assessed.rejected is None:
        return None
    verdict = known.verdicts.get(known.assessed.rejected)
    return verdict if verdict and verdict.verdict is Verdict.BAD else None


def unsure(picture: Picture, rollout: Rollout) -> tuple[str, ...]:
    """Return the targets of the step in hand of which nobody knows yet how their change ended; mostly none."""
    plan, record = picture.plans.get(rollout.plan), rollout.step
    if plan is None or record is None or rollout.wake_at is None or rollout.cursor >= len(plan.steps):
        return ()
    step = plan.steps[rollout.cursor]
    if not isinstance(step, Apply):
        return ()
    known = {*record.targets_done, *(each.target for each in rollout.failures)}
    return tuple(each.target for each in step.targets if each.target not in known)


def may_retry(picture: Picture, unit: UnitId) -> bool:
    """Whether ``retry`` makes sense: a failure or a no keeps the unit from what Git says, or from another try."""
    known = picture.standing.of(unit)
    if known.rollout:
        return False
    waiting = known.assessed.waiting.reason if known.assessed and known.assessed.waiting else None
    aborted = known.last is not None and known.last.state is State.ABORTED
    return aborted or waiting in _ENDED_BY_RETRY or rejected(known) is not None
