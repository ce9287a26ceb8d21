"""What a notice is made from beside the entry, and what all notices have: looked up by others, put together here."""

from dataclasses import dataclass

from reconciler.model.access import Placed
from reconciler.model.event import Assessed, Measured
from reconciler.model.identity import UnitId
from reconciler.model.notification import CommitTold, Course, Link, Notice, Severity, Topic
from reconciler.model.plan import Plan
from reconciler.model.record import Entry
from reconciler.model.rollout import Rollout
from reconciler.model.unit import Unit
from reconciler.model.word import ApprovalGiven

NOWHERE = Placed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was known when the entry was read; each part is empty where there is none.

    ``unit`` is the unit as Git says now, ``services`` the units that come after it. ``rollout`` is the one that the
    entry is about, ``forward`` its first plan, ``plan`` the one in hand then. ``before`` is what was found about the
    unit before, ``measured`` what was measured in the rollout, ``given`` who consented to the plan. ``told_lately``
    says of a channel that people were told of its failing within the hour. ``links`` is the address for links.
    """

    placed: Placed = NOWHERE
    unit: Unit | None = None
    services: tuple[str, ...] = ()
    rollout: Rollout | None = None
    forward: Plan | None = None
    plan: Plan | None = None
    commit: CommitTold | None = None
    before: Assessed | None = None
    measured: tuple[Measured, ...] = ()
    given: tuple[ApprovalGiven, ...] = ()
    told_lately: bool = False
    links: str = ""


NOTHING = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What a notice says first, and which thread it goes on with."""

    topic: Topic
    severity: Severity
    title: str
    thread: str
    course: Course = Course.UNDER_WAY


def notice(entry: Entry, facts: Facts, headline: Headline, unit: UnitId | None) -> Notice:
    """Return a notice with what all of them have."""
    rollout = facts.rollout
    known = facts.unit
    version = rollout.version if rollout else known.version if known else ""
    return Notice(
        id=f"{entry.number}",
        topic=headline.topic,
        severity=headline.severity,
        title=one_line(headline.title),
        at=entry.at,
        thread=headline.thread,
        course=headline.course,
        unit=unit,
        environment=unit.environment if unit else "",
        labels=facts.placed.app,
        version=version if unit else "",
        services=facts.services,
        targets=known.targets if known else (),
        commit=facts.commit,
        rollout=rollout.id if rollout else "",
        links=_links(facts, unit),
    )


def one_line(text: str, longest: int = 300) -> str:
    """Return the text on one line, cut where it is longer than that."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _links(facts: Facts, unit: UnitId | None) -> tuple[Link, ...]:
    if not facts.links:
        return ()
    base, found = facts.links.rstrip("/"), []
    if unit:
        found.append(Link(label=str(unit), url=f"{base}/v1/units/{unit}"))
    if facts.rollout:
        found.append(Link(label="rollout", url=f"{base}/v1/rollouts/{facts.rollout.id}"))
    return tuple(found)
