"""How many targets a strategy takes at once, and how many may be out of service; rounded as Kubernetes does."""

from typing import assert_never

from reconciler.model.policy import AllAtOnce, BlueGreen, Canary, Progressive, Recreate, Rolling, Strategy
from reconciler.policy.amount import at_least_one, at_most, rounded_down


def batch_size(rolling: Rolling, of: int) -> int:
    """Return how many targets are in one batch at most; a percentage is of the unit's targets and rounds up."""
    return at_least_one(rolling.batch_size, of)


def surge(rolling: Rolling, of: int) -> int:
    """Return how many more may run than there are targets (a percentage rounds up); only slots give them a place."""
    return at_most(rolling.max_surge, of) if rolling.max_surge else 0


def unavailable(rolling: Rolling, of: int, *, surging: int = 0) -> int | None:
    """Return how many targets may be out of service; None where the batch size alone says how many are changed.

    A percentage rounds down. When that is nothing, and there is no place to surge onto either, it is one.
    """
    if rolling.max_unavailable is None and rolling.max_surge is None:
        return None
    down = rounded_down(rolling.max_unavailable, of) if rolling.max_unavailable else 0
    return min(down, of) if down or surging else 1


def may_be_down(strategy: Strategy, of: int, *, slots: bool) -> int | None:
    """Return how many of ``of`` targets may be out of service at once, whatever the reason; None: any number."""
    match strategy:
        case Rolling():
            return unavailable(strategy, of, surging=surge(strategy, of) if slots else 0)
        case Canary(rest=rest):
            return unavailable(rest, of)
        case Progressive(rings=rings):
            found = [may_be_down(ring.strategy, of, slots=False) for ring in rings if ring.environment is None]
            known = [each for each in found if each is not None]
            return max(known) if known and len(known) == len(found) else None
        case AllAtOnce() | Recreate() | BlueGreen():
            return None
        case _:
            assert_never(strategy)


def at_once(strategy: Strategy, of: int) -> int:
    """Return how many targets a revert may change at once: what the strategy may have down, or changes at once."""
    match strategy:
        case Rolling():
            down = unavailable(strategy, of)
            return max(1, batch_size(strategy, of) if down is None else min(down, batch_size(strategy, of)))
        case Canary(rest=rest):
            return at_once(rest, of)
        case Progressive(rings=rings):
            # Rings are there so that never all are changed at once, whatever the last of them says.
            most = max((at_once(ring.strategy, of) for ring in rings if ring.environment is None), default=of)
            return max(1, min(most, of // 2))
        case AllAtOnce() | Recreate() | BlueGreen():
            return max(1, of)
        case _:
            assert_never(strategy)
