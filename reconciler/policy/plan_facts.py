"""A plan as conditions see it: what CEL in an ApprovalPolicy or a Guardrail speaks of. Pure.

``plan``: ``id``, ``cause``, ``unit``, ``version``, ``commit``, ``strategy``, ``steps`` (their words in order),
``targets`` (names), ``leftOut`` (names of those that could not be seen and are not touched), ``notes`` and ``changes``,
``creates``, ``updates``, ``replaces``, ``deletes``, ``restores``: lists of ``{ref, kind, target, action}``. ``env`` and
``app``: their ``name`` with their labels; ``unit``: as text.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.model.access import Placed
from reconciler.model.canonical import Json
from reconciler.model.change import Action
from reconciler.model.plan import Plan
from reconciler.policy.condition import Sort

VARIABLES: Mapping[str, Sort] = {"plan": Sort.JSON, "env": Sort.JSON, "app": Sort.JSON, "unit": Sort.TEXT}
"""What a condition over a plan may speak of, for compiling it."""

_LISTS = {
    "creates": Action.CREATE,
    "updates": Action.UPDATE,
    "replaces": Action.REPLACE,
    "deletes": Action.DELETE,
    "restores": Action.RESTORE,
}


def facts(plan: Plan, placed: Placed) -> Mapping[str, Json]:
    """Return what a condition over the plan is given. ``placed`` has the labels of the unit's environment and app.

    A label named ``name`` gives way to the name itself.
    """
    unit = plan.unit_id
    return {
        "plan": _plan(plan),
        "env": _labelled(unit.environment, placed.environment),
        "app": _labelled(unit.app, placed.app),
        "unit": str(unit),
    }


def imagined(
    plan: Mapping[str, Json], env: Mapping[str, Json], app: Mapping[str, Json], unit: str
) -> Mapping[str, Json]:
    """Return the same for a plan that nobody has made, of which only this is known: what is not said is empty."""
    texts = dict.fromkeys(("id", "cause", "version", "commit", "strategy"), "")
    lists: Mapping[str, Json] = {name: [] for name in ("steps", "targets", "leftOut", "notes", "changes", *_LISTS)}
    name, _, environment = unit.partition("@")
    return {
        "plan": {**texts, "unit": unit, **lists, **plan},
        "env": _labelled(environment, env),
        "app": _labelled(name, app),
        "unit": unit,
    }


def touched(plan: Plan) -> tuple[str, ...]:
    """Return the names of the targets that the plan changes; the load balancers where it only moves requests."""
    return tuple(each.name for each in plan.targets or plan.balancers)


def left_out(plan: Plan) -> tuple[str, ...]:
    """Return the names of the targets that the plan does not touch because they could not be seen."""
    return tuple(dict.fromkeys(each.target for each in plan.left_out))


def _labelled(name: str, labels: Mapping[str, Json]) -> Mapping[str, Json]:
    return {**labels, "name": name}


def _plan(plan: Plan) -> Mapping[str, Json]:
    changes: list[Mapping[str, Any]] = [
        {
            "ref": each.resource.ref,
            "kind": each.resource.kind,
            "target": each.resource.target,
            "action": each.action.value,
        }
        for each in plan.changes
    ]
    return {
        "id": plan.id,
        "cause": plan.cause.value,
        "unit": str(plan.unit_id),
        "version": plan.unit.version,
        "commit": plan.unit.commit,
        "strategy": plan.policy.strategy.strategy,
        "steps": [each.step for each in plan.steps],
        "targets": list(touched(plan)),
        "leftOut": list(left_out(plan)),
        "notes": list(plan.notes),
        "changes": changes,
        **{name: [each for each in changes if each["action"] == action] for name, action in _LISTS.items()},
    }
