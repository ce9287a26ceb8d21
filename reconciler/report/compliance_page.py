"""The check of a pack as a document, and for programs. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.report.compliance import Checked, Facts, Finding, Kept, Ruled
from reconciler.report.document import Block, Document, Prose, Section, Table, Tile, Tiles, Tone, Words, plain
from reconciler.report.document import Facts as Said
from reconciler.report.period import Period
from reconciler.report.phrases import NOTHING, at, counted, day, percent, short
from reconciler.report.render_csv import csv_text

FORMAT = "reconciler/report-compliance/v1"
MOST = 1000
"""So many exceptions of a rule are listed for people; programs get all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceReport:
    """A check of all changes that began in a period, in an environment or (empty) in any.

    ``partial`` says that the journal does not reach back to where the period begins.
    """

    period: Period
    only: str
    checked: Checked
    journal: Facts
    changes: Sequence[Facts]
    untold: str
    partial: bool

    @property
    def compliant(self) -> bool | None:
        """Whether every rule holds; None where none is broken because there was no change to ask about."""
        return None if self.checked.holds and not self.checked.changes else self.checked.holds


def compliance_page(report: ComplianceReport, made_at: datetime) -> Document:
    """Return the document of a check that is made now."""
    where = report.only or "all environments"
    return Document(
        title=f"Compliance of changes to {where}",
        about=f"{day(report.period.since)} to {day(report.period.until)}, made at {at(made_at)}",
        sections=tuple(_sections(report)),
    )


def _sections(report: ComplianceReport) -> Iterator[Section]:
    checked = report.checked
    yield Section(checked.pack.title, tuple(_verdict(report)))
    yield Section("Rules", (_rules(checked.ruled),))
    for ruled in checked.ruled:
        if ruled.exceptions:
            yield Section(f"Exceptions: {ruled.rule.name}", tuple(_exceptions(ruled)))
    yield Section("What was looked at", (_looked_at(report),))


def _verdict(report: ComplianceReport) -> Iterator[Block]:
    ruled = report.checked.ruled
    kept, asked = sum(each.kept for each in ruled), sum(each.asked for each in ruled)
    good = Tone.PLAIN if report.compliant is None else Tone.GOOD
    failing = sum(not each.holds for each in ruled)
    unknown = sum(one.stands is Kept.UNKNOWN for each in ruled for one in each.exceptions)
    yield Tiles(
        (
            Tile("Rules that hold", f"{len(ruled) - failing} of {len(ruled)}", "", Tone.BAD if failing else good),
            Tile("Changes", f"{report.checked.changes:,}", "with an effect"),
            Tile("Kept", percent(kept / asked if asked else None), f"{kept:,} of {asked:,} answers"),
            Tile("Not known", f"{unknown:,}", "counts as not kept", Tone.UNSURE if unknown else Tone.PLAIN),
        )
    )
    if failing:
        names = ", ".join(each.rule.name for each in ruled if not each.holds)
        yield Prose(f"Not compliant: {names}.", Tone.BAD)
    elif report.compliant is None:
        yield Prose("No change was looked at: none began in this period, so no rule of changes was asked.", Tone.UNSURE)
    else:
        yield Prose("Compliant: every rule holds.", Tone.GOOD)
    if report.partial:
        yield Prose("The journal begins within this period: what was before is not known, or not counted.", Tone.UNSURE)
    if report.untold:
        yield Prose(f"Git could not be asked who wrote and signed what: {report.untold}", Tone.UNSURE)


def _rules(ruled: Sequence[Ruled]) -> Table:
    rows = tuple(
        (
            plain(each.rule.name),
            plain(each.rule.title),
            plain(", ".join(each.rule.controls)),
            Words(percent(each.rate), _tone(each)),
            plain(percent(each.rule.at_least)),
            plain(f"{each.kept:,} of {each.asked:,}" if each.asked else "not asked"),
        )
        for each in ruled
    )
    return Table(
        head=("Rule", "What", "Evidence for", "Kept", "At least", "Answers"), rows=rows, numbers=frozenset({3, 4, 5})
    )


def _tone(ruled: Ruled) -> Tone:
    if ruled.rate is None:
        return Tone.PLAIN
    return Tone.GOOD if ruled.holds else Tone.BAD


def _exceptions(ruled: Ruled) -> Iterator[Block]:
    yield Prose(f"{ruled.rule.title}: {counted(len(ruled.exceptions), 'exception')}.")
    rows = tuple(_exception(each) for each in ruled.exceptions[:MOST])
    yield Table(head=("Began", "Unit", "Rollout", "Commit", "Stands", "Why"), rows=rows)
    if len(ruled.exceptions) > MOST:
        yield Prose(f"And {len(ruled.exceptions) - MOST:,} more: as CSV or JSON they are all there.")


def _exception(found: Finding) -> tuple[Words, ...]:
    subject = found.subject
    began = subject.get("startedAt")
    return (
        plain(at(datetime.fromisoformat(began)) if isinstance(began, str) else NOTHING),
        plain(str(subject.get("unit", "the journal"))),
        plain(str(subject.get("rollout", NOTHING))),
        plain(short(str(subject.get("commit", "")) or NOTHING)),
        Words(found.stands.value, Tone.UNSURE if found.stands is Kept.UNKNOWN else Tone.BAD),
        plain(found.why),
    )


def _looked_at(report: ComplianceReport) -> Said:
    return Said(
        (
            ("Pack", plain(report.checked.pack.name)),
            ("Journal", plain(str(report.journal.get("detail", "")))),
            (
                "Changes",
                plain(f"{report.checked.changes:,}, each a rollout that began in the period and had an effect"),
            ),
        )
    )


def compliance_json(report: ComplianceReport, made_at: datetime) -> dict[str, Any]:
    """Return the check as a JSON value of format ``reconciler/report-compliance/v1``, with every record."""
    return {
        "format": FORMAT,
        "madeAt": made_at.isoformat(),
        "period": {"since": report.period.since.isoformat(), "until": report.period.until.isoformat()},
        "environment": report.only or None,
        "pack": {"name": report.checked.pack.name, "title": report.checked.pack.title},
        "compliant": report.compliant,
        "partial": report.partial,
        "untold": report.untold or None,
        "journal": dict(report.journal),
        "rules": [_rule(each) for each in report.checked.ruled],
        "changes": [dict(each) for each in report.changes],
    }


def _rule(ruled: Ruled) -> dict[str, Any]:
    rule = ruled.rule
    return {
        "name": rule.name,
        "title": rule.title,
        "controls": list(rule.controls),
        "over": rule.over.value,
        "rule": rule.rule,
        "atLeast": rule.at_least,
        "asked": ruled.asked,
        "kept": ruled.kept,
        "rate": ruled.rate,
        "holds": ruled.holds,
        "exceptions": [
            {"rollout": each.subject.get("rollout"), "stands": each.stands.value, "why": each.why}
            for each in ruled.exceptions
        ],
    }


_HEAD = ("rule", "controls", "at_least", "asked", "kept", "rate", "holds", "rollout", "unit", "commit", "stands", "why")


def compliance_csv(report: ComplianceReport) -> str:
    """Return a row for each rule, and one for each of its exceptions."""
    return csv_text(_HEAD, (row for ruled in report.checked.ruled for row in _rows(ruled)))


def _rows(ruled: Ruled) -> Iterator[tuple[str | int | float | None, ...]]:
    rule = ruled.rule
    said = (rule.name, "; ".join(rule.controls), rule.at_least, ruled.asked, ruled.kept, ruled.rate, str(ruled.holds))
    yield (*said, None, None, None, None, None)
    for each in ruled.exceptions:
        about = (str(each.subject.get(key) or "") for key in ("rollout", "unit", "commit"))
        yield (*said, *about, each.stands.value, each.why)
