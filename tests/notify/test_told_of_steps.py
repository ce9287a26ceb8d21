"""What people are told of the steps of a rollout: batches that are done, waits for people, figures."""

from dataclasses import replace

import pytest

from reconciler.model.analysis import Analysis, Measurement, Outcome, PrometheusQuery
from reconciler.model.event import DecisionTaken, Measured, RolloutMoved, StepEnded, StepStarted
from reconciler.model.notification import Figure, Severity
from reconciler.model.rollout import Decided, Decision, StepRecord, StepState
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion
from reconciler.notify.happened import happened
from tests.notify.values import FACTS, NOW, PLAN, SHOP, UNIT, entry
from tests.sim import plans


def record(index: int, state: StepState) -> StepRecord:
    return StepRecord(plan=PLAN.id, index=index, state=state, attempt=1, started_at=NOW)


def test_a_batch_that_is_done_is_told_where_there_are_several() -> None:
    ended = StepEnded(rollout="r1", unit=SHOP, record=record(3, StepState.SUCCEEDED), what="apply", detail="")
    told = happened(entry(ended), FACTS)
    assert told is not None
    assert (told.topic, told.stage, told.targets) == ("rollout.batch_done", "batch 2 of 2", ("web-2",))
    alone = plans.at_once(UNIT)
    one = replace(ended, record=replace(ended.record, plan=alone.id, index=0))
    assert happened(entry(one), replace(FACTS, plan=alone, forward=alone)) is None
    failed = replace(ended, record=record(3, StepState.FAILED))
    assert happened(entry(failed), FACTS) is None


@pytest.mark.parametrize(("step", "command"), [(AwaitApproval(), "approve"), (AwaitPromotion(), "promote")])
def test_a_step_that_waits_for_people_asks_them(step: AwaitApproval | AwaitPromotion, command: str) -> None:
    plan = plans.plan(UNIT, (*PLAN.steps[:2], step, *PLAN.steps[2:]))
    started = StepStarted(
        rollout="r1", unit=SHOP, record=replace(record(2, StepState.STARTED), plan=plan.id), what="wait for somebody"
    )
    told = happened(entry(started), replace(FACTS, plan=plan, forward=plan))
    assert told is not None
    assert (told.topic, told.severity, told.stage) == ("rollout.waiting", Severity.WARNING, "step 3 of 6")
    assert told.commands[0] == f"reconciler {command} shop@production"


def test_a_step_that_is_in_no_plan_we_know_is_not_told() -> None:
    started = StepStarted(rollout="r1", unit=SHOP, record=record(99, StepState.STARTED), what="wait")
    assert happened(entry(started), FACTS) is None
    assert happened(entry(started), replace(FACTS, plan=None, forward=None)) is None


@pytest.mark.parametrize(
    ("decided", "topic"), [(Decided.APPROVE, "approval.given"), (Decided.REJECT, "approval.refused")]
)
def test_a_decision_about_a_step_is_told_in_the_thread_of_its_rollout(decided: Decided, topic: str) -> None:
    decision = Decision(rollout="r1", plan=PLAN.id, index=2, decided=decided, author="bob", reason="fine", at=NOW)
    told = happened(entry(DecisionTaken(unit=SHOP, decision=decision)), FACTS)
    assert told is not None
    assert (told.topic, told.thread, told.actor, told.reason) == (topic, f"plan:{PLAN.id}", "bob", "fine")


def test_the_figures_of_an_analysis_step_have_their_thresholds() -> None:
    query = PrometheusQuery(url="http://prometheus", query="errors")
    analysis = Analysis(name="errors", query=query, failure="result > 0.05")
    plan = plans.plan(UNIT, (*PLAN.steps, Analyse((analysis,))))
    one = Measured(
        rollout="r1",
        unit=SHOP,
        analysis="errors",
        query="q",
        measurement=Measurement(at=NOW, outcome=Outcome.ERROR, value="", detail="no answer"),
    )
    told = happened(
        entry(RolloutMoved(rollout="r1", unit=SHOP, before="running", after="held", reason="")),
        replace(FACTS, forward=plan, measured=(one,)),
    )
    assert told is not None
    assert told.figures == (Figure(name="errors", seen="no answer", wanted="not result > 0.05", good=None),)
