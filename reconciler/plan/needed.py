"""Whether what a change needs on targets of another sort can be seen. Pure."""

from collections import defaultdict
from collections.abc import Mapping

from reconciler.model.change import Cause
from reconciler.model.plan import Plan
from reconciler.model.target import Sort
from reconciler.model.waiting import Reason, WaitingOn

_NAMED = 5


def out_of_sight(plan: Plan) -> WaitingOn | None:
    """Return that a plan for something new waits, for none of the targets that it is built upon can be seen."""
    reasons = {each.target: each.reason for each in plan.left_out}
    away = {tier.sort: tier.targets for tier in plan.tiers if tier.targets and reasons.keys() >= {*tier.targets}}
    if plan.cause is not Cause.COMMIT or not away:
        return None
    sorts = {name: tier.sort for tier in plan.tiers for name in tier.targets}
    changed = {sorts[change.resource.target] for change in plan.changes if change.resource.target in sorts}
    needs = _needs(plan, sorts)
    for sort in (tier.sort for tier in plan.tiers if tier.sort in changed):
        for missing in (each for each in away if each in needs[sort]):
            names = ", ".join(away[missing][:_NAMED])
            here = ", ".join([name for name, of in sorts.items() if of is sort][:_NAMED])
            detail = f"what is on {here} needs what is on {names}, which cannot be seen: {reasons[away[missing][0]]}"
            return WaitingOn(Reason.UNREACHABLE, detail)
    return None


def _needs(plan: Plan, sorts: Mapping[str, Sort]) -> Mapping[Sort, set[Sort]]:
    """Return which sorts each one needs, directly or through others."""
    by_ref = {each.id.ref: sorts[each.id.target] for each in plan.unit.resources if each.id.target in sorts}
    found: dict[Sort, set[Sort]] = defaultdict(set)
    for each in plan.unit.resources:
        if each.id.target in sorts:
            found[sorts[each.id.target]] |= {by_ref[ref] for ref in each.depends_on if ref in by_ref}
    for _ in Sort:
        for sort in tuple(found):
            found[sort] |= {further for needed in tuple(found[sort]) for further in found[needed]}
    return found
