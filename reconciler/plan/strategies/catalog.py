"""The strategies, each exhausted at planning time: a plan holds steps, never a generator."""

from collections.abc import Iterator
from typing import assert_never

from reconciler.model.plan import Step
from reconciler.model.policy import AllAtOnce, BlueGreen, Canary, Progressive, Recreate, Rolling, Strategy
from reconciler.plan.roster import Roster
from reconciler.plan.strategies import all_at_once, blue_green, canary, progressive, recreate, rolling


def steps(strategy: Strategy, roster: Roster) -> Iterator[Step]:
    """Yield the steps that the strategy makes of the targets."""
    match strategy:
        case AllAtOnce():
            return all_at_once.steps(strategy, roster)
        case Recreate():
            return recreate.steps(strategy, roster)
        case Rolling():
            return rolling.steps(strategy, roster)
        case Canary():
            return canary.steps(strategy, roster)
        case BlueGreen():
            return blue_green.steps(strategy, roster)
        case Progressive():
            return progressive.steps(strategy, roster)
        case _:
            assert_never(strategy)
