"""The report on a period, from what there is on this machine."""

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.cli.errors import Failure
from reconciler.ports.source import SourceError
from reconciler.providers.clock import SystemClock
from reconciler.report.forms import Report
from reconciler.report.period_data import period_csv, period_json
from reconciler.report.period_page import period_page
from reconciler.report.period_report import Grouping, period_report

if TYPE_CHECKING:
    from reconciler.daemon.reporting import Reporting
    from reconciler.report.period import Period


async def period_report_on(sources: "Reporting", period: "Period", by: str, environment: str) -> Report:
    """Return the report; raises Failure where it cannot be told apart as asked for, JournalUnavailable."""
    grouping = Grouping(by)
    told = await sources.chronicle(period.before.since, min(period.until, SystemClock().now()))
    if grouping is Grouping.TEAM:
        try:
            told = replace(told, teams=await sources.teams(told))
        except SourceError as error:
            raise Failure(f"it is in Git whose a unit is, and Git cannot be asked: {error}") from error
    found = period_report(told, period, grouping, environment)
    made_at = SystemClock().now()
    return Report(period_page(found, made_at), period_json(found, made_at), period_csv(found))
