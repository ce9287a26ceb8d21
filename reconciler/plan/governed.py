"""The gates before a plan begins: guardrails, locks, other rollouts, approvals, windows. Pure.

Each gate is a rule of ``reconciler.policy`` that says how it stands; the first that is not open is what the plan waits
for. None of them stands before the way back of a rollout that is under way.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.model.access import Placed
from reconciler.model.governance import FREE, GateKind, GateState, GateWord, Governance
from reconciler.model.plan import Plan
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import Word
from reconciler.plan.consent import asked_once, consents
from reconciler.plan.situation import Situation
from reconciler.policy import concurrency, guardrails, locks, windows
from reconciler.policy.waiving import unless_waived
from reconciler.policy.windows import Plea

_REASONS = {
    GateKind.APPROVAL: Reason.APPROVAL,
    GateKind.WINDOW: Reason.WINDOW,
    GateKind.GUARDRAIL: Reason.GUARDRAIL,
    GateKind.LOCK: Reason.LOCKED,
    GateKind.CONCURRENCY: Reason.CONCURRENCY,
}


@dataclass(frozen=True, slots=True)
class Governed:
    """How all gates stand, and what is to be told once from now on."""

    gates: tuple[GateState, ...] = ()
    notices: tuple[Word, ...] = ()

    @property
    def waiting(self) -> WaitingOn | None:
        """What the plan waits for, None when it may begin."""
        shut = (each for each in self.gates if each.stands in (GateWord.PENDING, GateWord.CLOSED))
        each = next(shut, None)
        if each is None:
            return None
        refused = each.kind is GateKind.APPROVAL and each.stands is GateWord.CLOSED
        return WaitingOn(Reason.DISAPPROVED if refused else _REASONS[each.kind], each.detail, each.until)


def governed(plan: Plan, situation: Situation) -> Governed:
    """Return how the gates before the plan stand. Nobody is asked about a plan that is refused anyway."""
    rules = situation.desired.governance.get(plan.unit_id, FREE)
    placed = situation.desired.placed.get(plan.unit_id, Placed())
    found = guardrails.broken(rules.guardrails, plan, placed)
    answers = tuple(consents(plan, situation, guardrails.consents(found)))
    known = situation.standing.of(plan.unit_id)
    gates = (
        *guardrails.gates(rules.guardrails, found),
        *_others(plan, situation),
        *(gate for gate, _ in answers),
        *_windows(rules, plan, situation),
    )
    gates = tuple(unless_waived(gate, known.words, situation.now) for gate in gates)
    refused = any(gate.stands is GateWord.CLOSED for gate in gates)
    return Governed(gates, () if refused else asked_once(word for _, words in answers for word in words))


def _others(plan: Plan, situation: Situation) -> Iterator[GateState]:
    """What other people and other rollouts keep from beginning."""
    unit, standing = plan.unit_id, situation.standing
    yield from locks.gates(unit, (*standing.words, *standing.of(unit).words), situation.now)
    in_hand = (each.unit for each in standing.units.values() if each.rollout is not None)
    yield from concurrency.gates(unit, situation.desired.governance, (*in_hand, *situation.begun))


def _windows(rules: Governance, plan: Plan, situation: Situation) -> Iterator[GateState]:
    accepted = situation.standing.of(plan.unit_id).accepted
    by_hand = accepted is not None and accepted.plan == plan.id
    gate = windows.gate(rules.windows, Plea(plan.cause, by_hand=by_hand), situation.now)
    yield from (gate,) if gate else ()
