"""The report on a period for programs: JSON and CSV. Durations are in seconds, rates from 0 to 1. Pure."""

from datetime import datetime, timedelta
from typing import Any

from reconciler.report.deployments import Deployment
from reconciler.report.measures import Measures
from reconciler.report.period import Period
from reconciler.report.period_report import PeriodReport
from reconciler.report.render_csv import csv_text
from reconciler.report.spread import Spread

FORMAT = "reconciler/report-period/v1"


def period_json(report: PeriodReport, made_at: datetime) -> dict[str, Any]:
    """Return the report as a JSON value of format ``reconciler/report-period/v1``; times are RFC 3339."""
    return {
        "format": FORMAT,
        "madeAt": made_at.isoformat(),
        "period": _period(report.period),
        "environment": report.only or None,
        "partial": report.partial,
        "untold": report.untold or None,
        "measures": _measures(report.now),
        "before": _measures(report.before) if report.before else None,
        "leadTimesFrom": {what.value: number for what, number in report.lead_from},
        "by": report.grouping.value,
        "groups": [{"name": name, **_measures(each)} for name, each in report.groups],
        "parts": [{**_period(part), **_measures(each)} for part, each in report.parts],
        "failures": [_failure(each) for each in report.failures],
        "slowestSteps": [
            {"unit": each.unit, "step": each.what, "took": _spread(each.took), "total": each.total.total_seconds()}
            for each in report.slowest
        ],
        "drifting": [
            {"resource": each.resource, "seen": each.seen, "healed": each.healed, "last": each.last.isoformat()}
            for each in report.drifting
        ],
        "approvals": {"answered": _spread(report.waits.answered), "unanswered": report.waits.unanswered},
        "unhealthy": _spread(report.unhealthy),
        "commitsRefused": report.refused,
    }


_HEAD = (
    *("group", "since", "until", "deployments", "succeeded", "failed", "reverted", "open_failures", "heals", "per_day"),
    *("failure_rate", "success_rate", "revert_rate", "lead_median_s", "lead_p95_s"),
    *("restore_mean_s", "restore_median_s", "restore_p95_s", "took_median_s"),
)


def period_csv(report: PeriodReport) -> str:
    """Return a row for all, one for all in the period before, and one for each group."""
    rows = [_row("", report.period, report.now)]
    rows += [_row("", report.period.before, report.before)] if report.before else []
    rows += [_row(name, report.period, each) for name, each in report.groups]
    return csv_text(_HEAD, rows)


def _row(name: str, period: Period, of: Measures) -> tuple[str | int | float | None, ...]:
    counts = (of.deployments, of.succeeded, of.failed, of.reverted, of.open_failures, of.heals, of.per_day)
    rates = (of.failure_rate, of.success_rate, of.revert_rate)
    lead = (_seconds(of.lead.median), _seconds(of.lead.p95))
    restore = (_seconds(of.restore.mean), _seconds(of.restore.median), _seconds(of.restore.p95))
    dates = (period.since.isoformat(), period.until.isoformat())
    return (name, *dates, *counts, *rates, *lead, *restore, _seconds(of.took.median))


def _measures(of: Measures) -> dict[str, Any]:
    return {
        "deployments": of.deployments,
        "succeeded": of.succeeded,
        "failed": of.failed,
        "reverted": of.reverted,
        "openFailures": of.open_failures,
        "heals": of.heals,
        "perDay": of.per_day,
        "failureRate": of.failure_rate,
        "successRate": of.success_rate,
        "revertRate": of.revert_rate,
        "leadTime": _spread(of.lead),
        "timeToRestore": _spread(of.restore),
        "rolloutTook": _spread(of.took),
    }


def _period(period: Period) -> dict[str, str]:
    return {"since": period.since.isoformat(), "until": period.until.isoformat()}


def _spread(of: Spread) -> dict[str, float | int | None]:
    return {
        "count": of.count,
        "mean": _seconds(of.mean),
        "median": _seconds(of.median),
        "p95": _seconds(of.p95),
    }


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _failure(each: Deployment) -> dict[str, Any]:
    return {
        "rollout": each.ran.id,
        "unit": str(each.ran.unit),
        "commit": each.ran.commit,
        "version": each.ran.version,
        "state": each.ran.state.value,
        "failedAt": each.failed_at.isoformat() if each.failed_at else None,
        "restoredAt": each.restored_at.isoformat() if each.restored_at else None,
        "reason": each.ran.reason,
    }
