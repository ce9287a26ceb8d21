"""Targets that have failed too often in a row are left out for a while. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from reconciler.model.difference import UnitDiff
from reconciler.model.plan import LeftOut
from reconciler.model.rollout import Strikes
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.verdict import Verdict
from reconciler.policy.breaker import cooling


def without_cooling(diff: UnitDiff, unit: Unit, known: UnitStanding, now: datetime) -> UnitDiff:
    """Return the differences without those on targets that are left out for a while; they count as not seen.

    Where that would be all targets of the unit nothing is left out: the unit's own waits pace it.
    """
    strikes = known.last.strikes if known.last else ()
    out = cooling(_not_forgiven(strikes, known), now)
    if not out or out.keys() >= set(unit.targets):
        return diff
    seen_already = {each.target for each in diff.unseen}
    counts = {each.target: each.count for each in strikes}
    added = tuple(
        LeftOut(name, f"it has failed {counts[name]} times in a row and is left out until {until:%Y-%m-%d %H:%M} UTC")
        for name, until in sorted(out.items())
        if name not in seen_already and name in unit.targets
    )
    return replace(
        diff,
        differing=tuple(each for each in diff.differing if each.resource.id.target not in out),
        orphans=tuple(each for each in diff.orphans if each.owned.resource.id.target not in out),
        unseen=(*diff.unseen, *added),
    )


def _not_forgiven(strikes: Iterable[Strikes], known: UnitStanding) -> Iterable[Strikes]:
    """A person who asked for another try has lifted what was before."""
    lifted = [each.at for each in known.verdicts.values() if each.verdict is Verdict.UNKNOWN]
    return [each for each in strikes if not any(at >= each.last for at in lifted)]
