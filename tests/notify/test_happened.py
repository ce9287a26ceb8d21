"""What of what is written down people are told, how much it matters, and which thread it goes on with."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.model.access import Login
from reconciler.model.analysis import Analysis, Measurement, Outcome, PrometheusQuery
from reconciler.model.change import Cause
from reconciler.model.deed import NoticeDropped, Stopped
from reconciler.model.event import (
    Assessed,
    CommitAccepted,
    CommitRefused,
    Condition,
    Event,
    Healed,
    HealthChanged,
    Measured,
    Mended,
    Paused,
    Pinned,
    Released,
    Resumed,
    RolloutMoved,
    SourceFound,
    SourceLost,
    VerdictGiven,
)
from reconciler.model.governance import GateKind
from reconciler.model.identity import ResourceId
from reconciler.model.notification import Consent, Course, Figure
from reconciler.model.problem import Problem
from reconciler.model.verdict import Verdict
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import (
    AccessRefused,
    ApprovalAsked,
    ApprovalEscalated,
    ApprovalGiven,
    ApprovalRefused,
    ApprovalReminded,
    Locked,
    TurnedAway,
    Unlocked,
    Waived,
    WaiverReviewed,
)
from reconciler.notify.happened import happened
from tests.notify.values import FACTS, NOW, PLAN, ROLLOUT, SHOP, entry

FILE = ResourceId(SHOP, "web-1", "file", "/etc/shop")


def moved(before: str | None, after: str) -> RolloutMoved:
    return RolloutMoved(rollout="r1", unit=SHOP, before=before, after=after, reason="error rate 7.2 % > 5 %")


def assessed(waiting: Reason | None = None, *drifted: str, in_sync: bool = False) -> Assessed:
    waits = WaitingOn(waiting, "because of that") if waiting else None
    return Assessed(
        unit=SHOP, commit="c", digest="d", version="2", in_sync=in_sync, waiting=waits, drifted=drifted, plan="p"
    )


def health(condition: Condition) -> HealthChanged:
    return HealthChanged(unit=SHOP, target="web-1", condition=condition, detail="HTTP 500", since=NOW)


def waiver(*, emergency: bool) -> Waived:
    return Waived(
        id="w1",
        unit=SHOP,
        gates=(GateKind.WINDOW,),
        author="ann",
        reason="outage",
        until=NOW + timedelta(hours=1),
        at=NOW,
        emergency=emergency,
    )


GIVEN = ApprovalGiven(unit=SHOP, plan="p", author="bob", roles=("sre",), login=Login.TOKEN, at=NOW, reason="read it")
THREAD = f"plan:{PLAN.id}"

CASES: list[tuple[Event, str, str, str, str]] = [
    (moved(None, "pending"), "rollout.planned", "info", THREAD, "under_way"),
    (moved("pending", "running"), "rollout.begun", "info", THREAD, "under_way"),
    (moved("paused", "running"), "rollout.begun", "info", THREAD, "under_way"),
    (moved("running", "paused"), "rollout.paused", "warning", THREAD, "needs_somebody"),
    (moved("running", "revert_needed"), "rollout.failed", "error", THREAD, "under_way"),
    (moved("revert_needed", "reverting"), "rollout.reverting", "warning", THREAD, "under_way"),
    (moved("revert_paused", "revert_needed"), "rollout.reverting", "warning", THREAD, "under_way"),
    (moved("reverting", "revert_paused"), "rollout.paused", "error", THREAD, "needs_somebody"),
    (moved("running", "succeeded"), "rollout.succeeded", "info", THREAD, "ended_well"),
    (moved("reverting", "reverted"), "rollout.reverted", "error", THREAD, "ended_badly"),
    (moved("reverting", "revert_failed"), "rollout.revert_failed", "critical", THREAD, "ended_badly"),
    (moved("running", "held"), "rollout.held", "error", THREAD, "ended_badly"),
    (moved("running", "aborted"), "rollout.aborted", "warning", THREAD, "ended_well"),
    (moved("running", "superseded"), "rollout.superseded", "info", THREAD, "ended_well"),
    (
        ApprovalAsked(unit=SHOP, plan="p", policies=("two",), at=NOW),
        "approval.asked",
        "warning",
        "plan:p",
        "needs_somebody",
    ),
    (
        ApprovalReminded(unit=SHOP, plan="p", policy="two", at=NOW),
        "approval.reminded",
        "warning",
        "plan:p",
        "needs_somebody",
    ),
    (
        ApprovalEscalated(unit=SHOP, plan="p", policy="two", roles=("lead",), at=NOW),
        "approval.escalated",
        "error",
        "plan:p",
        "needs_somebody",
    ),
    (GIVEN, "approval.given", "info", "plan:p", "under_way"),
    (
        ApprovalRefused(unit=SHOP, plan="p", author="bob", reason="no", at=NOW),
        "approval.refused",
        "warning",
        "plan:p",
        "ended_badly",
    ),
    (assessed(Reason.DRIFT_REPORTED, "web-1/file:x"), "drift.found", "warning", f"drift:{SHOP}", "needs_somebody"),
    (assessed(None, "web-1/file:x"), "drift.found", "info", f"drift:{SHOP}", "under_way"),
    (
        Healed(rollout="r1", unit=SHOP, mended=(Mended(resource=FILE),)),
        "drift.healed",
        "info",
        f"drift:{SHOP}",
        "ended_well",
    ),
    (assessed(Reason.GUARDRAIL), "unit.guarded", "error", f"unit:{SHOP}", "needs_somebody"),
    (assessed(Reason.WINDOW), "unit.waiting", "info", f"unit:{SHOP}", "under_way"),
    (assessed(Reason.UNREACHABLE), "unit.waiting", "warning", f"unit:{SHOP}", "needs_somebody"),
    (assessed(Reason.REVERT_FAILED), "unit.waiting", "critical", f"unit:{SHOP}", "needs_somebody"),
    (health(Condition.UNHEALTHY), "health.degraded", "error", f"health:{SHOP}/web-1", "needs_somebody"),
    (health(Condition.DEGRADED), "health.degraded", "warning", f"health:{SHOP}/web-1", "needs_somebody"),
    (health(Condition.HEALTHY), "health.healthy", "info", f"health:{SHOP}/web-1", "ended_well"),
    (
        VerdictGiven(unit=SHOP, digest="d", verdict=Verdict.BAD, reason="why", commit="c"),
        "unit.rejected",
        "error",
        f"unit:{SHOP}",
        "needs_somebody",
    ),
    (Paused(unit=SHOP, author="ann", reason="audit"), "unit.paused", "warning", f"unit:{SHOP}", "under_way"),
    (Paused(unit=None, author="ann", reason="audit"), "unit.paused", "warning", "unit:everything", "under_way"),
    (Resumed(unit=SHOP, author="ann", reason=""), "unit.resumed", "info", f"unit:{SHOP}", "under_way"),
    (
        Pinned(unit=SHOP, digest="d", named="1", author="ann", reason=""),
        "unit.held",
        "warning",
        f"unit:{SHOP}",
        "under_way",
    ),
    (Released(unit=SHOP, author="ann", reason=""), "unit.released", "info", f"unit:{SHOP}", "under_way"),
    (
        Locked(unit=None, environment="production", author="ann", reason="sale", at=NOW),
        "unit.locked",
        "warning",
        "lock:production",
        "under_way",
    ),
    (
        Unlocked(unit=SHOP, environment="", author="ann", reason="", at=NOW),
        "unit.unlocked",
        "info",
        f"lock:{SHOP}",
        "ended_well",
    ),
    (waiver(emergency=True), "waiver.used", "critical", "waiver:w1", "needs_somebody"),
    (waiver(emergency=False), "waiver.used", "error", "waiver:w1", "needs_somebody"),
    (
        WaiverReviewed(id="w1", unit=SHOP, author="bob", finding="fine", at=NOW),
        "waiver.reviewed",
        "info",
        "waiver:w1",
        "ended_well",
    ),
    (
        AccessRefused(name="eve", login="token", action="approve", unit=SHOP, reason="no role", at=NOW),
        "access.refused",
        "warning",
        "access:eve",
        "under_way",
    ),
    (
        CommitRefused(commit="c", subject="oh", problems=(Problem(file="a.yaml", line=3, message="no"),)),
        "commit.refused",
        "error",
        "commits",
        "needs_somebody",
    ),
    (SourceLost(reason="no route"), "git.lost", "error", "git", "needs_somebody"),
    (SourceFound(), "git.found", "info", "git", "ended_well"),
    (
        NoticeDropped(channel="deploys", notice="rollout.failed: shop", unit=SHOP, reason="dead"),
        "channel.dead",
        "error",
        "channel:deploys",
        "needs_somebody",
    ),
]


@pytest.mark.parametrize(("event", "topic", "severity", "thread", "course"), CASES)
def test_what_people_are_told(event: Event, topic: str, severity: str, thread: str, course: str) -> None:
    told = happened(entry(event), FACTS)
    assert told is not None
    assert (told.topic, told.severity, told.thread, told.course) == (topic, severity, thread, course)
    assert told.id == "7"
    assert "\n" not in told.title
    if told.course in (Course.NEEDS_SOMEBODY, Course.ENDED_BADLY):
        assert told.commands, "whoever has to act is told what to type"


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        (CommitAccepted(commit="c", subject="s"), FACTS),
        (Stopped(reason="told to"), FACTS),
        (TurnedAway(unit=SHOP, digest="d", policy="p", beside=(), at=NOW), FACTS),
        (VerdictGiven(unit=SHOP, digest="d", verdict=Verdict.GOOD, reason="", commit="c"), FACTS),
        (assessed(in_sync=True), FACTS),
        (assessed(Reason.APPROVAL), FACTS),
        (assessed(Reason.UNREACHABLE), replace(FACTS, before=assessed(Reason.UNREACHABLE))),
        (assessed(None, "web-1/file:x"), replace(FACTS, before=assessed(None, "web-1/file:x"))),
        (moved("running", "succeeded"), replace(FACTS, rollout=replace(ROLLOUT, cause=Cause.DRIFT))),
        (NoticeDropped(channel="deploys", notice="x", unit=None, reason="dead"), replace(FACTS, told_lately=True)),
        (NoticeDropped(channel="deploys", notice="channel.dead: y", unit=None, reason="dead"), FACTS),
    ],
)
def test_what_people_are_not_told(event: Event, facts: object) -> None:
    assert happened(entry(event), facts) is None  # type: ignore[arg-type]


def test_a_rollout_that_heals_is_told_when_it_fails() -> None:
    told = happened(entry(moved("running", "held")), replace(FACTS, rollout=replace(ROLLOUT, cause=Cause.DRIFT)))
    assert told is not None
    assert "healing of drift" in told.title


def test_drift_that_is_gone_by_itself_ends_its_thread() -> None:
    told = happened(entry(assessed(in_sync=True)), replace(FACTS, before=assessed(None, "web-1/file:x")))
    assert told is not None
    assert (told.topic, told.course, told.title) == (
        "drift.healed",
        "ended_well",
        "shop@production: there is no drift any more",
    )


def test_a_failure_tells_what_changed_where_it_stood_the_figures_and_who_consented() -> None:
    query = PrometheusQuery(url="http://prometheus", query="errors")
    plan = replace(PLAN, background=(Analysis(name="errors", query=query, success="result < 0.05"),))
    measured = [
        Measured(
            rollout="r1",
            unit=SHOP,
            analysis=name,
            query="q",
            measurement=Measurement(at=NOW, outcome=outcome, value=value),
        )
        for name, outcome, value in (
            ("errors", Outcome.SUCCESSFUL, "0.01"),
            ("latency", Outcome.INCONCLUSIVE, "0.2"),
            ("errors", Outcome.FAILED, "0.072"),
        )
    ]
    facts = replace(FACTS, forward=plan, measured=tuple(measured), given=(GIVEN, GIVEN))
    told = happened(entry(moved("running", "revert_needed")), facts)
    assert told is not None
    assert told.title == "shop@production: 2 (commit-) failed"
    assert told.detail == "error rate 7.2 % > 5 %"
    assert told.stage == "step 2 of 5"
    assert told.changes is not None
    assert (told.changes.updates, told.changes.first[0]) == (
        2,
        f"update {PLAN.changes[0].resource.target}/thing:shop",
    )
    assert told.figures == (
        Figure(name="errors", seen="0.072", wanted="result < 0.05", good=False),
        Figure(name="latency", seen="0.2"),
    )
    assert told.consents == (Consent(author="bob", roles=("sre",), reason="read it"),)
    assert (told.targets, told.services) == (("web-1", "web-2"), ("cart@production",))
    assert (told.team, told.version, told.rollout) == ("checkout", "2", "r1")
    assert told.commit is not None
    assert told.commit.author == "ann@example.com"
    assert [each.url for each in told.links] == [
        "https://reconciler.example/v1/units/shop@production",
        "https://reconciler.example/v1/rollouts/r1",
    ]
    assert told.commands == ("reconciler explain shop@production",)
