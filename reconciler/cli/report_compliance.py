"""The check of rules over changes, from what there is on this machine."""

import asyncio
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.errors import Failure
from reconciler.daemon.report_proofs import journal_proven, trail
from reconciler.desired.compliance_documents import load_pack, read_pack
from reconciler.ports.source import SourceError
from reconciler.providers.clock import SystemClock
from reconciler.report.change_record import changes_in, records
from reconciler.report.compliance import check
from reconciler.report.compliance_page import ComplianceReport, compliance_csv, compliance_json, compliance_page
from reconciler.report.forms import Report

if TYPE_CHECKING:
    from reconciler.daemon.reporting import Reporting
    from reconciler.model.chronicle import Chronicle
    from reconciler.model.compliance import Pack
    from reconciler.report.period import Period

STARTER = "change-management.yaml"


async def compliance_report_on(
    sources: "Reporting", period: "Period", environment: str, pack: Path | None
) -> tuple[Report, bool]:
    """Return the report and whether every rule holds; raises Invalid, Failure, JournalUnavailable."""
    rules = _rules(pack)
    told = await sources.chronicle(period.since, period.until)
    if environment and environment not in await sources.reports.environments():
        await _require_in_git(sources, told, environment)
    changes = changes_in(told, period, environment)
    known = await trail(sources, told, changes, period)
    journal = await asyncio.to_thread(journal_proven, sources.settings)
    made_at = SystemClock().now()
    found = records(told, known, changes, made_at)
    checked = check(rules, found, journal)
    report = ComplianceReport(
        period=period,
        only=environment,
        checked=checked,
        journal=journal,
        changes=found,
        untold=told.untold,
        partial=told.oldest is None or told.oldest > period.since,
    )
    document, data = compliance_page(report, made_at), compliance_json(report, made_at)
    return Report(document, data, compliance_csv(report)), checked.holds


async def _require_in_git(sources: "Reporting", told: "Chronicle", environment: str) -> None:
    """A name that nobody knows has no changes, and would keep every rule."""
    unknown = f"nothing was ever rolled out to an environment {environment}"
    try:
        known = await sources.environments(told)
    except SourceError as error:
        raise Failure(f"{unknown}, and Git cannot be asked whether there is one: {error}") from error
    if environment not in known:
        there = ", ".join(sorted(known | await sources.reports.environments())) or "none"
        raise Failure(f"{unknown}, and the last commit that was followed has none; there are: {there}")


def _rules(pack: Path | None) -> "Pack":
    if pack is None:
        shipped = files("reconciler.report").joinpath("packs", STARTER)
        return load_pack(STARTER, shipped.read_bytes())
    try:
        return read_pack(pack)
    except OSError as error:
        raise Failure(f"cannot read the pack {pack}: {error.strerror}") from error
