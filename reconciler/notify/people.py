"""What people are told of what other people did: pauses, holds, locks and waivers. Pure."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from reconciler.model.event import Paused, Pinned, Released, Resumed
from reconciler.model.notification import Course, Notice, Severity, Topic
from reconciler.model.record import Entry
from reconciler.model.word import Locked, Unlocked, Waived, WaiverReviewed
from reconciler.notify.facts import Facts, Headline, notice

Holding: TypeAlias = Paused | Resumed | Pinned | Released


def held(entry: Entry, event: Holding, facts: Facts) -> Notice:
    """Return what is told of a unit, or of everything, that a person stops or lets go on."""
    who, unit = event.author, event.unit
    where = str(unit) if unit else "everything"
    commands: tuple[str, ...] = ()
    match event:
        case Paused():
            said = (Topic.UNIT_PAUSED, Severity.WARNING, f"{where}: automation was paused by {who}")
            commands = (f"reconciler resume {unit or ''}".strip(),)
        case Resumed():
            said = (Topic.UNIT_RESUMED, Severity.INFO, f"{where}: automation goes on, says {who}")
        case Pinned():
            said = (Topic.UNIT_HELD, Severity.WARNING, f"{where} is held at {event.named} by {who}")
            commands = (f"reconciler release {unit}",)
        case Released():
            said = (Topic.UNIT_RELEASED, Severity.INFO, f"{where} follows Git again, says {who}")
        case _:
            assert_never(event)
    topic, severity, title = said
    headline = Headline(topic=topic, severity=severity, title=title, thread=f"unit:{where}")
    return replace(notice(entry, facts, headline, unit), actor=who, reason=event.reason, commands=commands)


def locked(entry: Entry, word: Locked | Unlocked, facts: Facts) -> Notice:
    """Return what is told of a lock."""
    where = str(word.unit or word.environment or "everything")
    locks = isinstance(word, Locked)
    until = f" until {word.until:%Y-%m-%d %H:%M %Z}" if isinstance(word, Locked) and word.until else ""
    headline = Headline(
        topic=Topic.UNIT_LOCKED if locks else Topic.UNIT_UNLOCKED,
        severity=Severity.WARNING if locks else Severity.INFO,
        title=f"{where} was {'locked' if locks else 'unlocked'} by {word.author}{until}",
        thread=f"lock:{where}",
        course=Course.UNDER_WAY if locks else Course.ENDED_WELL,
    )
    told = notice(entry, facts, headline, word.unit)
    environment = word.unit.environment if word.unit else word.environment
    commands = (f"reconciler unlock {word.unit or f'--environment {word.environment}'}",) if locks else ()
    return replace(told, environment=environment, actor=word.author, reason=word.reason, commands=commands)


def waived(entry: Entry, word: Waived | WaiverReviewed, facts: Facts) -> Notice:
    """Return what is told of a waiver, loudly, or of its review."""
    if isinstance(word, WaiverReviewed):
        headline = Headline(
            topic=Topic.WAIVER_REVIEWED,
            severity=Severity.INFO,
            title=f"{word.unit}: the waiver {word.id} was reviewed by {word.author}",
            thread=f"waiver:{word.id}",
            course=Course.ENDED_WELL,
        )
        return replace(notice(entry, facts, headline, word.unit), actor=word.author, detail=word.finding)
    headline = Headline(
        topic=Topic.WAIVER_USED,
        severity=Severity.CRITICAL if word.emergency else Severity.ERROR,
        title=f"{word.unit}: {word.author} passes {', '.join(word.gates)} though policy says no (break glass)",
        thread=f"waiver:{word.id}",
        course=Course.NEEDS_SOMEBODY,
    )
    told = notice(entry, facts, headline, word.unit)
    return replace(
        told,
        actor=word.author,
        reason=word.reason,
        detail=f"until {word.until:%Y-%m-%d %H:%M %Z}; somebody else has to review it",
        commands=(f'reconciler review-waiver {word.id} --finding "..."',),
    )
