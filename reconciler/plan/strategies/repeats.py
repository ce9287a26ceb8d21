"""Steps without those that would say what the step before them said already. Pure."""

from collections.abc import Iterable, Iterator

from reconciler.model.plan import Drain, Shift, Step
from reconciler.model.traffic import Share


def without_repeats(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps but for a shift to the very shares that the router has since the last one."""
    now: tuple[Share, ...] | None = None
    for step in steps:
        if isinstance(step, Shift):
            if step.shares == now:
                continue
            now = step.shares
        elif isinstance(step, Drain) and now is not None:
            busy = {share.server for share in now if share.weight}
            now = None if busy.intersection(step.servers) else now
        yield step
