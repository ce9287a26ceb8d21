"""Whether a plan has the consent that a policy wants. A new case needs no Python: see approvals.yaml."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.desired.approval_documents import ApprovalPolicySpec
from reconciler.model.access import Login, Placed
from reconciler.model.governance import ApprovalPolicy, AutoApproval, GateKind
from reconciler.model.plan import LeftOut, Plan
from reconciler.model.word import (
    ApprovalAsked,
    ApprovalEscalated,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalReminded,
    Waived,
    Word,
)
from reconciler.policy.approval import approval
from reconciler.policy.approval_auto import needs_nobody
from reconciler.policy.approval_question import Question
from reconciler.policy.plan_facts import facts
from tests import factory as f

CASES = yaml.safe_load((Path(__file__).parent / "approvals.yaml").read_text())
POLICY_KEYS = {each.alias for each in ApprovalPolicySpec.model_fields.values()}
PLACED = Placed(environment={"tier": "critical"})
START = f.NOW - timedelta(hours=1)


def a_plan() -> Plan:
    one, two = f.thing("/a"), f.thing("/b", "web-2")
    (assessment,) = f.assess(f.desired(f.unit(one, two)), f.absent(one, two))
    assert assessment.plan
    return assessment.plan


PLAN = a_plan()


def word(said: Mapping[str, Any]) -> Word:
    plan = said.get("plan", PLAN.id)
    at = START + timedelta(minutes=said.get("at", 30))
    if "refuses" in said:
        return ApprovalRefused(unit=f.SHOP, plan=plan, author=said["by"], reason=said["refuses"], at=at)
    if "waives" in said:
        until = START + timedelta(minutes=said["until"])
        gates = tuple(map(GateKind, said["waives"]))
        return Waived(id="w", unit=f.SHOP, gates=gates, author=said["by"], reason="fire", until=until, at=at)
    if "reminded" in said:
        return ApprovalReminded(unit=f.SHOP, plan=plan, policy="p", at=at)
    if "escalated" in said:
        return ApprovalEscalated(unit=f.SHOP, plan=plan, policy="p", roles=tuple(said["escalated"]), at=at)
    return ApprovalGiven(
        unit=f.SHOP,
        plan=plan,
        author=said["by"],
        roles=tuple(said.get("roles", ())),
        login=Login(said.get("login", "local")),
        at=at,
        emails=tuple(said.get("emails", ())),
        factor=said.get("factor", False),
        instead_of=said.get("instead", ""),
        instead_of_emails=tuple(said.get("instead-emails", ())),
    )


def policy(case: Mapping[str, Any]) -> ApprovalPolicy:
    return ApprovalPolicySpec.model_validate({key: case[key] for key in case.keys() & POLICY_KEYS}).consent("p")


def question(case: Mapping[str, Any]) -> Question:
    asked = () if case.get("asked", 0) is None else (ApprovalAsked(unit=f.SHOP, plan=PLAN.id, policies=(), at=START),)
    authors = case.get("authors", ())
    return Question(
        plan=PLAN,
        facts=facts(PLAN, PLACED),
        words=(*asked, *map(word, case.get("said", ()))),
        authors=None if authors is None else frozenset(authors),
        requesters=tuple(case.get("requesters", ())),
        now=f.NOW,
    )


def test_targets_that_cannot_be_seen_make_a_plan_no_smaller() -> None:
    asked = question({})
    away = replace(PLAN, left_out=(LeftOut("web-3", "no route to host"), LeftOut("web-4", "no route to host")))
    few = AutoApproval(fewer_targets_than=3)
    assert needs_nobody(few, asked) == "2 targets need nobody, fewer than 3"
    assert needs_nobody(few, replace(asked, plan=away)) == ""


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in CASES])
def test_a_gate_stands_as_the_policy_and_what_was_said_have_it(case: dict[str, Any]) -> None:
    state, notices = approval(policy(case), question(case))

    assert (state.kind, state.name, state.stands) == (GateKind.APPROVAL, "p", case["stands"]), state.detail
    if "detail" in case:
        assert state.detail == case["detail"]
    assert [each for each in case.get("has", ()) if each not in state.detail] == [], state.detail
    if "until" in case:
        minutes = case["until"]
        if case.get("asked", 0) is None:
            minutes += 60
        assert state.until == (None if case["until"] is None else START + timedelta(minutes=minutes))
    assert [each.event for each in notices] == case.get("notices", [])
