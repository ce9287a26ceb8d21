"""Rules over plans: which hold, what follows where they do not, and that what cannot be told is no yes."""

from dataclasses import replace

import pytest

from reconciler.model.access import Placed
from reconciler.model.change import Cause
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, Effect, GateKind, GateState, GateWord, Guardrail
from reconciler.model.plan import Plan
from reconciler.policy.guardrails import broken, consents, gates
from tests.plan.travel import case, plan_of

PLACED = Placed(environment={"tier": "critical"}, app={"team": "checkout"})
ASKED = ApprovalPolicy(name="rule", stages=(ApprovalStage(roles=("sre",)),))


def rule(text: str, effect: Effect = Effect.REFUSE, *, reverts: bool = False) -> Guardrail:
    asked = ASKED if effect is Effect.APPROVE else None
    return Guardrail(name="rule", rule=text, effect=effect, message="too many", approval=asked, reverts=reverts)


def plan(cause: Cause = Cause.COMMIT) -> Plan:
    return replace(plan_of(case({"strategy": {"rolling": {}}, "targets": 3})), cause=cause)


def stands(each: Guardrail, of: Plan | None = None) -> list[GateState]:
    return list(gates([each], broken([each], of or plan(), PLACED)))


@pytest.mark.parametrize(
    "text",
    [
        "plan.deletes.size() <= 5 || env.tier != 'critical'",
        "plan.targets.size() == 3 && plan.targets.all(name, name.startsWith('web-'))",
        "plan.strategy == 'rolling' && 'probe' in plan.steps",
        "plan.creates.all(each, each.kind == 'thing')",
        "app.team == 'checkout' && unit == 'shop@production'",
    ],
)
def test_a_rule_that_holds_is_open(text):
    assert stands(rule(text)) == [
        GateState(kind=GateKind.GUARDRAIL, name="rule", stands=GateWord.OPEN, detail="it keeps to the rules")
    ]


@pytest.mark.parametrize(
    ("effect", "word", "detail"),
    [
        (Effect.WARN, GateWord.WARNS, "rule: too many"),
        (Effect.APPROVE, GateWord.WARNS, "rule asks for consent: too many"),
        (
            Effect.REFUSE,
            GateWord.CLOSED,
            "refused by rule: too many; commit something else, or waive the guardrail in an emergency",
        ),
    ],
)
def test_what_follows_from_a_rule_that_does_not_hold(effect, word, detail):
    (gate,) = stands(rule("plan.targets.size() < 3", effect))
    assert (gate.stands, gate.detail) == (word, detail)


@pytest.mark.parametrize("text", ["env.owner == 'us'", "plan.targets[7] == 'web-1'", "plan.nothing == 1"])
def test_a_rule_that_cannot_be_told_does_not_hold_and_says_why(text):
    (gate,) = stands(rule(text))
    assert gate.stands is GateWord.CLOSED
    assert f"whether {text} cannot be told: " in gate.detail


def test_people_are_asked_because_of_rules_that_ask_and_do_not_hold():
    rules = [rule("false", Effect.APPROVE), rule("true", Effect.APPROVE), rule("false", Effect.WARN)]
    assert consents(broken(rules, plan(), PLACED)) == (ASKED,)


def test_a_way_back_is_asked_only_by_rules_that_want_to_be():
    back = plan(Cause.REVERT)
    assert stands(rule("false"), back)[0].stands is GateWord.OPEN
    assert stands(rule("false", reverts=True), back)[0].stands is GateWord.CLOSED
    assert stands(rule("false"), plan(Cause.DRIFT))[0].stands is GateWord.CLOSED
