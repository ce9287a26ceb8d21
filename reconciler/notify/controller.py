"""What people are told of the controller itself: Git, commits, who was turned away, channels that are dead. Pure."""

from dataclasses import replace
from typing import assert_never

from reconciler.model.deed import NoticeDropped
from reconciler.model.event import CommitAccepted, CommitRefused, SourceFound, SourceLost
from reconciler.model.notification import CommitTold, Course, Notice, Severity, Topic
from reconciler.model.record import Entry
from reconciler.model.word import AccessRefused
from reconciler.notify.facts import Facts, Headline, notice

_PROBLEMS = 5
GIT = "git"
COMMITS = "commits"
"""The threads of Git itself, and of commits that are not followed."""


def of_git(
    entry: Entry, event: CommitAccepted | CommitRefused | SourceLost | SourceFound, facts: Facts
) -> Notice | None:
    """Return what is told of Git; nothing of a commit that is followed, which its rollouts tell."""
    match event:
        case CommitAccepted():
            return None
        case CommitRefused():
            return _refused(entry, event, facts)
        case SourceLost():
            headline = _git(Topic.GIT_LOST, Severity.ERROR, "Git cannot be asked; the fleet is kept as it was")
            told = notice(entry, facts, replace(headline, course=Course.NEEDS_SOMEBODY), None)
            return replace(told, detail=event.reason, commands=("reconciler doctor",))
        case SourceFound():
            headline = _git(Topic.GIT_FOUND, Severity.INFO, "Git can be asked again")
            return notice(entry, facts, replace(headline, course=Course.ENDED_WELL), None)
        case _:
            assert_never(event)


def _git(topic: Topic, severity: Severity, title: str) -> Headline:
    return Headline(topic=topic, severity=severity, title=title, thread=GIT)


def _refused(entry: Entry, event: CommitRefused, facts: Facts) -> Notice:
    headline = Headline(
        topic=Topic.COMMIT_REFUSED,
        severity=Severity.ERROR,
        title=f"commit {event.commit[:7]} is not followed ({event.why}): {event.subject}",
        thread=COMMITS,
        course=Course.NEEDS_SOMEBODY,
    )
    told = notice(entry, facts, headline, None)
    more = len(event.problems) - _PROBLEMS
    lines = [str(each) for each in event.problems[:_PROBLEMS]] + ([f"and {more} more"] if more > 0 else [])
    commit = facts.commit or CommitTold(id=event.commit, subject=event.subject)
    return replace(told, detail="\n".join(lines), commit=commit, commands=("reconciler validate",))


def turned_away(entry: Entry, word: AccessRefused, facts: Facts) -> Notice:
    """Return what is told of somebody who asked for what they may not have."""
    headline = Headline(
        topic=Topic.ACCESS_REFUSED,
        severity=Severity.WARNING,
        title=f"{word.name or 'somebody unknown'} may not {word.action} {word.unit or ''}".strip(),
        thread=f"access:{word.name}",
    )
    return replace(notice(entry, facts, headline, word.unit), actor=word.name, detail=word.reason)


def dropped(entry: Entry, deed: NoticeDropped, facts: Facts) -> Notice | None:
    """Return that a channel is dead: once an hour, and not when it was just this that could not be told."""
    if facts.told_lately or deed.notice.startswith(f"{Topic.CHANNEL_DEAD}:"):
        return None
    headline = Headline(
        topic=Topic.CHANNEL_DEAD,
        severity=Severity.ERROR,
        title=f"people cannot be told through the channel {deed.channel}",
        thread=dead(deed.channel),
        course=Course.NEEDS_SOMEBODY,
    )
    told = notice(entry, facts, headline, None)
    detail = f"{deed.reason}\nwhat was not told: {deed.notice}"
    return replace(told, detail=detail, commands=(f"reconciler notify test {deed.channel}",))


def dead(channel: str) -> str:
    """Return the thread of a channel that does not work."""
    return f"channel:{channel}"
