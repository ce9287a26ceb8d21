"""A review for programs: ``reconciler/plan/v1``. Fields are added within v1; none is removed or changes its meaning.

```
format    "reconciler/plan/v1"
commit    the commit the plan is for
refused   why a newer commit was refused, one problem a line; empty when there is none
summary   text, create, update, replace, delete, targets, units, waiting (units), unseen (targets)
units     in the order they would go:
  unit       "app@environment"
  wanted     what Git says: {version, commit, digest}; null when it is no longer in Git
  effective  what it is held to: the same, or the last known good; null when there is none
  inSync     true, false, or null when some of it could not be seen
  rejected   {commit, digest, reason, at}; null unless Git's state was found bad
  waiting    {reason, detail, until}; null unless something stands in the way
  gates      [{kind ("guardrail", "lock", "concurrency", "approval", "window"), name, stands ("open", "pending",
             "closed", "warns", "waived"), detail, until}] before the plan, in the order they are asked
  signal     {rollout, trigger, reason}: what its present rollout will be told; null when nothing
  drifted    ["target/kind:name"]
  unseen     [{target, reason}]
  plan       null when nothing has to be done, else:
    id, cause ("commit", "drift", "revert"), parent, observation
    policy   {name, failureBudget: {total, perBatch}, progressDeadline (seconds), onFailure}
    steps    in order, each one of
      {step: "apply", batch, targets: [{target, changes: [{resource, action, cause, fields}]}]}; with "slot" when it
       is about one, and a target with "guard" {within, persistent} when it undoes what nobody confirms
      {step: "stop", batch, targets: as those of apply}
      {step: "probe", batch, targets, checks: [{check, initialDelay, period, timeout, failureThreshold,
       successThreshold}]}
      {step: "confirm", batch, targets}
      {step: "drain", batch, servers, within}
      {step: "shift", shares: [{server, weight}], note}
      {step: "mirror", servers, percent}
      {step: "bake", seconds}
      {step: "analyse", analyses, passesAt, within}
      {step: "await_promotion", within}
      {step: "await_approval", count, approvers, within}
      {step: "call_hook", hook, attempts, timeout}
    tiers       the unit's targets of each sort [{sort, targets, mayBeDown}], in the order they are changed; so many of
                them may be out of service at once, null: any number
    router      {router, hosts, ...}; null when no requests are sent by us
    background  analyses during all of it: {name, query, provider, interval, count, success, failure,
                failureLimit, inconclusiveLimit, weight}
    leftOut  [{target, reason}]: targets the plan does not touch, because they could not be seen
    kept     resources that are no longer asked for and stay, with the reason
```

``fields`` are ``{path, before, after, text, secret}``; null is no value. A secret field has no values and no text.
Times are RFC 3339, durations seconds.
"""

from typing import Any

from reconciler.cli.render import outline
from reconciler.cli.render.steps_json import analysis_json, step_json
from reconciler.model.assessment import Assessment, Review
from reconciler.model.canonical import plain
from reconciler.model.change import Action
from reconciler.model.plan import LeftOut, Plan
from reconciler.model.unit import Unit

FORMAT = "reconciler/plan/v1"


def review_json(review: Review) -> dict[str, Any]:
    """Return the review as a JSON value of the format above."""
    total = outline.totals(review)
    return {
        "format": FORMAT,
        "commit": review.commit,
        "refused": list(review.refused),
        "summary": {
            "text": outline.summary(review),
            **{action.value: total.actions[action] for action in Action},
            "targets": total.targets,
            "units": total.units,
            "waiting": total.waiting,
            "unseen": total.unseen,
        },
        "units": [_assessment(each) for each in review.assessments],
    }


def _assessment(assessment: Assessment) -> dict[str, Any]:
    rejected = assessment.rejected
    return {
        "unit": str(assessment.unit),
        "wanted": _unit(assessment.wanted),
        "effective": _unit(assessment.effective),
        "inSync": assessment.in_sync,
        "rejected": rejected
        and {
            "commit": rejected.commit,
            "digest": rejected.digest,
            "reason": rejected.reason,
            "at": rejected.at.isoformat(),
        },
        "waiting": plain(assessment.waiting),
        "gates": [plain(each) for each in assessment.gates],
        "signal": plain(assessment.signal),
        "drifted": list(assessment.drifted),
        "unseen": _left_out(assessment.unseen),
        "plan": _plan(assessment.plan) if assessment.plan else None,
    }


def _unit(unit: Unit | None) -> dict[str, Any] | None:
    return {"version": unit.version, "commit": unit.commit, "digest": unit.digest} if unit else None


def _left_out(targets: tuple[LeftOut, ...]) -> list[dict[str, str]]:
    return [{"target": each.target, "reason": each.reason} for each in targets]


def _plan(plan: Plan) -> dict[str, Any]:
    policy = plan.policy
    return {
        "id": plan.id,
        "cause": plan.cause.value,
        "parent": plan.parent,
        "observation": plan.observation,
        "policy": {
            "name": policy.name,
            "failureBudget": {"total": policy.failure_budget.total, "perBatch": policy.failure_budget.per_batch},
            "progressDeadline": policy.progress_deadline.total_seconds(),
            "onFailure": policy.on_failure.value,
        },
        "steps": [step_json(step) for step in plan.steps],
        "tiers": [
            {"sort": each.sort.value, "targets": list(each.targets), "mayBeDown": each.may_be_down}
            for each in plan.tiers
        ],
        "router": plain(plan.router),
        "background": [analysis_json(each) for each in plan.background],
        "leftOut": _left_out(plan.left_out),
        "kept": list(plan.kept),
    }
