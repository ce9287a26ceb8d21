"""Whether a plan keeps to the rules that people wrote down in advance. Pure.

A rule that cannot be evaluated does not hold: it would be the one that nobody ever wrote for this plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from reconciler.model.access import Placed
from reconciler.model.canonical import Json
from reconciler.model.change import Cause
from reconciler.model.governance import ApprovalPolicy, Effect, GateKind, GateState, GateWord, Guardrail
from reconciler.model.plan import Plan
from reconciler.policy import condition
from reconciler.policy.condition import Fault
from reconciler.policy.plan_facts import VARIABLES, facts


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold for a plan; ``why`` is empty where it is just so, else why nobody can tell."""

    guardrail: Guardrail
    why: str = ""

    @property
    def told(self) -> str:
        """What to tell people of it."""
        unclear = f"; whether {self.guardrail.rule} cannot be told: {self.why}" if self.why else ""
        return f"{self.guardrail.message}{unclear}"


def broken(guardrails: Sequence[Guardrail], plan: Plan, placed: Placed) -> tuple[Broken, ...]:
    """Return the rules that do not hold for the plan. A way back is asked only by those that want to be."""
    asked = [each for each in guardrails if plan.cause is not Cause.REVERT or each.reverts]
    return tuple(_broken(asked, facts(plan, placed))) if asked else ()


def gates(guardrails: Sequence[Guardrail], found: Sequence[Broken]) -> Iterator[GateState]:
    """Yield a gate for each guardrail that does not hold, and one for all the others together."""
    for each in found:
        yield _gate(each.guardrail.name, _stands(each.guardrail.effect), _told(each))
    failed = {each.guardrail for each in found}
    held = [each.name for each in guardrails if each not in failed]
    if held:
        yield _gate(" and ".join(held), GateWord.OPEN, "it keeps to the rules")


def consents(found: Sequence[Broken]) -> tuple[ApprovalPolicy, ...]:
    """Return whose consent is needed because of the rules that do not hold."""
    asking = (each.guardrail for each in found if each.guardrail.effect is Effect.APPROVE)
    return tuple(each.approval for each in asking if each.approval is not None)


def holds(rule: str, given: Mapping[str, Json]) -> bool:
    """Return whether a rule holds for what a plan would be; raise Fault."""
    return condition.compile(rule, VARIABLES).holds(given)


def _broken(guardrails: Sequence[Guardrail], given: Mapping[str, Json]) -> Iterator[Broken]:
    for each in guardrails:
        try:
            if not holds(each.rule, given):
                yield Broken(each)
        except Fault as fault:
            yield Broken(each, str(fault))


def _stands(effect: Effect) -> GateWord:
    match effect:
        case Effect.WARN | Effect.APPROVE:
            # Where somebody is asked, the gate of their consent is what is shut.
            return GateWord.WARNS
        case Effect.REFUSE:
            return GateWord.CLOSED
        case _:
            assert_never(effect)


def _told(each: Broken) -> str:
    named = each.guardrail.name
    match each.guardrail.effect:
        case Effect.WARN:
            return f"{named}: {each.told}"
        case Effect.APPROVE:
            return f"{named} asks for consent: {each.told}"
        case Effect.REFUSE:
            return f"refused by {named}: {each.told}; commit something else, or waive the guardrail in an emergency"
        case _:
            assert_never(each.guardrail.effect)


def _gate(name: str, stands: GateWord, detail: str) -> GateState:
    return GateState(kind=GateKind.GUARDRAIL, name=name, stands=stands, detail=detail)
