"""A journal that comes from a backup: what was in hand then is no longer, and that it was restored is written down."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from reconciler.model.deed import Restored
from reconciler.model.event import RolloutMoved
from reconciler.model.rollout import Rollout, Trigger, next_state
from reconciler.store import projections, rollouts, tables
from reconciler.store.codec import decode

REASON = "the journal was restored from a backup: how this ended is not known, and all is looked at anew"


def restored(connection: Connection, deed: Restored, at: datetime) -> None:
    """Break every lease, end every rollout that was under way when the backup was made, and write both down.

    The world has gone on since then: to take up a step of that time could undo what came after it.
    """
    rollouts.break_leases(connection)
    projections.append(connection, [deed], at)
    for body in connection.execute(select(tables.rollout.c.body).where(tables.UNENDED)).scalars().all():
        before = decode(Rollout, body)
        state = next_state(before.state, Trigger.SUPERSEDE)
        after = replace(before, state=state, reason=REASON, updated_at=at, waiting=None)
        moved = RolloutMoved(
            rollout=before.id, unit=before.unit, before=before.state.value, after=state.value, reason=REASON
        )
        rollouts.put(connection, after, [moved], at)


def is_new(connection: Connection) -> bool:
    """Return whether nothing was rolled out since the journal was restored: hosts may know better than it does."""
    table = tables.event
    newest = (
        connection.execute(select(table.c.id).where(table.c.type == kind).order_by(table.c.id.desc()).limit(1)).scalar()
        for kind in ("restored", "step_started")
    )
    last_restored, last_step = newest
    return last_restored is not None and last_restored > (last_step or 0)
