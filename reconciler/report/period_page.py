"""The report on a period as a document. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from reconciler.report.deployments import Deployment
from reconciler.report.document import (
    Block,
    Chart,
    Document,
    Drawn,
    Facts,
    Prose,
    Section,
    Series,
    Table,
    Tile,
    Tiles,
    Tone,
    Words,
    plain,
)
from reconciler.report.lead import LeadFrom
from reconciler.report.measures import Measures
from reconciler.report.period_report import PeriodReport
from reconciler.report.phrases import NOTHING, at, counted, day, lasted, often, percent, short
from reconciler.report.spread import Spread

_SCALES = (
    ("days", timedelta(days=1)),
    ("hours", timedelta(hours=1)),
    ("minutes", timedelta(minutes=1)),
    ("seconds", timedelta(seconds=1)),
)


def period_page(report: PeriodReport, made_at: datetime) -> Document:
    """Return the document of a report that is made now."""
    where = f" in {report.only}" if report.only else ""
    period = report.period
    return Document(
        title=f"Delivery{where}",
        about=f"{day(period.since)} to {day(period.until)}, made at {at(made_at)}",
        sections=tuple(_sections(report)),
    )


def _sections(report: PeriodReport) -> Iterator[Section]:
    yield Section("The four measures", tuple(_measures(report)))
    yield Section("Over time", tuple(_over_time(report)))
    yield Section(f"By {report.grouping.value}", (_groups(report),))
    yield Section("What failed", (_failures(report),))
    yield Section("Where time goes", tuple(_slow(report)))
    yield Section("What drifts", (_drifting(report),))
    yield Section("Waiting for people, and health", (_waiting(report),))


def _measures(report: PeriodReport) -> Iterator[Block]:
    now, before = report.now, report.before
    yield Tiles(
        (
            Tile("Deployments", often(now.per_day), _then(before, lambda one: often(one.per_day))),
            Tile("Lead time, median", lasted(now.lead.median), _then(before, lambda one: lasted(one.lead.median))),
            Tile(
                "Change failure rate",
                percent(now.failure_rate),
                _then(before, lambda one: percent(one.failure_rate)),
                _tone(now.failed),
            ),
            Tile(
                "Time to restore, median",
                lasted(now.restore.median),
                _then(before, lambda one: lasted(one.restore.median)),
                Tone.BAD if now.open_failures else Tone.PLAIN,
            ),
        )
    )
    yield _in_full(report)
    if said := _from_what(report):
        yield Prose(said)
    if report.partial:
        yield Prose(
            "The journal begins within this period: what was before is not counted, and is no part of how often.",
            Tone.UNSURE,
        )
    if before is None:
        yield Prose("There is nothing to compare with: the journal does not go back over the period before.")
    if report.untold:
        yield Prose(f"Git could not be asked when commits were written: {report.untold}", Tone.UNSURE)


def _tone(failed: int) -> Tone:
    return Tone.BAD if failed else Tone.GOOD


def _then(before: Measures | None, said: Callable[[Measures], str]) -> str:
    return f"before: {said(before)}" if before is not None else ""


def _in_full(report: PeriodReport) -> Table:
    now, before = report.now, report.before
    rows: list[tuple[str, str, str, str]] = [
        ("Deployments", f"{now.deployments:,}", f"{before.deployments:,}" if before else NOTHING, ""),
        ("Success rate", percent(now.success_rate), percent(before.success_rate) if before else NOTHING, ""),
        ("Revert rate", percent(now.revert_rate), percent(before.revert_rate) if before else NOTHING, ""),
        ("Failed and not yet well", str(now.open_failures), str(before.open_failures) if before else NOTHING, ""),
        ("Rollouts that healed", f"{now.heals:,}", f"{before.heals:,}" if before else NOTHING, ""),
        ("Lead time", *_spreads(now.lead, before.lead if before else None)),
        ("Time to restore", *_spreads(now.restore, before.restore if before else None)),
        ("A rollout takes", *_spreads(now.took, before.took if before else None)),
    ]
    head = ("Measure", "This period", "Before", "More")
    return Table(head=head, rows=tuple(tuple(map(plain, row)) for row in rows), numbers=frozenset({1, 2}))


def _spreads(now: Spread, before: Spread | None) -> tuple[str, str, str]:
    more = f"mean {lasted(now.mean)}, 95 % within {lasted(now.p95)}" if now.count else ""
    return lasted(now.median), lasted(before.median) if before else NOTHING, more


_FROM = {
    LeadFrom.WRITTEN: "counted from when the oldest commit it brought was written",
    LeadFrom.ACCEPTED: "counted from when the oldest commit it brought was first followed, for Git does not know it",
    LeadFrom.NOTHING: "not known",
}


def _from_what(report: PeriodReport) -> str:
    told = [f"{counted(number, 'is', 'are')} {_FROM[what]}" for what, number in report.lead_from]
    return f"Of the lead times {', '.join(told)}." if told else ""


def _over_time(report: PeriodReport) -> Iterator[Block]:
    labels = tuple(f"{part.since:%d %b}" for part, _ in report.parts)
    went_well = Series("succeeded", tuple(float(each.succeeded) for _, each in report.parts))
    failed = Series("failed", tuple(float(each.failed) for _, each in report.parts))
    now = report.now
    yield Chart(
        title="Deployments",
        said=f"{counted(now.deployments, 'deployment')} over {len(labels)} parts of the period, {now.failed} failed",
        drawn=Drawn.STACKED,
        labels=labels,
        series=(went_well, failed),
    )
    medians = [each.lead.median for _, each in report.parts]
    unit, one = _scale([each for each in medians if each is not None])
    lead = tuple(each / one if each is not None else None for each in medians)
    if any(each is not None for each in lead):
        yield Chart(
            title="Lead time, median",
            said=f"the median of all is {lasted(now.lead.median)}",
            drawn=Drawn.LINES,
            labels=labels,
            series=(Series("lead time", lead),),
            unit=unit,
        )
    busy = [(part, each) for part, each in report.parts if each.deployments]
    rows = tuple(
        tuple(
            map(
                plain,
                (day(part.since), str(each.deployments), str(each.failed), lasted(each.lead.median)),
            )
        )
        for part, each in busy
    )
    head = ("From", "Deployments", "Failed", "Lead time, median")
    yield Table(head=head, rows=rows, numbers=frozenset({1, 2, 3}), empty="Nothing was deployed.")


def _groups(report: PeriodReport) -> Block:
    rows = tuple(
        (
            plain(name),
            plain(f"{each.deployments:,}"),
            plain(often(each.per_day)),
            plain(lasted(each.lead.median)),
            Words(percent(each.failure_rate), Tone.BAD if each.failed else Tone.PLAIN),
            plain(percent(each.revert_rate)),
            plain(lasted(each.restore.median)),
        )
        for name, each in report.groups
    )
    head = (
        report.grouping.value.capitalize(),
        "Deployments",
        "How often",
        "Lead time",
        "Failed",
        "Reverted",
        "Restored in",
    )
    return Table(head=head, rows=rows, numbers=frozenset(range(1, 7)), empty="Nothing was deployed.")


def _failures(report: PeriodReport) -> Block:
    rows = tuple(_failure(each) for each in report.failures)
    head = ("Failed at", "Unit", "Version", "Rollout", "Well again after", "Why")
    return Table(head=head, rows=rows, empty="No deployment failed.")


def _failure(each: Deployment) -> tuple[Words, ...]:
    ran = each.ran
    again = lasted(each.restored_at - each.failed_at) if each.restored_at and each.failed_at else "not yet"
    return (
        plain(at(each.failed_at)),
        plain(str(ran.unit)),
        plain(f"{ran.version} ({short(ran.commit)})"),
        plain(ran.id),
        Words(again, Tone.PLAIN if each.restored_at else Tone.BAD),
        plain(ran.reason if ran.state.value != "succeeded" else "it succeeded, and was taken back later"),
    )


def _scale(durations: Sequence[timedelta]) -> tuple[str, timedelta]:
    """Return the largest unit of which the longest duration has two at least, and how long that is."""
    longest = max(durations, default=timedelta(0))
    return next((scale for scale in _SCALES if longest >= 2 * scale[1]), _SCALES[-1])


def _slow(report: PeriodReport) -> Iterator[Block]:
    if report.slowest:
        unit, one = _scale([each.total for each in report.slowest])
        yield Chart(
            title="Steps in which most time went by",
            said=f"most in {report.slowest[0].what} of {report.slowest[0].unit}",
            drawn=Drawn.LYING,
            labels=tuple(f"{each.unit}: {each.what}" for each in report.slowest),
            series=(Series(unit, tuple(each.total / one for each in report.slowest)),),
            unit=f"{unit}, all together",
        )
    rows = tuple(
        tuple(
            map(
                plain,
                (each.unit, each.what, str(each.took.count), lasted(each.took.median), lasted(each.total)),
            )
        )
        for each in report.slowest
    )
    head = ("Unit", "Step", "Times", "Median", "All together")
    yield Table(head=head, rows=rows, numbers=frozenset({2, 3, 4}), empty="No step was taken.")


def _drifting(report: PeriodReport) -> Block:
    rows = tuple(
        tuple(map(plain, (each.resource, str(each.seen), str(each.healed), at(each.last)))) for each in report.drifting
    )
    head = ("Resource", "Seen", "Healed", "Last")
    return Table(head=head, rows=rows, numbers=frozenset({1, 2}), empty="Nothing drifted.")


def _waiting(report: PeriodReport) -> Block:
    waits = report.waits
    return Facts(
        (
            ("Approvals", plain(_said(waits.answered, "answered"))),
            ("Not answered", Words(str(waits.unanswered), Tone.UNSURE if waits.unanswered else Tone.PLAIN)),
            ("Unhealthy at rest", plain(_said(report.unhealthy, "over"))),
            ("Commits refused", plain(str(report.refused))),
        )
    )


def _said(spread: Spread, what: str) -> str:
    if not spread.count:
        return "none"
    return f"{spread.count} {what}: median {lasted(spread.median)}, 95 % within {lasted(spread.p95)}"
