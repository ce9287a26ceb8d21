"""Which resources a unit asks for only ``when`` something is so, and it is not: they are left as they are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.canonical import Json
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Present, Resource, Survey, Unknown
from reconciler.model.unit import Unit
from reconciler.policy.condition import Condition, ConditionMistake, Fault, Sort, expression

VARIABLES = (("facts", Sort.JSON), ("seen", Sort.JSON))
"""What a condition may ask: what the target says of itself, and what was seen of the unit's resources in this pass."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Resources that are left as they are, and targets of which that cannot be said; each with the reason."""

    resources: Mapping[ResourceId, str]
    unclear: Mapping[str, str]


def condition(text: str) -> Condition:
    """Compile what stands under ``when``; raise ConditionMistake."""
    return Condition(expression(text, *VARIABLES))


def idle(unit: Unit, survey: Survey) -> Idle:
    """Return what does not apply now. A condition that has no value is no answer: nothing is done on that target."""
    asking = [resource for resource in unit.resources if resource.when]
    if not asking:
        return Idle({}, {})
    seen = list(_seen(unit, survey))
    resources: dict[ResourceId, str] = {}
    unclear: dict[str, str] = {}
    for resource in asking:
        given: Mapping[str, Json] = {"facts": survey.facts.get(resource.id.target, {}), "seen": seen}
        try:
            if not condition(resource.when).holds(given):
                resources[resource.id] = f"left as it is: {resource.when} is not so"
        except (Fault, ConditionMistake) as error:
            why = f"cannot say whether {resource.when} ({resource.id.ref}): {error}"
            unclear.setdefault(resource.id.target, why)
    return Idle(resources, unclear)


def applies(resource: Resource, changed: frozenset[ResourceId]) -> bool:
    """Whether a plan that changes these asks for the resource: where it depends on something, the plan has decided."""
    return not resource.when or resource.id in changed


def _seen(unit: Unit, survey: Survey) -> Iterator[Json]:
    for resource in unit.resources:
        seen = survey.of(resource.id)
        if isinstance(seen, Unknown):
            continue
        there = seen if isinstance(seen, Present) else Present({})
        yield {
            "resource": resource.id.ref,
            "target": resource.id.target,
            "present": isinstance(seen, Present),
            "attributes": there.attributes,
            "status": there.status,
        }
