"""How many rollouts may go on at once, of the units that a policy speaks of. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from reconciler.model.governance import Concurrency, GateKind, GateState, GateWord, Governance, OnConflict
from reconciler.model.identity import UnitId

_SCOPES: Mapping[str, Callable[[UnitId], str]] = {
    "environment": lambda unit: unit.environment,
    "app": lambda unit: unit.app,
    "all": lambda _unit: "",
}
_NAMED = 3


def gates(unit: UnitId, governance: Mapping[UnitId, Governance], in_hand: Iterable[UnitId]) -> tuple[GateState, ...]:
    """Return how each limit on rollouts stands for a unit at rest, while others are ``in_hand``."""
    found = governance.get(unit)
    if found is None or not found.concurrency:
        return ()
    others = sorted(set(in_hand) - {unit})
    return tuple(_gate(each, _beside(each, unit, governance, others)) for each in found.concurrency)


def _beside(
    limit: Concurrency, unit: UnitId, governance: Mapping[UnitId, Governance], others: Sequence[UnitId]
) -> Sequence[UnitId]:
    """The others that count for the limit: those it speaks of too, in the same scope."""
    scope = _SCOPES[limit.over]
    named = (each for each in others if each in governance and limit in governance[each].concurrency)
    return [each for each in named if scope(each) == scope(unit)]


def _gate(limit: Concurrency, busy: Sequence[UnitId]) -> GateState:
    if len(busy) < limit.at_most:
        return _state(limit, GateWord.OPEN, f"{len(busy)} of {limit.at_most} at once in hand")
    more = f" and {len(busy) - _NAMED} more" if len(busy) > _NAMED else ""
    which = f"{', '.join(map(str, busy[:_NAMED]))}{more} ({limit.name}: {limit.at_most} at once)"
    if limit.on_conflict is OnConflict.FAIL:
        return _state(limit, GateWord.CLOSED, f"refused beside {which}; to have it tried again: reconciler retry")
    return _state(limit, GateWord.PENDING, f"waits for {which}")


def _state(limit: Concurrency, stands: GateWord, detail: str) -> GateState:
    return GateState(kind=GateKind.CONCURRENCY, name=limit.name, stands=stands, detail=detail)
