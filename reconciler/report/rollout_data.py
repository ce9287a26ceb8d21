"""The report on one rollout for programs: JSON and CSV. Pure."""

from datetime import datetime
from typing import Any

from reconciler.model.canonical import plain
from reconciler.report.case import Case, StepTold
from reconciler.report.render_csv import csv_text
from reconciler.report.targets import outcomes

FORMAT = "reconciler/report-rollout/v1"


def rollout_json(case: Case, made_at: datetime) -> dict[str, Any]:
    """Return the report as a JSON value of format ``reconciler/report-rollout/v1``; times are RFC 3339."""
    rollout, written = case.rollout, case.written
    return {
        "format": FORMAT,
        "madeAt": made_at.isoformat(),
        "rollout": rollout.id,
        "unit": str(rollout.unit),
        "state": rollout.state.value,
        "ended": rollout.ended,
        "cause": rollout.cause.value,
        "why": case.why,
        "reason": rollout.reason,
        "startedAt": rollout.started_at.isoformat(),
        "updatedAt": rollout.updated_at.isoformat(),
        "version": rollout.version,
        "digest": rollout.digest,
        "commit": {
            "id": rollout.commit,
            "subject": written.subject if written else case.subject,
            "author": written.author if written else None,
            "emails": sorted(written.emails) if written else None,
            "writtenAt": _at(written.at if written else None),
            "followedAt": _at(case.accepted_at),
            "untold": case.untold or None,
        },
        "before": case.before or None,
        "plan": rollout.forward,
        "revertPlan": case.back.id if case.back else None,
        "policy": case.forward.policy.name,
        "changes": plain(tuple(case.changes)),
        "steps": [_step(each) for each in case.steps],
        "figures": [
            {
                "at": each.at.isoformat(),
                "analysis": each.analysis,
                "value": each.value,
                "judgedBy": each.judged_by,
                "outcome": each.outcome.value,
                "detail": each.detail,
            }
            for each in case.figures
        ],
        "people": [{"at": _at(each.at), "who": each.who, "what": each.what, "why": each.why} for each in case.words],
        "targets": [{"target": each.target, "ended": each.ended, "why": each.why} for each in outcomes(case)],
        "timeline": [{"at": each.at.isoformat(), "what": each.what} for each in case.moments],
    }


def rollout_csv(case: Case) -> str:
    """Return the timeline: a row for each thing that happened."""
    rows = [(case.rollout.id, str(case.rollout.unit), each.at.isoformat(), each.what) for each in case.moments]
    return csv_text(("rollout", "unit", "at", "what"), rows)


def _step(each: StepTold) -> dict[str, Any]:
    return {
        "plan": each.plan,
        "back": each.back,
        "step": each.index + 1,
        "sort": each.sort,
        "what": each.what,
        "outcome": each.state.value if each.state else None,
        "startedAt": _at(each.started_at),
        "endedAt": _at(each.ended_at),
        "detail": each.detail,
    }


def _at(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
