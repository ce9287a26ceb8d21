"""What may be taken away: only what we brought, only when policy says so, and never too much at once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from reconciler.model.difference import Orphan
from reconciler.model.policy import Prune, PruneMode
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.policy.amount import at_most

_NAMED = 8
"""So many resources are named in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is taken away, what only when a person says so, what is kept and why, and the guard in the way, if any."""

    delete: tuple[Orphan, ...] = ()
    confirm: tuple[Orphan, ...] = ()
    kept: tuple[str, ...] = ()
    guard: WaitingOn | None = None


def pruning(prune: Prune, orphans: Sequence[Orphan], owned: int) -> Pruning:
    """Return what policy makes of orphans. ``owned`` is how many resources of the unit are ours in all."""
    delete: list[Orphan] = []
    confirm: list[Orphan] = []
    kept: list[str] = []
    for each in orphans:
        mode = mode_of(each, prune)
        if mode is PruneMode.KEEP:
            kept.append(f"{each.owned.resource.id}: {_who(each)} keeps what is no longer asked for")
        elif not each.owned.brought:
            kept.append(f"{each.owned.resource.id}: it was there before us")
        else:
            (delete if mode is PruneMode.DELETE else confirm).append(each)
    return Pruning(
        delete=tuple(delete), confirm=tuple(confirm), kept=tuple(kept), guard=_guard(prune, len(delete), owned)
    )


def mode_of(orphan: Orphan, prune: Prune) -> PruneMode:
    """Return what becomes of an orphan: what its own document said last, else what the policy says now."""
    resource = orphan.owned.resource
    if resource.prune is not None:
        return resource.prune
    asked = prune.mode is PruneMode.DELETE and any(fnmatchcase(resource.id.ref, glob) for glob in prune.confirm)
    return PruneMode.CONFIRM if asked else prune.mode


def waits(confirm: Iterable[Orphan]) -> WaitingOn:
    """Return that these are deleted only when a person has seen it."""
    targets: dict[str, list[str]] = {}
    for each in confirm:
        targets.setdefault(each.owned.resource.id.ref, []).append(each.owned.resource.id.target)
    told = [f"{ref} on {on[0] if len(on) == 1 else f'{len(on)} targets'}" for ref, on in targets.items()]
    more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    names = ", ".join(told[:_NAMED]) + more
    return WaitingOn(Reason.PRUNE_CONFIRM, f"a person has to confirm that this goes (prune: confirm): {names}")


def _guard(prune: Prune, deleted: int, owned: int) -> WaitingOn | None:
    most = at_most(prune.at_most, owned)
    if deleted > most:
        return WaitingOn(
            Reason.PRUNE_GUARD,
            f"would delete {deleted} of {owned} resources; the policy allows {most} (prune.atMost {prune.at_most}); "
            "raise it",
        )
    if deleted > 1 and deleted == owned:
        return WaitingOn(
            Reason.PRUNE_GUARD,
            f"would delete all {owned} resources of the unit at once, whatever prune.atMost says; "
            "bring what is new first and drop the old with a later commit",
        )
    return None


def _who(orphan: Orphan) -> str:
    return "its document" if orphan.owned.resource.prune is PruneMode.KEEP else "policy"
