"""Who wrote what each unit would get, where a policy keeps authors from consenting to their own work."""

import asyncio
from collections.abc import Iterator, Mapping

from reconciler.model.governance import FREE, Governance
from reconciler.model.identity import UnitId
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Desired, Unit
from reconciler.policy.holding import holding
from reconciler.ports.source import Authorship, SourceError

AT_ONCE = 4
"""So many questions to Git are under way side by side: each is a process."""


async def authors(authorship: Authorship, desired: Desired, standing: Standing) -> Mapping[UnitId, frozenset[str]]:
    """Return the addresses for each unit that is about to be governed so; a unit of which Git cannot tell is not there.

    They are those of the commits after the one that was last good there, up to the one that it is held to; nobody where
    that is the very state that was last good.
    """
    turns = asyncio.Semaphore(AT_ONCE)
    ranges = {unit.id: each for unit in _asked(desired, standing) if (each := _range(unit, standing.of(unit.id)))}
    told = await asyncio.gather(*(_told(turns, authorship, *each) for each in dict.fromkeys(ranges.values())))
    known = dict(zip(dict.fromkeys(ranges.values()), told, strict=True))
    return {unit: found for unit, each in ranges.items() if (found := known[each]) is not None}


async def authors_of(authorship: Authorship, desired: Desired, standing: Standing, unit: UnitId) -> frozenset[str]:
    """Return the addresses for one unit; none where no policy asks, or where Git cannot tell."""
    if unit not in desired.units:
        return frozenset()
    alone = Desired(commit=desired.commit, targets={}, units={unit: desired.units[unit]}, governance=desired.governance)
    return (await authors(authorship, alone, standing)).get(unit, frozenset())


def _asked(desired: Desired, standing: Standing) -> Iterator[Unit]:
    for unit, governance in desired.governance.items():
        if unit in desired.units and _separates(governance) and standing.of(unit).rollout is None:
            yield desired.units[unit]


def _separates(governance: Governance) -> bool:
    if governance == FREE:
        return False
    asking = (*governance.approvals, *(each.approval for each in governance.guardrails))
    return any(each.separate for each in asking if each)


def _range(unit: Unit, known: UnitStanding) -> tuple[str, str] | None:
    held = holding(unit, known).unit
    if held is None:
        return None
    good = known.last_good.unit if known.last_good else None
    if good is None:
        return held.commit, ""
    # A commit that leaves the unit as it was brings nothing to it that anybody could have written.
    return held.commit, held.commit if good.digest == held.digest else good.commit


async def _told(turns: asyncio.Semaphore, authorship: Authorship, commit: str, since: str) -> frozenset[str] | None:
    if commit in ("", since):
        return frozenset()
    try:
        async with turns:
            return await authorship.authors(commit, since)
    except SourceError:
        # Unknown is not nobody: the gate says that it cannot be told.
        return None
