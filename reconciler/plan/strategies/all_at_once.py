"""Every target in one batch."""

from collections.abc import Iterator

from reconciler.model.plan import Step
from reconciler.model.policy import AllAtOnce
from reconciler.plan.roster import Roster


def steps(_strategy: AllAtOnce, roster: Roster) -> Iterator[Step]:
    """Yield one apply and its health checks."""
    yield from roster.away(1, roster.targets)
    yield from roster.batch(1, roster.targets)
    yield from roster.at_rest()
