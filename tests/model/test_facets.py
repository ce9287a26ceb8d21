"""What each sort of event is looked up by. A new sort of event needs a row here."""

from typing import get_args

import pytest

from reconciler.model import deed, event, word
from reconciler.model.access import Login
from reconciler.model.analysis import Measurement, Outcome
from reconciler.model.event import Event
from reconciler.model.facets import facets
from reconciler.model.governance import GateKind
from reconciler.model.rollout import Decided, Decision, StepRecord, StepState
from reconciler.model.verdict import Verdict
from tests.factory import NOW, SHOP
from tests.sim import plans


def step(state: StepState) -> StepRecord:
    return StepRecord(plan="p", index=0, state=state, attempt=1, started_at=NOW)


def ended(state: StepState) -> event.StepEnded:
    return event.StepEnded(rollout="r1", unit=SHOP, record=step(state), what="apply", detail="")


def decided(what: Decided) -> event.DecisionTaken:
    of = Decision(rollout="r1", plan="p", index=0, decided=what, author="ann", reason="", at=NOW)
    return event.DecisionTaken(unit=SHOP, decision=of)


def moved(after: str) -> event.RolloutMoved:
    return event.RolloutMoved(rollout="r1", unit=SHOP, before="running", after=after, reason="")


def judged(verdict: Verdict) -> event.VerdictGiven:
    return event.VerdictGiven(unit=SHOP, digest="d", verdict=verdict, reason="", commit="a")


def felt(condition: event.Condition) -> event.HealthChanged:
    return event.HealthChanged(unit=SHOP, target="web-1", condition=condition, detail="", since=NOW)


S, A = str(SHOP), "ann"
MEASURED = Measurement(at=NOW, outcome=Outcome.FAILED, value="7")

# event, unit, environment, rollout, actor, outcome
ROWS: tuple[tuple[Event, str, str, str, str, str], ...] = (
    (event.CommitAccepted(commit="a", subject="s"), "", "", "", "", "succeeded"),
    (event.CommitRefused(commit="a", subject="s", problems=()), "", "", "", "", "refused"),
    (event.RewriteAccepted(commit="a", author=A, reason="r"), "", "", "", A, ""),
    (event.SourceLost(reason="r"), "", "", "", "", "failed"),
    (event.SourceFound(), "", "", "", "", "succeeded"),
    (moved("running"), S, "production", "r1", "", ""),
    (moved("succeeded"), S, "production", "r1", "", "succeeded"),
    (moved("reverted"), S, "production", "r1", "", "reverted"),
    (moved("held"), S, "production", "r1", "", "held"),
    (
        event.StepStarted(rollout="r1", unit=SHOP, record=step(StepState.STARTED), what="apply"),
        S,
        "production",
        "r1",
        "",
        "",
    ),
    (ended(StepState.SUCCEEDED), S, "production", "r1", "", "succeeded"),
    (ended(StepState.FAILED), S, "production", "r1", "", "failed"),
    (event.ResourcesApplied(unit=SHOP), S, "production", "", "", "succeeded"),
    (event.Healed(rollout="r1", unit=SHOP, mended=()), S, "production", "r1", "", "succeeded"),
    (judged(Verdict.GOOD), S, "production", "", "", "succeeded"),
    (judged(Verdict.BAD), S, "production", "", "", "failed"),
    (judged(Verdict.UNKNOWN), S, "production", "", "", ""),
    (event.SnapshotTaken(unit=plans.shop("1", ["web-1"])), S, "production", "", "", ""),
    (
        event.Assessed(unit=SHOP, commit="a", digest="d", version="1", in_sync=True, waiting=None),
        S,
        "production",
        "",
        "",
        "",
    ),
    (event.Paused(unit=SHOP, author=A, reason="r"), S, "production", "", A, ""),
    (event.Paused(unit=None, author=A, reason="r"), "", "", "", A, ""),
    (event.Resumed(unit=SHOP, author=A, reason="r"), S, "production", "", A, ""),
    (event.RetryRequested(unit=SHOP, author=A, reason="r"), S, "production", "", A, ""),
    (event.PlanAccepted(unit=SHOP, plan="p", author=A), S, "production", "", A, ""),
    (
        event.Measured(rollout="r1", unit=SHOP, analysis="errors", query="q", measurement=MEASURED),
        S,
        "production",
        "r1",
        "",
        "",
    ),
    (event.Routed(rollout="r1", unit=SHOP, shares=()), S, "production", "r1", "", ""),
    (decided(Decided.PROMOTE), S, "production", "", A, "succeeded"),
    (decided(Decided.REJECT), S, "production", "", A, "refused"),
    (event.AbortRequested(unit=SHOP, rollout="r1", author=A, reason="r"), S, "production", "r1", A, ""),
    (event.Pinned(unit=SHOP, digest="d", named="1", author=A, reason="r"), S, "production", "", A, ""),
    (event.Released(unit=SHOP, author=A, reason="r"), S, "production", "", A, ""),
    (felt(event.Condition.UNHEALTHY), S, "production", "", "", "failed"),
    (felt(event.Condition.HEALTHY), S, "production", "", "", ""),
    (word.ApprovalAsked(unit=SHOP, plan="p", policies=(), at=NOW), S, "production", "", "", ""),
    (
        word.ApprovalGiven(unit=SHOP, plan="p", author=A, roles=(), login=Login.OIDC, at=NOW),
        S,
        "production",
        "",
        A,
        "succeeded",
    ),
    (word.ApprovalRefused(unit=SHOP, plan="p", author=A, reason="r", at=NOW), S, "production", "", A, "refused"),
    (word.ApprovalReminded(unit=SHOP, plan="p", policy="x", at=NOW), S, "production", "", "", ""),
    (word.ApprovalEscalated(unit=SHOP, plan="p", policy="x", roles=(), at=NOW), S, "production", "", "", ""),
    (word.Delegated(author=A, roles=(), to="ben", until=NOW, reason="r", at=NOW), "", "", "", A, ""),
    (word.DelegationEnded(author=A, to="ben", at=NOW), "", "", "", A, ""),
    (
        word.Waived(id="w", unit=SHOP, gates=(GateKind.APPROVAL,), author=A, reason="r", until=NOW, at=NOW),
        S,
        "production",
        "",
        A,
        "",
    ),
    (word.WaiverReviewed(id="w", unit=SHOP, author=A, finding="f", at=NOW), S, "production", "", A, ""),
    (word.Locked(unit=None, environment="staging", author=A, reason="r", at=NOW), "", "staging", "", A, ""),
    (word.Unlocked(unit=SHOP, environment="production", author=A, reason="r", at=NOW), S, "production", "", A, ""),
    (word.TurnedAway(unit=SHOP, digest="d", policy="x", beside=(), at=NOW), S, "production", "", "", "refused"),
    (word.FactorUsed(person=A, step=1, at=NOW), "", "", "", A, ""),
    (word.TokenIssued(id="t", name="ci", digest="d", author=A, at=NOW, until=None), "", "", "", A, ""),
    (word.TokenRevoked(id="t", author=A, at=NOW), "", "", "", A, ""),
    (
        word.AccessRefused(name=A, login="oidc", action="pause", unit=SHOP, reason="r", at=NOW),
        S,
        "production",
        "",
        A,
        "refused",
    ),
    (deed.Started(version="1", controller="c"), "", "", "", "", ""),
    (deed.Stopped(reason="r"), "", "", "", "", ""),
    (deed.SignedIn(name=A, login=Login.OIDC), "", "", "", A, "succeeded"),
    (
        deed.Requested(id="q", name=A, login=Login.OIDC, verb="hold", unit=SHOP),
        S,
        "production",
        "",
        A,
        "succeeded",
    ),
    (deed.NoticeDropped(channel="c", notice="n", unit=SHOP, reason="r"), S, "production", "", "", "failed"),
    (deed.SegmentArchived(first=1, last=2, file="f", digest="d"), "", "", "", "", "succeeded"),
    (deed.BackupTaken(file="f", number=1, author=A), "", "", "", A, "succeeded"),
    (deed.Restored(file="f", number=1, author=A), "", "", "", A, "succeeded"),
    (deed.Relearned(unit=SHOP, resources=()), S, "production", "", "", "succeeded"),
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].event)
def test_an_event_is_looked_up_by(row: tuple[Event, str, str, str, str, str]) -> None:
    of, *expected = row
    known = facets(of)
    assert [known.unit, known.environment, known.rollout, known.actor, known.outcome] == expected


def test_every_sort_of_event_has_a_row() -> None:
    assert {type(row[0]) for row in ROWS} == set(get_args(Event))
