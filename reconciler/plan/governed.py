"""The gates before a plan begins: guardrails, locks, other rollouts, approvals, windows. Pure.

Each gate is a rule of ``reconciler.policy`` that says how it stands; the first that is not open is what the plan waits
for. None of them stands before the way back of a rollout that is under way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.access import Placed
from reconciler.model.governance import FREE, GateKind, GateState, GateWord, Governance
from reconciler.model.plan import Plan
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import TurnedAway, Word
from reconciler.plan.consent import asked_once, consents
from reconciler.plan.situation import Situation
from reconciler.policy import guardrails, locks, windows
from reconciler.policy.concurrency import Turn, turns
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
        each = next(filter(_is_shut, self.gates), None)
        if each is None:
            return None
        refused = each.kind is GateKind.APPROVAL and each.stands is GateWord.CLOSED
        return WaitingOn(Reason.DISAPPROVED if refused else _REASONS[each.kind], each.detail, each.until)


def governed(plan: Plan, situation: Situation) -> Governed:
    """Return how the gates before the plan stand. Nobody is asked about a plan that is refused anyway."""
    rules = situation.desired.governance.get(plan.unit_id, FREE)
    placed = situation.desired.placed.get(plan.unit_id, Placed())
    standing, known = situation.standing, situation.standing.of(plan.unit_id)

    def passed(gates: Iterable[GateState]) -> tuple[GateState, ...]:
        return tuple(unless_waived(gate, known.words, situation.now) for gate in gates)

    found = guardrails.broken(rules.guardrails, plan, placed)
    before = passed(guardrails.gates(rules.guardrails, found))
    locked = passed(locks.gates(plan.unit_id, (*standing.words, *known.words), situation.now))
    answers = tuple(consents(plan, situation, guardrails.consents(found)))
    after = passed((*(gate for gate, _ in answers), *_windows(rules, plan, situation)))
    turn = tuple(_turns(plan, situation, ready=not any(map(_is_shut, (*before, *locked, *after)))))
    gates = (*before, *locked, *passed(gate for gate, _ in turn), *after)
    away = tuple(word for _, word in turn if word)
    refused = any(gate.stands is GateWord.CLOSED for gate in gates)
    return Governed(gates, away if refused else asked_once(word for _, words in answers for word in words))


def _is_shut(gate: GateState) -> bool:
    return gate.stands in (GateWord.PENDING, GateWord.CLOSED)


def _turns(plan: Plan, situation: Situation, *, ready: bool) -> Iterator[tuple[GateState, TurnedAway | None]]:
    """Return what other rollouts leave room for: those in hand, and those that this pass has let begin."""
    governance, standing = situation.desired.governance, situation.standing
    if not governance.get(plan.unit_id, FREE).concurrency:
        return iter(())  # Most fleets are not limited, and there may be very many units to count.
    in_hand = {each.unit for each in standing.units.values() if each.rollout is not None}
    turn = Turn(
        plan=plan,
        in_hand=frozenset(in_hand | situation.begun),
        ready=ready,
        words=standing.of(plan.unit_id).words,
        now=situation.now,
    )
    return turns(turn, governance)


def _windows(rules: Governance, plan: Plan, situation: Situation) -> Iterator[GateState]:
    accepted = situation.standing.of(plan.unit_id).accepted
    by_hand = accepted is not None and accepted.plan == plan.id
    gate = windows.gate(rules.windows, Plea(plan.cause, by_hand=by_hand), situation.now)
    yield from (gate,) if gate else ()
