"""The gates before a plan begins: guardrails, locks, other rollouts, approvals, windows. Pure.

Each gate is a rule of ``reconciler.policy`` that says how it stands; the first that is not open is what the plan waits
for. None of them stands before the way back of a rollout that is under way.
"""

from dataclasses import dataclass

from reconciler.model.governance import GateKind, GateState, GateWord
from reconciler.model.plan import Plan
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import Word
from reconciler.plan.consent import asked_once, consents
from reconciler.plan.situation import Situation

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
    answers = tuple(consents(plan, situation))
    gates = tuple(gate for gate, _ in answers)
    refused = any(gate.stands is GateWord.CLOSED for gate in gates)
    return Governed(gates, () if refused else asked_once(word for _, words in answers for word in words))
