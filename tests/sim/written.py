"""Rollouts in a journal: one that has begun, and one that has ended."""

from dataclasses import replace
from datetime import timedelta
from typing import TypeAlias

from reconciler.model.change import Cause
from reconciler.model.event import RolloutMoved, SnapshotTaken, VerdictGiven
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, State
from reconciler.model.verdict import Verdict
from reconciler.ports.journal import Lease
from reconciler.simulate.journal import MemoryJournal
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP
from tests.sim import plans

AnyJournal: TypeAlias = SqliteStore | MemoryJournal
MINUTE = timedelta(minutes=1)


def planned(version: str, cause: Cause = Cause.COMMIT) -> Plan:
    return plans.at_once(plans.shop(version, ("web-1",)), cause)


async def begun(store: AnyJournal, name: str, plan: Plan) -> tuple[Rollout, Lease]:
    rollout = plans.pending(plan, name, NOW)
    await store.begin(rollout, plan, plans.contents(plan.unit.version), NOW)
    lease = await store.claim(name, "one", NOW, NOW + MINUTE)
    assert lease
    return rollout, lease


async def ended(store: AnyJournal, name: str, plan: Plan, state: State, at: timedelta = MINUTE) -> Rollout:
    rollout, lease = await begun(store, name, plan)
    after = replace(rollout, state=state, updated_at=NOW + at)
    moved = RolloutMoved(rollout=name, unit=SHOP, before="running", after=state.value, reason="")
    good = VerdictGiven(unit=SHOP, digest=plan.unit.digest, verdict=Verdict.GOOD, reason="", commit="c")
    snapshot = (good, SnapshotTaken(unit=plan.unit)) if state is State.SUCCEEDED else ()
    await store.record(lease, after, [moved, *snapshot], NOW + at)
    return after
