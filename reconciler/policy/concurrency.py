"""How many rollouts may go on at once, of the units that a policy speaks of. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.change import Cause
from reconciler.model.governance import Concurrency, GateKind, GateState, GateWord, Governance, OnConflict
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.word import TurnedAway, Word

_SCOPES: Mapping[str, Callable[[UnitId], str]] = {
    "environment": lambda unit: unit.environment,
    "app": lambda unit: unit.app,
    "all": lambda _unit: "",
}
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What would begin, while others are ``in_hand``; ``ready`` is that nothing else keeps it from that.

    ``words`` are those in force about its unit.
    """

    plan: Plan
    in_hand: frozenset[UnitId]
    ready: bool
    words: tuple[Word, ...]
    now: datetime


def turns(turn: Turn, governance: Mapping[UnitId, Governance]) -> Iterator[tuple[GateState, TurnedAway | None]]:
    """Yield how each limit stands for it, with what is to be written down once where it is refused.

    Only a new state is ever refused, and only when it would begin: drift that is healed and ways back wait for their
    turn under each policy.
    """
    unit = turn.plan.unit_id
    found = governance.get(unit)
    for limit in found.concurrency if found else ():
        busy = _beside(limit, unit, governance, turn.in_hand)
        if limit.on_conflict is OnConflict.FAIL and turn.plan.cause is Cause.COMMIT:
            yield _or_never(limit, turn, busy)
        else:
            yield _in_turn(limit, busy), None


def _beside(
    limit: Concurrency, unit: UnitId, governance: Mapping[UnitId, Governance], in_hand: Iterable[UnitId]
) -> Sequence[UnitId]:
    """The others that count for the limit: those it speaks of too, in the same scope."""
    scope = _SCOPES[limit.over]
    others = (each for each in sorted(in_hand) if each != unit and scope(each) == scope(unit))
    return [each for each in others if each in governance and limit in governance[each].concurrency]


def _in_turn(limit: Concurrency, busy: Sequence[UnitId]) -> GateState:
    if len(busy) < limit.at_most:
        return _state(limit, GateWord.OPEN, f"{len(busy)} of {limit.at_most} at once in hand")
    return _state(limit, GateWord.PENDING, f"waits for {_named(limit, [*map(str, busy)])}")


def _or_never(limit: Concurrency, turn: Turn, busy: Sequence[UnitId]) -> tuple[GateState, TurnedAway | None]:
    unit, digest = turn.plan.unit_id, turn.plan.unit.digest
    said = (each for each in turn.words if isinstance(each, TurnedAway) and each.policy == limit.name)
    before = next((each for each in said if each.digest == digest), None)
    if before is None and (len(busy) < limit.at_most or not turn.ready):
        return _in_turn(limit, busy), None
    new = TurnedAway(unit=unit, digest=digest, policy=limit.name, beside=tuple(map(str, busy)), at=turn.now)
    beside = _named(limit, (before or new).beside)
    again = f"until another commit, or reconciler retry {unit} --reason TEXT"
    return _state(limit, GateWord.CLOSED, f"refused beside {beside}; {again}"), None if before else new


def _named(limit: Concurrency, busy: Sequence[str]) -> str:
    more = f" and {len(busy) - _NAMED} more" if len(busy) > _NAMED else ""
    return f"{', '.join(busy[:_NAMED])}{more} ({limit.name}: {limit.at_most} at once)"


def _state(limit: Concurrency, stands: GateWord, detail: str) -> GateState:
    return GateState(kind=GateKind.CONCURRENCY, name=limit.name, stands=stands, detail=detail)
