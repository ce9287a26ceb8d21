"""A journal with a small story in it: a plan that somebody approved, carried out with one step that failed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from reconciler.audit.record import Record, record
from reconciler.model.access import Login
from reconciler.model.change import FieldDiff
from reconciler.model.deed import Requested, SignedIn
from reconciler.model.event import CommitAccepted, Event, Paused, StepEnded
from reconciler.model.plan import Apply, Plan, TargetChanges
from reconciler.model.question import Question
from reconciler.model.rollout import StepRecord, StepState
from reconciler.model.word import AccessRefused, ApprovalAsked, ApprovalGiven
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP
from tests.sim import plans

MINUTE = timedelta(minutes=1)
KEYED = "keyed:" + "a" * 64


def planned() -> Plan:
    """A plan whose first change has a plain field, a veiled secret and a value that looks like a formula."""
    plan = plans.at_once(plans.shop("2", ["web-1"]))
    apply = plan.steps[0]
    assert isinstance(apply, Apply)
    fields = (
        FieldDiff(path="mode", before="0644", after="0600"),
        FieldDiff(path="password", before="(secret)", after=KEYED, secret=True),
        FieldDiff(path="note", before=None, after="=cmd|' /C calc'!A0"),
    )
    first = apply.targets[0]
    changes = (replace(first.changes[0], fields=fields),)
    steps = (replace(apply, targets=(TargetChanges(first.target, changes, first.operations),)), *plan.steps[1:])
    return replace(plan, steps=steps)


def story() -> list[list[Event]]:
    """What is written down after the plan's rollout began, a minute apart."""
    plan = planned()
    step = StepRecord(plan=plan.id, index=0, state=StepState.FAILED, attempt=1, started_at=NOW, ended_at=NOW + MINUTE)
    return [
        [SignedIn(name="ann", login=Login.TOKEN, address="203.0.113.9")],
        [
            Requested(id="req-1", name="ann", login=Login.TOKEN, verb="pause", unit=SHOP, reason="=1+1"),
            Paused(unit=SHOP, author="ann", reason="=1+1"),
        ],
        [AccessRefused(name="", login="token", action="read", unit=None, reason="no such token", at=NOW)],
        [StepEnded(rollout="r1", unit=SHOP, record=step, what="apply", detail="disk full on web-1")],
    ]


@asynccontextmanager
async def told(path: Path) -> AsyncIterator[SqliteStore]:
    """Open a journal with the story."""
    store, plan = await SqliteStore.open(path), planned()
    try:
        await store.append([CommitAccepted(commit="commit-2", subject="second")], NOW - 3 * MINUTE)
        await store.append([ApprovalAsked(unit=SHOP, plan=plan.id, policies=("two-eyes",), at=NOW)], NOW - 2 * MINUTE)
        await store.append([_approval(plan.id)], NOW - MINUTE)
        await store.begin(plans.pending(plan, "r1", NOW), plan, plans.contents("2"), NOW)
        for number, events in enumerate(story(), start=1):
            await store.append(events, NOW + number * MINUTE)
        yield store
    finally:
        await store.close()


def _approval(plan: str) -> ApprovalGiven:
    return ApprovalGiven(
        unit=SHOP, plan=plan, author="bob", roles=("sre",), login=Login.OIDC, at=NOW - MINUTE, reason="looks good"
    )


async def records(store: SqliteStore) -> list[Record]:
    """Return all of it as records, oldest first."""
    entries = await store.search.oldest(Question(), 1000)
    among = await store.search.belongings(entries)
    return [record(each, among) for each in entries]
