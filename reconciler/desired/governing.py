"""Which policies govern when changes of each unit may begin: all that match it, in the order of their names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from reconciler.desired.fleet import Fleet
from reconciler.model.access import Match, Placed
from reconciler.model.governance import FREE, Governance
from reconciler.model.identity import UnitId
from reconciler.policy.matching import fits

Policy = TypeVar("Policy")


@dataclass(frozen=True, slots=True)
class Matched(Generic[Policy]):
    """A policy and the units it speaks of."""

    match: Match
    policy: Policy


def places(fleet: Fleet, units: Iterable[UnitId]) -> Mapping[UnitId, Placed]:
    """Return the labels by which each unit is matched."""
    return {
        unit: Placed(environment=fleet.environments[unit.environment].labels, app=fleet.apps[unit.app].labels)
        for unit in units
    }


def governance(fleet: Fleet, placed: Mapping[UnitId, Placed]) -> Mapping[UnitId, Governance]:
    """Return what governs each unit; units that nothing governs are left out."""
    approvals = [
        Matched(each.spec.match.to_model(), each.spec.consent(name)) for name, each in sorted(fleet.approvals.items())
    ]
    windows = [
        Matched(each.spec.match.to_model(), each.spec.to_model(name)) for name, each in sorted(fleet.windows.items())
    ]
    rules = [
        Matched(each.spec.match.to_model(), each.spec.to_model(name)) for name, each in sorted(fleet.guardrails.items())
    ]
    limits = [
        Matched(each.spec.match.to_model(), each.spec.to_model(name))
        for name, each in sorted(fleet.concurrency.items())
    ]
    found = {
        unit: Governance(
            approvals=matching(approvals, unit, where),
            windows=matching(windows, unit, where),
            guardrails=matching(rules, unit, where),
            concurrency=matching(limits, unit, where),
        )
        for unit, where in placed.items()
    }
    return {unit: each for unit, each in found.items() if each != FREE}


def matching(policies: Iterable[Matched[Policy]], unit: UnitId, placed: Placed) -> tuple[Policy, ...]:
    """Return the policies that speak of the unit."""
    return tuple(each.policy for each in policies if fits(each.match, unit, placed))
