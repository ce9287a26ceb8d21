"""The report on a period: its measures, those of the period before, and what stood in the way. Pure."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reconciler.model.chronicle import Chronicle, Ran
from reconciler.report.deployments import Deployment, counted_from, deployments
from reconciler.report.lead import LeadFrom
from reconciler.report.measures import Measures, by, measures
from reconciler.report.period import Period
from reconciler.report.slow import Drifting, Slow, Waits, drifting, slowest, unhealthy, waits
from reconciler.report.spread import Spread

MOST = 10
NO_TEAM = "(no team)"


class Grouping(StrEnum):
    """What the measures are told apart by."""

    APP = "app"
    ENVIRONMENT = "environment"
    TEAM = "team"
    UNIT = "unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodReport:
    """``parts`` are the measures of each day or week that is told of. ``lead_from`` counts what lead times are
    counted from.

    ``partial`` says that the journal does not reach back to where the period begins; ``before`` is None where it does
    not reach back over the period before. ``only`` is the environment that was asked for, empty for all.
    """

    period: Period
    only: str
    grouping: Grouping
    now: Measures
    before: Measures | None
    groups: tuple[tuple[str, Measures], ...]
    parts: tuple[tuple[Period, Measures], ...]
    lead_from: tuple[tuple[LeadFrom, int], ...]
    failures: tuple[Deployment, ...]
    slowest: tuple[Slow, ...]
    drifting: tuple[Drifting, ...]
    waits: Waits
    unhealthy: Spread
    refused: int
    untold: str
    partial: bool


def period_report(told: Chronicle, period: Period, grouping: Grouping, only: str) -> PeriodReport:
    """Return the report on a period; the chronicle begins where the period before does, or later.

    ``only`` is an environment; with none all of them count.
    """
    mine = [each for each in told.rollouts if only in ("", each.unit.environment)]
    found = [each for each in deployments(told) if only in ("", each.ran.unit.environment)]
    known = _known(told, period)
    within = [each for each in found if known.has(each.ended_at)]
    drifted = [each for each in told.drifted if period.has(each.at) and only in ("", each.unit.environment)]
    steps = (each for each in told.steps if period.has(each.at))
    reaches_back = told.oldest is not None and told.oldest <= period.before.since
    return PeriodReport(
        period=period,
        only=only,
        grouping=grouping,
        now=measures(found, mine, known),
        before=measures(found, mine, period.before) if reaches_back else None,
        groups=by(_named(grouping, told), found, mine, known),
        parts=_parts(found, mine, known),
        lead_from=tuple(sorted(counted_from(within).items())),
        failures=tuple(each for each in reversed(within) if each.failed)[:MOST],
        slowest=slowest((each for each in steps if only in ("", each.unit.environment)), MOST),
        drifting=drifting(drifted, MOST),
        waits=waits((each for each in told.asked if only in ("", each.unit.environment)), period),
        unhealthy=unhealthy([each for each in told.felt if only in ("", each.unit.environment)], period),
        refused=sum(map(period.has, told.refused)),
        untold=told.untold,
        partial=told.oldest is None or told.oldest > period.since,
    )


def _known(told: Chronicle, period: Period) -> Period:
    """The part of the period that is told of. Rollouts stay in the journal longer than entries, and tell of it too."""
    began = [each.started_at for each in told.rollouts]
    return period.known(min([told.oldest, *began] if told.oldest else began, default=None), told.until)


def _named(grouping: Grouping, told: Chronicle) -> Callable[[Ran], str]:
    match grouping:
        case Grouping.APP:
            return lambda ran: ran.unit.app
        case Grouping.ENVIRONMENT:
            return lambda ran: ran.unit.environment
        case Grouping.TEAM:
            return lambda ran: told.teams.get(ran.unit, NO_TEAM)
        case Grouping.UNIT:
            return lambda ran: str(ran.unit)


def _parts(found: Sequence[Deployment], rollouts: Sequence[Ran], period: Period) -> tuple[tuple[Period, Measures], ...]:
    """The measures of each part: what ended in it is looked for once, and not once for each part."""
    parts = period.parts()
    ends = [part.until for part in parts]
    some: list[list[Deployment]] = [[] for _ in parts]
    ran: list[list[Ran]] = [[] for _ in parts]
    for each in found:
        if period.has(each.ended_at):
            some[bisect_right(ends, each.ended_at)].append(each)
    for one in rollouts:
        if one.ended_at is not None and period.has(one.ended_at):
            ran[bisect_right(ends, one.ended_at)].append(one)
    return tuple((part, measures(some[at], ran[at], part)) for at, part in enumerate(parts))
