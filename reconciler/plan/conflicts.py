"""Hosts on which something stands in the way: what is left of a diff without them, and how that is told. Pure."""

from collections import defaultdict
from dataclasses import replace

from reconciler.model.difference import UnitDiff

NAMED = 5


def without_conflicts(diff: UnitDiff) -> UnitDiff:
    """Return the diff as if the hosts with conflicts had not been seen: nothing on them is touched."""
    if not diff.conflicts:
        return diff
    out = {each.target for each in diff.conflicts}
    first = {each.target: each for each in reversed(diff.conflicts)}
    return replace(
        diff,
        differing=tuple(each for each in diff.differing if each.resource.id.target not in out),
        orphans=tuple(each for each in diff.orphans if each.owned.resource.id.target not in out),
        unseen=(*diff.unseen, *(first[target] for target in sorted(out))),
    )


def in_the_way(diff: UnitDiff) -> str:
    """Return the reasons in one line, each once with the hosts it holds for."""
    found: dict[str, list[str]] = defaultdict(list)
    for each in diff.conflicts:
        found[each.reason].append(each.target)
    return "; ".join(f"{_on(targets)}: {reason}" for reason, targets in found.items())


def _on(targets: list[str]) -> str:
    more = f" and {len(targets) - NAMED} more" if len(targets) > NAMED else ""
    return ", ".join(targets[:NAMED]) + more
