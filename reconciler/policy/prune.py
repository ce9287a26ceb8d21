"""What may be taken away: only what we created, only when policy says delete, and never too much at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.difference import Orphan
from reconciler.model.policy import Prune, PruneMode
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.policy.amount import at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is deleted, what is kept and why, and whether the guard stands in the way."""

    delete: tuple[Orphan, ...] = ()
    kept: tuple[str, ...] = ()
    guard: WaitingOn | None = None


def pruning(prune: Prune, orphans: Sequence[Orphan], owned: int) -> Pruning:
    """Return what policy makes of orphans. ``owned`` is how many resources of the unit are ours in all."""
    if prune.mode is PruneMode.KEEP:
        return Pruning(
            kept=tuple(f"{each.owned.resource.id}: policy keeps what is no longer asked for" for each in orphans)
        )
    ours = tuple(each for each in orphans if each.owned.created)
    kept = tuple(f"{each.owned.resource.id}: it was there before us" for each in orphans if not each.owned.created)
    most = at_most(prune.at_most, owned)
    guard = None
    if len(ours) > most:
        guard = WaitingOn(
            Reason.PRUNE_GUARD,
            f"would delete {len(ours)} of {owned} resources; the policy allows {most} (prune.atMost {prune.at_most}); "
            "raise it",
        )
    return Pruning(delete=ours, kept=kept, guard=guard)
