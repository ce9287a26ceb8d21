"""Stop everywhere, then change everywhere: two versions never run at once, and none runs in between."""

from collections.abc import Iterator

from reconciler.model.plan import Drain, Step, Stop
from reconciler.model.policy import Recreate
from reconciler.plan.roster import Roster, names


def steps(_strategy: Recreate, roster: Roster) -> Iterator[Step]:
    """Yield the stop of all, then one apply and its health checks.

    All requests are taken off first, though nobody is left to take them: those under way come to their end.
    """
    if roster.balance:
        busy = roster.balance.serving & roster.balance.on(names(roster.targets))
        if busy:
            yield Drain(1, tuple(sorted(busy)), roster.balance.within)
    if roster.stops:
        yield Stop(1, roster.stops)
    yield from roster.batch(1, roster.targets)
    yield from roster.at_rest()
