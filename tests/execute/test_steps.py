"""What comes next within each sort of step, as scenarios: a record in, a move out."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.execute import moves as move
from reconciler.execute.move import next_move
from reconciler.model.analysis import Analysis, AnalysisRun, HttpQuery, Measurement, Outcome
from reconciler.model.plan import Apply, Confirm, Drain, Mirror, Plan, Shift, Step, Stop
from reconciler.model.policy import FailureBudget, RolloutPolicy
from reconciler.model.rollout import Decided, Decision, Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook, CommandHook
from reconciler.model.traffic import Share
from reconciler.model.waiting import Reason
from tests.factory import NOW, tier
from tests.sim import plans

MINUTE = timedelta(minutes=1)
LATER = NOW + MINUTE
WEB = ("web-1", "web-2")
POLICY = RolloutPolicy(name="p", failure_budget=FailureBudget(2, 2))
UNIT = plans.shop("2", WEB, POLICY)
FAILED = TargetFailure(target="web-1", batch=1, reason="web-1: no")

DRAIN = Drain(1, WEB, MINUTE)
SHIFT = Shift((Share("web-1", 10), Share("web-2", 90)))
MIRROR = Mirror(("web-1",), 5)
CONFIRM = Confirm(1, WEB)
BAKE = Bake(MINUTE)
PROMOTION = AwaitPromotion(MINUTE)
APPROVAL = AwaitApproval(2, (), MINUTE)
HOOK = CallHook(CommandHook(command=("ask",)))
FIGURES = Analysis(name="errors", query=HttpQuery(url="http://m/", value="$.v"))
ANALYSE = Analyse((FIGURES,), within=MINUTE)
APPLY = Apply(1, tuple(plans.changing(UNIT, name) for name in WEB))
STOP = Stop(1, APPLY.targets)


def plan(step: Step, **fields: object) -> Plan:
    return replace(plans.routed(plans.plan(UNIT, [step])), **fields)  # type: ignore[arg-type]


def rollout(step: Step, record: dict[str, object] | None = None, **fields: object) -> Rollout:
    made = StepRecord(plan=plan(step).id, index=0, state=StepState.STARTED, attempt=1, started_at=NOW)
    begun = None if record is None else replace(made, **record)  # type: ignore[arg-type]
    start = plans.pending(plan(step), "r1", NOW)
    return replace(start, **{"state": State.RUNNING, "step": begun, **fields})  # type: ignore[arg-type]


def said(decided: Decided, author: str = "ann", step: Step = BAKE, index: int = 0) -> Decision:
    return Decision(
        rollout="r1", plan=plan(step).id, index=index, decided=decided, author=author, reason="I looked", at=NOW
    )


def run(outcome: Outcome | None = None, **fields: object) -> AnalysisRun:
    latest = Measurement(at=NOW, outcome=outcome or Outcome.SUCCESSFUL, value="1")
    return AnalysisRun(name="errors", next_at=LATER, outcome=outcome, reason="4 of 5", latest=latest, **fields)  # type: ignore[arg-type]


AWAY = Measurement(at=NOW, outcome=Outcome.ERROR, value="no answer", detail="no answer from http://m/")
NOTED = {"note": "3 requests under way to web-1", "again_at": LATER}
TOLD = {"effect_at": NOW - MINUTE / 2}
OVERDUE = {"deadline": NOW}
REJECTED = "rejected by ann: I looked"

EXPECTED: dict[str, tuple[Rollout, Step, move.Move]] = {
    "a drain is told": (rollout(DRAIN, {}), DRAIN, move.Direct(DRAIN, (Share("web-1", 0), Share("web-2", 0)))),
    "and watched": (rollout(DRAIN, TOLD), DRAIN, move.Watch(DRAIN, (Share("web-1", 0), Share("web-2", 0)))),
    "a drain ends when none is under way": (rollout(DRAIN, {**TOLD, "targets_done": WEB}), DRAIN, move.End(DRAIN)),
    "or its time is over": (rollout(DRAIN, {"effect_at": NOW - MINUTE}), DRAIN, move.End(DRAIN)),
    "its time does not begin before it is told": (
        rollout(DRAIN, {"started_at": NOW - MINUTE}),
        DRAIN,
        move.Direct(DRAIN, (Share("web-1", 0), Share("web-2", 0))),
    ),
    "requests that cannot be sent are a failure at the deadline": (
        rollout(DRAIN, {"note": "lb-1 is away"}, **OVERDUE),
        DRAIN,
        move.Fail("the requests could not be sent as planned in time: lb-1 is away"),
    ),
    "a shift is told": (rollout(SHIFT, {}), SHIFT, move.Direct(SHIFT, SHIFT.shares)),
    "a shift ends when all serve": (rollout(SHIFT, {**TOLD, "targets_done": WEB}), SHIFT, move.End(SHIFT)),
    "and not before": (rollout(SHIFT, {**TOLD, "targets_done": WEB[:1]}), SHIFT, move.Watch(SHIFT, SHIFT.shares)),
    "a mirror is told": (rollout(MIRROR, {}), MIRROR, move.Direct(MIRROR, ())),
    "and that is all": (rollout(MIRROR, TOLD), MIRROR, move.End(MIRROR)),
    "a second look begins": (rollout(CONFIRM), CONFIRM, move.Begin(CONFIRM, WEB)),
    "a second look is taken": (rollout(CONFIRM, {}), CONFIRM, move.Inspect(CONFIRM, WEB)),
    "only where it was not": (
        rollout(CONFIRM, {"targets_done": ("web-2",)}),
        CONFIRM,
        move.Inspect(CONFIRM, ("web-1",)),
    ),
    "and not at what failed": (
        rollout(CONFIRM, {"targets_done": ("web-2",)}, failures=(FAILED,)),
        CONFIRM,
        move.End(CONFIRM),
    ),
    "what cannot be seen in time has failed": (
        rollout(CONFIRM, {"targets_done": ("web-2",), "note": "no route"}, **OVERDUE),
        CONFIRM,
        move.GiveUp(
            (TargetFailure(target="web-1", batch=1, reason="web-1 cannot be looked at again: no route"),),
        ),
    ),
    "a hook is called": (rollout(HOOK, {}), HOOK, move.Call(HOOK)),
    "until it says yes": (rollout(HOOK, TOLD), HOOK, move.End(HOOK)),
    "or no too often": (
        rollout(HOOK, {"attempt": 4, "note": "status 1"}),
        HOOK,
        move.Fail("the hook ask has not said yes: status 1"),
    ),
    "a person ends it": (rollout(HOOK, {}, decisions=(said(Decided.REJECT, step=HOOK),)), HOOK, move.Fail(REJECTED)),
    "a bake is skipped": (rollout(BAKE, {}, decisions=(said(Decided.PROMOTE),)), BAKE, move.End(BAKE)),
    "a bake is rejected": (rollout(BAKE, {}, decisions=(said(Decided.REJECT),)), BAKE, move.Fail(REJECTED)),
    "a promotion is rejected": (
        rollout(PROMOTION, {}, decisions=(said(Decided.REJECT, step=PROMOTION),)),
        PROMOTION,
        move.Fail(REJECTED),
    ),
    "an approval is no promotion": (
        rollout(PROMOTION, {"started_at": NOW - MINUTE}, decisions=(said(Decided.APPROVE, step=PROMOTION),)),
        PROMOTION,
        move.Fail("no promotion within 1m"),
    ),
    "an approval is rejected": (
        rollout(APPROVAL, {}, decisions=(said(Decided.REJECT, step=APPROVAL),)),
        APPROVAL,
        move.Fail(REJECTED),
    ),
    "two approve": (
        rollout(APPROVAL, {}, decisions=tuple(said(Decided.APPROVE, who, APPROVAL) for who in ("ann", "bob"))),
        APPROVAL,
        move.End(APPROVAL),
    ),
    "who promotes fully approves once": (
        rollout(
            APPROVAL,
            {"started_at": NOW - MINUTE},
            decisions=(said(Decided.PROMOTE_FULLY, "ann", APPROVAL), said(Decided.APPROVE, "ann", APPROVAL)),
        ),
        APPROVAL,
        move.Fail("no approval within 1m"),
    ),
    "who promotes fully and may not approve does not": (
        rollout(
            APPROVAL,
            {"started_at": NOW - MINUTE},
            decisions=(
                replace(said(Decided.PROMOTE_FULLY, "eve", APPROVAL), approves=False),
                said(Decided.APPROVE, "ann", APPROVAL),
            ),
        ),
        APPROVAL,
        move.Fail("no approval within 1m"),
    ),
    "an analysis is rejected": (
        rollout(ANALYSE, {"runs": (run(),)}, decisions=(said(Decided.REJECT, step=ANALYSE),)),
        ANALYSE,
        move.Fail(REJECTED),
    ),
    "what is due is measured": (
        rollout(ANALYSE, {"runs": (replace(run(), next_at=NOW),)}),
        ANALYSE,
        move.Measure((FIGURES,)),
    ),
    "good figures end it": (rollout(ANALYSE, {"runs": (run(Outcome.SUCCESSFUL),)}), ANALYSE, move.End(ANALYSE)),
    "bad ones fail it": (rollout(ANALYSE, {"runs": (run(Outcome.FAILED),)}), ANALYSE, move.Fail("4 of 5")),
    "so does nobody who can say": (rollout(ANALYSE, {"runs": (run(Outcome.ERROR),)}), ANALYSE, move.Fail("4 of 5")),
    "a person decides between": (
        rollout(ANALYSE, {"runs": (run(Outcome.INCONCLUSIVE),)}, decisions=(said(Decided.PROMOTE, step=ANALYSE),)),
        ANALYSE,
        move.End(ANALYSE),
    ),
    "a promotion does not stand for figures": (
        rollout(ANALYSE, {"runs": (run(Outcome.FAILED),)}, decisions=(said(Decided.PROMOTE, step=ANALYSE),)),
        ANALYSE,
        move.Fail("4 of 5"),
    ),
    "no more are changed than may be down": (
        rollout(APPLY),
        APPLY,
        move.Fail("2 targets would be out of service at once, 1 may be: this batch (2: web-1, web-2)"),
    ),
    "nor stopped": (
        rollout(STOP, failures=(replace(FAILED, target="web-9"),)),
        STOP,
        move.Fail(
            "3 targets would be out of service at once, 1 may be: "
            "this batch (2: web-1, web-2) and 1 that failed (web-9)"
        ),
    ),
    "nor drained": (
        rollout(DRAIN),
        DRAIN,
        move.Fail("2 targets would be out of service at once, 1 may be: this batch (2: web-1, web-2)"),
    ),
    "a slot is changed beside one that serves": (
        rollout(replace(APPLY, slot="blue")),
        replace(APPLY, slot="blue"),
        move.Perform(replace(APPLY, slot="blue"), APPLY.targets),
    ),
    "a revert brings back what it can": (
        rollout(APPLY, state=State.REVERTING),
        APPLY,
        move.Perform(APPLY, APPLY.targets),
    ),
    "a revert passes over what fails": (
        rollout(SHIFT, {"note": "away"}, state=State.REVERTING, **OVERDUE),
        SHIFT,
        move.PassOver(
            SHIFT,
            TargetFailure(
                target="lb-1, lb-2",
                batch=0,
                reason="the requests could not be sent as planned in time: away",
            ),
        ),
    ),
    "of whatever sort": (
        rollout(HOOK, {"attempt": 4, "note": "status 1"}, state=State.REVERTING),
        HOOK,
        move.PassOver(HOOK, TargetFailure(target="step 1", batch=0, reason="the hook ask has not said yes: status 1")),
    ),
}


@pytest.mark.parametrize("scenario", EXPECTED)
def test_next_move(scenario: str) -> None:
    before, step, expected = EXPECTED[scenario]
    assert next_move(before, plan(step, tiers=(tier(*WEB, "web-9", may_be_down=1),)), NOW) == expected


WAITS: dict[str, tuple[Rollout, Step, Reason, str]] = {
    "requests under way": (
        rollout(DRAIN, {**TOLD, **NOTED}),
        DRAIN,
        Reason.TRAFFIC,
        "3 requests under way to web-1",
    ),
    "a load balancer": (rollout(SHIFT, {"note": "lb-1 is away", "again_at": LATER}), SHIFT, Reason.TRAFFIC, "lb-1"),
    "a target out of sight": (rollout(CONFIRM, NOTED), CONFIRM, Reason.UNREACHABLE, "web-1, web-2 cannot be looked"),
    "a hook": (rollout(HOOK, NOTED), HOOK, Reason.HOOK, "the hook ask has not said yes: 3 requests"),
    "time": (rollout(BAKE, {}), BAKE, Reason.TIME, "1m have to pass"),
    "a promotion": (rollout(PROMOTION, {}), PROMOTION, Reason.PROMOTION, "reconciler promote shop@production"),
    "approvals": (rollout(APPROVAL, {}), APPROVAL, Reason.APPROVAL, "it needs 2 approvals: reconciler approve"),
    "figures": (
        rollout(ANALYSE, {"runs": (run(),)}),
        ANALYSE,
        Reason.ANALYSIS,
        "figures are not all in: errors (0 of 1)",
    ),
    "figures that nobody gives": (
        rollout(ANALYSE, {"runs": (replace(run(successful=1, consecutive_errors=2), latest=AWAY),)}),
        ANALYSE,
        Reason.ANALYSIS,
        "errors (1 of 1; the last 2 could not be had: no answer from http://m/)",
    ),
    "a person's eye": (
        rollout(ANALYSE, {"runs": (run(Outcome.INCONCLUSIVE),)}),
        ANALYSE,
        Reason.UNCLEAR,
        "figures say neither yes nor no (4 of 5); a person has to look and decide: reconciler promote",
    ),
    "a person's eye on what goes on beside": (
        rollout(BAKE, background=(run(Outcome.INCONCLUSIVE),)),
        BAKE,
        Reason.UNCLEAR,
        "figures say neither yes nor no (analysis errors: 4 of 5)",
    ),
}


@pytest.mark.parametrize("what", WAITS)
def test_every_wait_says_for_what_and_has_an_end(what: str) -> None:
    before, step, reason, words = WAITS[what]
    asleep = next_move(before, plan(step), NOW)
    assert isinstance(asleep, move.Sleep)
    assert asleep.waiting.reason is reason
    assert words in asleep.waiting.detail
    assert NOW < asleep.until <= NOW + timedelta(days=1)


def test_what_goes_on_beside_is_measured_while_a_step_waits() -> None:
    beside = plan(BAKE, background=(FIGURES,))
    due, soon = replace(run(), next_at=NOW), replace(run(), next_at=NOW + MINUTE / 2)
    assert next_move(rollout(BAKE, {}, background=(due,)), beside, NOW) == move.MeasureBeside((FIGURES,))
    asleep = next_move(rollout(BAKE, {}, background=(soon,)), beside, NOW)
    assert isinstance(asleep, move.Sleep)
    assert (asleep.until, asleep.waiting.reason) == (soon.next_at, Reason.TIME)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.ERROR])
def test_what_goes_on_beside_fails_the_rollout_while_it_waits(outcome: Outcome) -> None:
    assert next_move(rollout(BAKE, {}, background=(run(outcome),)), plan(BAKE), NOW) == move.Fail(
        "analysis errors: 4 of 5"
    )


@pytest.mark.parametrize(
    ("decided", "now", "expected"),
    [
        (Decided.PROMOTE, NOW, move.Begin(BAKE)),
        (Decided.PROMOTE_FULLY, NOW, move.Begin(BAKE)),
        (Decided.REJECT, NOW, move.Fail(REJECTED)),
        (
            Decided.APPROVE,
            NOW + timedelta(days=1),
            move.Fail("figures say neither yes nor no (analysis errors: 4 of 5), and nobody has decided in time"),
        ),
    ],
)
def test_a_person_decides_about_what_goes_on_beside(decided: Decided, now: plans.datetime, expected: move.Move) -> None:
    waiting = rollout(BAKE, background=(run(Outcome.INCONCLUSIVE),), decisions=(said(decided),))
    assert next_move(waiting, plan(BAKE), now) == expected


def test_a_word_about_another_step_or_plan_does_not_count() -> None:
    for other in (said(Decided.PROMOTE, index=1), replace(said(Decided.PROMOTE), plan="another")):
        assert isinstance(next_move(rollout(BAKE, {}, decisions=(other,)), plan(BAKE), NOW), move.Sleep)
