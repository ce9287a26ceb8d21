"""Load balancers were told or looked at: what is written. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.execute.entry import Entry, record_of, resting
from reconciler.execute.moves import Directing
from reconciler.execute.retry import Jitter, again_at
from reconciler.execute.steps.traffic import Seen, awaited, came, merged, wanted
from reconciler.model.plan import Drain, Mirror, Plan, Shift
from reconciler.model.rollout import Rollout, StepRecord
from reconciler.model.traffic import Share

LOOK_AGAIN = timedelta(seconds=1)
"""How soon load balancers are asked again whether what they were told has come about."""


def directed(rollout: Rollout, plan: Plan, seen: Seen | str, now: datetime, jitter: Jitter) -> Entry:
    """The load balancers have answered, or one of them has not: then nothing is known of how requests are sent."""
    record, step = record_of(rollout), plan.steps[rollout.cursor]
    if not isinstance(step, Drain | Shift | Mirror):
        raise TypeError(f"internal error: step {rollout.cursor} of plan {plan.id} sends no requests anywhere")
    if isinstance(seen, str):
        lost = replace(
            record,
            effect_at=None,
            targets_done=(),
            attempt=record.attempt + 1,
            again_at=again_at(rollout, record.attempt, now, jitter),
            note=seen,
        )
        return resting(replace(rollout, step=lost), plan, (), now)
    far = came(step, wanted(rollout, plan, step), seen, awaited(rollout, plan))
    known = replace(
        record,
        effect_at=(record.effect_at or now) if far.as_told else None,
        targets_done=far.through,
        attempt=1,
        note=far.missing or ("" if far.as_told else "the load balancers do not send requests as they were told"),
    )
    known = replace(known, again_at=_soon(rollout, step, known, now))
    known_now = replace(rollout, step=known, not_upheld="")
    return resting(replace(known_now, routing=_all(rollout, seen)), plan, (), now)


def _all(rollout: Rollout, seen: Seen) -> tuple[Share, ...]:
    """How requests are sent to the servers that nobody has said anything about is found with the first look."""
    found = (route for routes in seen.values() for route in routes if route.serving and route.weight)
    return merged([Share(route.server, route.weight) for route in found], rollout.routing)


def _soon(rollout: Rollout, step: Directing, record: StepRecord, now: datetime) -> datetime:
    ends = [now + LOOK_AGAIN, *([rollout.deadline] if rollout.deadline else [])]
    if isinstance(step, Drain) and record.effect_at:
        ends.append(record.effect_at + step.within)
    return min(ends)
