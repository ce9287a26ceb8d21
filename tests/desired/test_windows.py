"""When changes may begin, rules over plans, limits on rollouts: documents as the units that they speak of have them."""

from datetime import UTC, datetime, timedelta

from reconciler.model.governance import (
    FREE,
    ApprovalPolicy,
    ApprovalStage,
    AutoApproval,
    ChangeWindow,
    Concurrency,
    Effect,
    Governance,
    Guardrail,
    OnConflict,
    WindowMode,
)
from reconciler.model.identity import UnitId
from tests.desired.note import loaded

UNIT = UnitId("base", "production")

OFFICE = """\
kind: ChangeWindow
metadata: {name: office-hours}
spec:
  match: {environments: {tier: critical}}
  mode: allow
  cron: 0 9 * * MON-FRI
  duration: 8h
  zone: Europe/Berlin
  manual: true
  overrun: false
  reverts: false
  heals: false
"""

FREEZE = """\
kind: ChangeWindow
metadata: {name: freeze}
spec: {mode: deny, zone: Europe/Berlin, from: 2026-12-20, to: 2026-12-27T09:00:00+01:00}
"""

RULES = """\
kind: Guardrail
metadata: {name: few-deletes}
spec:
  rule: plan.deletes.size() <= 5 || env.tier != "critical"
  effect: approve
  message: it deletes more than five resources
  approve: {count: 2, roles: [approver]}
  reverts: true
  examples:
    - {plan: {deletes: []}, env: {tier: critical}, holds: true}
    - {plan: {deletes: [{}, {}, {}, {}, {}, {}]}, env: {tier: critical}, holds: false}
    - {plan: {deletes: [{}, {}, {}, {}, {}, {}]}, env: {tier: minor}, holds: true}
    - {holds: true}
---
kind: Guardrail
metadata: {name: named}
spec: {rule: unit.startsWith("base@") && app.name == "base", message: another app, match: {units: ["base@*"]}}
"""

LIMITS = """\
kind: ConcurrencyPolicy
metadata: {name: one}
---
kind: ConcurrencyPolicy
metadata: {name: two}
spec: {atMost: 2, over: all, onConflict: fail}
---
kind: ConcurrencyPolicy
metadata: {name: elsewhere}
spec: {match: {units: ["*@staging"]}}
"""


def governance(*policies: str) -> Governance:
    return loaded({"policies/governance.yaml": "---\n".join(policies)}).governance.get(UNIT, FREE)


def test_a_window_that_comes_round_is_as_it_is_written():
    assert governance(OFFICE).windows == (
        ChangeWindow(
            name="office-hours",
            mode=WindowMode.ALLOW,
            cron="0 9 * * MON-FRI",
            duration=timedelta(hours=8),
            zone="Europe/Berlin",
            manual=True,
            overrun=False,
            reverts=False,
            heals=False,
        ),
    )


def test_dates_are_midnight_in_the_zone_of_the_window_and_times_are_what_they_say():
    (window,) = governance(FREEZE).windows
    assert window.begins == datetime(2026, 12, 19, 23, tzinfo=UTC)
    assert window.ends == datetime(2026, 12, 27, 8, tzinfo=UTC)
    assert (window.manual, window.overrun, window.reverts, window.heals) == (False, True, True, True)


def test_rules_come_with_whom_they_ask_and_need_everybody_that_they_ask():
    assert governance(RULES).guardrails == (
        Guardrail(
            name="few-deletes",
            rule='plan.deletes.size() <= 5 || env.tier != "critical"',
            effect=Effect.APPROVE,
            message="it deletes more than five resources",
            approval=ApprovalPolicy(
                name="few-deletes",
                stages=(ApprovalStage(count=2, roles=("approver",)),),
                auto=AutoApproval(causes=()),
            ),
            reverts=True,
        ),
        Guardrail(
            name="named",
            rule='unit.startsWith("base@") && app.name == "base"',
            effect=Effect.REFUSE,
            message="another app",
        ),
    )


def test_limits_speak_of_the_units_that_they_match():
    assert governance(LIMITS).concurrency == (
        Concurrency(name="one", at_most=1, over="environment"),
        Concurrency(name="two", at_most=2, over="all", on_conflict=OnConflict.FAIL),
    )


def test_no_policy_of_these_changes_what_a_unit_is():
    before, after = loaded({}), loaded({"policies/all.yaml": "---\n".join((OFFICE, FREEZE, RULES, LIMITS))})
    assert after.units[UNIT] == before.units[UNIT]
