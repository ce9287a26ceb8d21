"""Who has to consent to what: ApprovalPolicy documents as units have them, and the labels units are matched by."""

from datetime import timedelta

from reconciler.model.access import Placed
from reconciler.model.change import Cause
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, AutoApproval, Escalation, Governance
from reconciler.model.identity import UnitId
from tests.desired.note import loaded

UNIT = UnitId("base", "production")

WHOLE = """\
kind: ApprovalPolicy
metadata: {name: two-of-sre}
spec:
  match: {units: ["*@production"]}
  stages:
    - {count: 2, roles: [sre]}
    - {roles: [lead], people: [ann, ben@example.net]}
  separate: false
  secondFactor: true
  within: 4h
  validFor: 2h
  remindAfter: 1h
  escalate: [{after: 2h, roles: [lead]}]
  auto: {causes: [drift], fewerTargetsThan: 3, when: plan.deletes.size() == 0}
"""

ROLES = """\
kind: Role
metadata: {name: sre}
spec: {actions: [approve]}
---
kind: Role
metadata: {name: lead}
spec: {actions: [approve]}
"""

SHORT = """\
kind: ApprovalPolicy
metadata: {name: anybody}
spec: {stages: [{}], fromGit: true}
"""

ELSEWHERE = """\
kind: ApprovalPolicy
metadata: {name: elsewhere}
spec: {match: {environments: {tier: minor}}, stages: [{}]}
"""


def governance(*policies: str) -> Governance | None:
    return loaded({"policies/approvals.yaml": "---\n".join([*policies, ROLES])}).governance.get(UNIT)


def test_all_that_is_written_is_in_the_policy_of_the_unit():
    assert governance(WHOLE) == Governance(
        approvals=(
            ApprovalPolicy(
                name="two-of-sre",
                stages=(
                    ApprovalStage(count=2, roles=("sre",)),
                    ApprovalStage(roles=("lead",), people=("ann", "ben@example.net")),
                ),
                separate=False,
                second_factor=True,
                within=timedelta(hours=4),
                valid_for=timedelta(hours=2),
                remind_after=timedelta(hours=1),
                escalate=(Escalation(after=timedelta(hours=2), roles=("lead",)),),
                auto=AutoApproval(causes=(Cause.DRIFT,), fewer_targets_than=3, when="plan.deletes.size() == 0"),
            ),
        )
    )


def test_what_is_not_written_is_the_careful_answer():
    assert governance(SHORT) == Governance(
        approvals=(ApprovalPolicy(name="anybody", stages=(ApprovalStage(),), from_git=True),)
    )


def test_every_policy_that_matches_counts_by_name_and_no_other():
    found = governance(WHOLE, SHORT, ELSEWHERE)
    assert found is not None
    assert [each.name for each in found.approvals] == ["anybody", "two-of-sre"]
    assert governance(ELSEWHERE) is None


def test_units_have_the_labels_that_they_are_matched_by():
    assert loaded({}).placed == {UNIT: Placed(environment={"tier": "critical"})}
