"""What people are told of how units stand: drift, health, verdicts, and what keeps them from going on. Pure."""

from dataclasses import replace
from typing import assert_never

from reconciler.model.event import Assessed, Condition, Healed, HealthChanged, VerdictGiven
from reconciler.model.notification import Course, Notice, Severity, Topic
from reconciler.model.record import Entry
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.notify.facts import Facts, Headline, notice, one_line

_TOLD_OTHERWISE = frozenset(
    {
        *(Reason.APPROVAL, Reason.PROMOTION, Reason.DEPENDENCY, Reason.TIME, Reason.HEALTH, Reason.ANALYSIS),
        *(Reason.TRAFFIC, Reason.HOOK, Reason.BACKOFF, Reason.CONCURRENCY, Reason.PAUSED, Reason.HELD, Reason.LOCKED),
        *(Reason.REJECTED, Reason.DRIFT_REPORTED, Reason.DRIFT_HELD, Reason.REMOVED, Reason.DISAPPROVED),
    }
)
"""Why a unit waits that people are told of by other notices, or that ends by itself."""

_LOUDER = {
    Reason.WINDOW: Severity.INFO,
    Reason.BUDGET: Severity.INFO,
    Reason.REVERT_FAILED: Severity.CRITICAL,
    Reason.NOTHING_TO_REVERT_TO: Severity.ERROR,
    Reason.GUARDRAIL: Severity.ERROR,
    Reason.UNVERIFIED: Severity.ERROR,
}
_SHOWN = 5


def found(entry: Entry, event: Assessed | Healed | HealthChanged | VerdictGiven, facts: Facts) -> Notice | None:
    """Return what is told of how a unit was found."""
    match event:
        case Assessed():
            return _drifted(entry, event, facts) or _waits(entry, event, facts)
        case Healed():
            names = tuple(f"{each.resource.target}/{each.resource.ref}" for each in event.mended)
            return replace(_calm(entry, event, facts, f"drift was healed on {_few(names)}"), rollout=event.rollout)
        case HealthChanged():
            return _feels(entry, event, facts)
        case VerdictGiven():
            return _judged(entry, event, facts)
        case _:
            assert_never(event)


def drift_thread(event: Assessed | Healed) -> str:
    """Return the thread of the drift of a unit."""
    return f"drift:{event.unit}"


def _drifted(entry: Entry, event: Assessed, facts: Facts) -> Notice | None:
    before = facts.before.drifted if facts.before else ()
    new = [each for each in event.drifted if each not in before]
    if before and not event.drifted and event.in_sync:
        return _calm(entry, event, facts, "there is no drift any more")
    if not new:
        return None
    reason = event.waiting.reason if event.waiting else None
    left = reason in (Reason.DRIFT_REPORTED, Reason.DRIFT_HELD, Reason.FIGHT)
    headline = Headline(
        topic=Topic.DRIFT_FOUND,
        severity=Severity.WARNING if left else Severity.INFO,
        title=f"{event.unit}: drift on {_few(tuple(new))}",
        thread=drift_thread(event),
        course=Course.NEEDS_SOMEBODY if left else Course.UNDER_WAY,
    )
    told = notice(entry, facts, headline, event.unit)
    detail = event.waiting.detail if event.waiting else "it is healed as policy says"
    return replace(told, detail=detail, targets=(), commands=(f"reconciler explain {event.unit}",))


def _calm(entry: Entry, event: Assessed | Healed, facts: Facts, words: str) -> Notice:
    headline = Headline(
        topic=Topic.DRIFT_HEALED,
        severity=Severity.INFO,
        title=f"{event.unit}: {words}",
        thread=drift_thread(event),
        course=Course.ENDED_WELL,
    )
    return notice(entry, facts, headline, event.unit)


def _waits(entry: Entry, event: Assessed, facts: Facts) -> Notice | None:
    before = facts.before.waiting.reason if facts.before and facts.before.waiting else None
    if event.waiting is None or event.waiting.reason in (before, *_TOLD_OTHERWISE):
        return None
    reason = event.waiting.reason
    headline = Headline(
        topic=Topic.UNIT_GUARDED if reason is Reason.GUARDRAIL else Topic.UNIT_WAITING,
        severity=_LOUDER.get(reason, Severity.WARNING),
        title=f"{event.unit}: {_why(event.waiting)}",
        thread=f"unit:{event.unit}",
        course=Course.UNDER_WAY if _LOUDER.get(reason) is Severity.INFO else Course.NEEDS_SOMEBODY,
    )
    told = notice(entry, facts, headline, event.unit)
    return replace(told, detail=event.waiting.detail, plan=event.plan, commands=(f"reconciler explain {event.unit}",))


def _why(waiting: WaitingOn) -> str:
    return f"does not go on ({waiting.reason}): {one_line(waiting.detail, 160)}"


def _feels(entry: Entry, event: HealthChanged, facts: Facts) -> Notice:
    well = event.condition is Condition.HEALTHY
    headline = Headline(
        topic=Topic.HEALTH_HEALTHY if well else Topic.HEALTH_DEGRADED,
        severity=_HEALTH[event.condition],
        title=f"{event.unit} is {event.condition} on {event.target}",
        thread=f"health:{event.unit}/{event.target}",
        course=Course.ENDED_WELL if well else Course.NEEDS_SOMEBODY,
    )
    told = notice(entry, facts, headline, event.unit)
    commands = () if well else (f"reconciler explain {event.unit}", f"reconciler rollback {event.unit}")
    return replace(told, detail=event.detail, targets=(event.target,), commands=commands)


_HEALTH = {
    Condition.HEALTHY: Severity.INFO,
    Condition.DEGRADED: Severity.WARNING,
    Condition.UNHEALTHY: Severity.ERROR,
}


def _judged(entry: Entry, event: VerdictGiven, facts: Facts) -> Notice | None:
    if event.verdict is not Verdict.BAD:
        return None
    headline = Headline(
        topic=Topic.UNIT_REJECTED,
        severity=Severity.ERROR,
        title=f"{event.unit}: what Git says ({event.commit[:7]}) is rejected and not tried again by itself",
        thread=f"unit:{event.unit}",
        course=Course.NEEDS_SOMEBODY,
    )
    told = notice(entry, facts, headline, event.unit)
    commands = (f"reconciler explain {event.unit}", f'reconciler retry {event.unit} --reason "..."')
    return replace(told, detail=event.reason, commands=commands)


def _few(names: tuple[str, ...]) -> str:
    if len(names) <= _SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[:_SHOWN])} and {len(names) - _SHOWN} more"
