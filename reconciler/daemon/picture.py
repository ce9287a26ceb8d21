"""How everything stands, from a journal, as people are shown it."""

from datetime import datetime

from reconciler.control.where import decided
from reconciler.model.record import Picture
from reconciler.store.journal import SqliteStore


async def picture(store: SqliteStore, now: datetime, at_work: bool | None) -> Picture:  # noqa: FBT001 - a fact
    """Return what the journal says; ``at_work`` is whether somebody keeps the fleet. Raises JournalUnavailable."""
    standing = decided(await store.standing())
    commits = await store.history.commits()
    running = [each.rollout for each in standing.units.values() if each.rollout]
    return Picture(
        standing=standing,
        accepted=commits.accepted,
        accepted_at=commits.accepted_at,
        refused=commits.refused,
        refused_at=commits.refused_at,
        lost=commits.lost,
        lost_at=commits.lost_at,
        plans=await store.history.plans({each.plan for each in running}),
        now=now,
        at_work=at_work,
    )
