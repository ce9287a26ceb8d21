"""The strategies, each exhausted at planning time: a plan holds steps, never a generator."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from reconciler.model.health import HealthCheck
from reconciler.model.plan import Step, TargetChanges
from reconciler.model.policy import AllAtOnce, Rolling, Strategy
from reconciler.plan.strategies import all_at_once, rolling


def steps(strategy: Strategy, targets: Sequence[TargetChanges], checks: tuple[HealthCheck, ...]) -> Iterator[Step]:
    """Yield the steps that the strategy makes of the targets."""
    match strategy:
        case AllAtOnce():
            return all_at_once.steps(strategy, targets, checks)
        case Rolling():
            return rolling.steps(strategy, targets, checks)
        case _:
            assert_never(strategy)
