"""After the same story the journal in memory and the one on a disk know the same, whatever the story."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.change import Cause
from reconciler.model.event import (
    AbortRequested,
    Assessed,
    CommitAccepted,
    Condition,
    DecisionTaken,
    Event,
    Healed,
    HealthChanged,
    Mended,
    Paused,
    Pinned,
    PlanAccepted,
    Released,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    RolloutMoved,
    Routed,
    SnapshotTaken,
    VerdictGiven,
)
from reconciler.model.rollout import Decided, Decision, State
from reconciler.model.traffic import Share
from reconciler.model.verdict import Owned, Verdict
from reconciler.ports.journal import Journal, RolloutLog
from reconciler.simulate.journal import MemoryJournal
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP, thing
from tests.sim import plans
from tests.sim.words import WORDS

UNITS = {version: plans.shop(version, ("web-1",)) for version in ("1", "2", "3")}
DIGESTS = {version: unit.digest for version, unit in UNITS.items()}
VERSIONS = st.sampled_from(sorted(UNITS))
FIRST, SECOND = thing("first"), thing("second")
TOLD = Decision(rollout="r", plan="p", index=0, decided=Decided.PROMOTE, author="ann", reason="", at=NOW)

EVENTS: st.SearchStrategy[Event] = st.one_of(
    VERSIONS.map(lambda each: CommitAccepted(commit=each, subject="x")),
    st.builds(
        lambda version, verdict: VerdictGiven(
            unit=SHOP, digest=DIGESTS[version], verdict=verdict, reason="why", commit=version
        ),
        VERSIONS,
        st.sampled_from(Verdict),
    ),
    VERSIONS.map(lambda each: SnapshotTaken(unit=UNITS[each])),
    st.builds(
        lambda which, created, sure: ResourcesApplied(
            unit=SHOP, applied=(Owned(resource=which, created=created, sure=sure),)
        ),
        st.sampled_from([FIRST, SECOND]),
        st.booleans(),
        st.booleans(),
    ),
    st.sampled_from([FIRST, SECOND]).map(lambda each: ResourcesApplied(unit=SHOP, removed=(each.id,))),
    st.sampled_from([FIRST, SECOND]).map(
        lambda each: Healed(rollout="r", unit=SHOP, mended=(Mended(resource=each.id, fields=("mode",)),))
    ),
    st.sampled_from([SHOP, None]).map(lambda each: Paused(unit=each, author="ann", reason="x")),
    st.sampled_from([SHOP, None]).map(lambda each: Resumed(unit=each, author="ann", reason="x")),
    st.sampled_from(
        [
            RetryRequested(unit=SHOP, author="ann", reason="again"),
            PlanAccepted(unit=SHOP, plan="p", author="ann"),
            Assessed(unit=SHOP, commit="c", digest="d", version="1", in_sync=True, waiting=None),
            DecisionTaken(unit=SHOP, decision=TOLD),
            AbortRequested(unit=SHOP, rollout="r", author="ann", reason="x"),
            Released(unit=SHOP, author="ann", reason="x"),
            Routed(rollout="r", unit=SHOP, shares=(Share("web-1", 50),)),
            HealthChanged(unit=SHOP, target="web-2", condition=Condition.DEGRADED, detail="x", since=NOW),
            HealthChanged(unit=SHOP, target="web-1", condition=Condition.HEALTHY, detail="y", since=NOW),
        ]
    ),
    st.sampled_from(WORDS),
    VERSIONS.map(lambda each: Pinned(unit=SHOP, digest=DIGESTS[each], named=each, author="ann", reason="x")),
)


@dataclass(frozen=True)
class Ended:
    """A rollout that begins and ends."""

    version: str
    cause: Cause
    state: State


ENDINGS = st.builds(
    Ended,
    VERSIONS,
    st.sampled_from(Cause),
    st.sampled_from([State.SUCCEEDED, State.HELD, State.REVERTED, State.REVERT_FAILED, State.ABORTED]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(EVENTS, ENDINGS), max_size=30))
def test_after_the_same_story_both_journals_know_the_same(story: list[Event | Ended]) -> None:
    asyncio.run(_compare(story))


async def _compare(story: Sequence[Event | Ended]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store, memory = await SqliteStore.open(Path(folder) / "journal.db"), MemoryJournal()
        try:
            for number, each in enumerate(story):
                for journal in (store, memory):
                    await _tell(journal, number, each)
                assert await memory.standing() == await store.standing()
            assert await memory.accepted_commit() == await store.accepted_commit()
            assert await memory.told_of_git() == await store.told_of_git()
        finally:
            await store.close()


async def _tell(journal: Journal | RolloutLog, number: int, each: Event | Ended) -> None:
    at = NOW + number * timedelta(minutes=1)
    if not isinstance(each, Ended):
        await journal.append([each], at)
        return
    plan = plans.at_once(UNITS[each.version], each.cause)
    rollout = plans.pending(plan, f"r{number}", at)
    await journal.begin(rollout, plan, plans.contents(each.version), at)
    lease = await journal.claim(rollout.id, "one", at, at)
    moved = RolloutMoved(rollout=rollout.id, unit=SHOP, before="running", after=each.state.value, reason="")
    await journal.record(lease, replace(rollout, state=each.state, updated_at=at), [moved], at)
