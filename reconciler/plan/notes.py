"""What a reader of a plan's steps may not see, in sentences. Pure."""

from collections.abc import Iterator, Sequence

from reconciler.model.change import Cause
from reconciler.model.policy import Canary, Progressive, Rolling
from reconciler.plan.leg import Leg
from reconciler.plan.roster import names
from reconciler.plan.strategies.progressive import rings

_COMPARABLE = 2
"""So many targets it takes to compare some with others."""

_NAMED = 4


def notes(leg: Leg) -> Iterator[str]:
    """Yield what is to be said of one tier."""
    unit, strategy, roster = leg.material.unit, leg.strategy, leg.roster
    if roster.stops:
        several = f"all {len(roster.stops)} targets" if len(roster.stops) > 1 else roster.stops[0].target
        yield f"{unit.id.app} is down on {several} from its stop until it is healthy again (strategy recreate)"
    if isinstance(strategy, Rolling) and strategy.max_surge and not unit.slots:
        yield f"maxSurge {strategy.max_surge} has no effect: without slots there is no place on a target for one more"
    if isinstance(strategy, Canary) and roster.targets and not roster.first and _alone(leg):
        yield "the steps of the canary are skipped: on one target there is nothing to compare with"
    if isinstance(strategy, Progressive) and leg.material.cause is Cause.COMMIT and roster.targets:
        told = (_ring(number, names(targets)) for number, (_, targets) in enumerate(rings(strategy, roster), start=1))
        yield f"rings: {'; '.join(told)}"


def _alone(leg: Leg) -> bool:
    return len(leg.roster.reach) < _COMPARABLE and not leg.roster.beside


def _ring(number: int, targets: Sequence[str]) -> str:
    named = targets if len(targets) <= _NAMED else targets[: _NAMED - 1]
    more = f" and {len(targets) - len(named)} more" if len(named) < len(targets) else ""
    return f"{number} is {', '.join(named)}{more}"
