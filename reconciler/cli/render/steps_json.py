"""The steps of a plan for programs: the part of ``reconciler/plan/v1`` that ``review_json`` describes."""

from typing import Any, assert_never

from reconciler.model.analysis import Analysis
from reconciler.model.change import Change, FieldDiff
from reconciler.model.health import HealthCheck
from reconciler.model.plan import Apply, Confirm, Drain, Mirror, Probe, Shift, Step, Stop, TargetChanges
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook


def step_json(step: Step) -> dict[str, Any]:
    """Return one step as a JSON value."""
    match step:
        case Apply() | Stop() | Probe() | Confirm():
            return {"step": step.step, "batch": step.batch, **_on_targets(step)}
        case Drain() | Shift() | Mirror():
            return {"step": step.step, **_of_traffic(step)}
        case Bake() | Analyse() | AwaitPromotion() | AwaitApproval() | CallHook():
            return {"step": step.step, **_wait(step)}
        case _:
            assert_never(step)


def _on_targets(step: Apply | Stop | Probe | Confirm) -> dict[str, Any]:
    match step:
        case Apply():
            slot = {"slot": step.slot} if step.slot else {}
            return {"targets": [_target(each) for each in step.targets], **slot}
        case Stop():
            return {"targets": [_target(each) for each in step.targets]}
        case Probe():
            return {"targets": list(step.targets), "checks": [_check(each) for each in step.checks]}
        case Confirm():
            return {"targets": list(step.targets)}
        case _:
            assert_never(step)


def _of_traffic(step: Drain | Shift | Mirror) -> dict[str, Any]:
    match step:
        case Drain():
            return {"batch": step.batch, "servers": list(step.servers), "within": step.within.total_seconds()}
        case Shift():
            shares = [{"server": each.server, "weight": each.weight} for each in step.shares]
            return {"shares": shares, "note": step.note}
        case Mirror():
            return {"servers": list(step.servers), "percent": step.percent}
        case _:
            assert_never(step)


def _wait(step: Bake | Analyse | AwaitPromotion | AwaitApproval | CallHook) -> dict[str, Any]:
    match step:
        case Bake():
            return {"seconds": step.duration.total_seconds()}
        case Analyse():
            analyses = [analysis_json(each) for each in step.analyses]
            return {"analyses": analyses, "passesAt": step.passes_at, "within": step.within.total_seconds()}
        case AwaitPromotion():
            return {"within": step.within.total_seconds()}
        case AwaitApproval():
            within = step.within.total_seconds()
            return {"count": step.count, "approvers": list(step.approvers), "within": within}
        case CallHook():
            return {"hook": str(step.hook), "attempts": step.attempts, "timeout": step.hook.timeout.total_seconds()}
        case _:
            assert_never(step)


def analysis_json(of: Analysis) -> dict[str, Any]:
    """Return an analysis as a JSON value; neither tokens nor headers are in it."""
    return {
        "name": of.name,
        "provider": of.query.provider,
        "query": str(of.query),
        "interval": of.interval.total_seconds(),
        "count": of.count,
        "success": of.success,
        "failure": of.failure,
        "failureLimit": of.failure_limit,
        "inconclusiveLimit": of.inconclusive_limit,
        "weight": of.weight,
    }


def _target(of: TargetChanges) -> dict[str, Any]:
    guard = of.guard and {"within": of.guard.within.total_seconds(), "persistent": of.guard.persistent}
    return {
        "target": of.target,
        "changes": [_change(each) for each in of.changes],
        **({"guard": guard} if guard else {}),
    }


def _check(check: HealthCheck) -> dict[str, Any]:
    timing = check.timing
    return {
        "check": str(check),
        "initialDelay": timing.initial_delay.total_seconds(),
        "period": timing.period.total_seconds(),
        "timeout": timing.timeout.total_seconds(),
        "failureThreshold": timing.failure_threshold,
        "successThreshold": timing.success_threshold,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "resource": str(change.resource),
        "action": change.action.value,
        "cause": change.cause.value,
        "fields": [_field(field) for field in change.fields],
    }


def _field(field: FieldDiff) -> dict[str, Any]:
    if field.secret:
        return {"path": field.path, "before": None, "after": None, "text": None, "secret": True}
    return {"path": field.path, "before": field.before, "after": field.after, "text": field.text, "secret": False}
