"""How long a deployment was on its way: from the oldest commit that its unit had waited with since it was last well.

The commit of a rollout is the head of the branch when it was planned, which need not be one that changed the unit:
what changed it may have waited for people, a window or another unit meanwhile. Pure.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.model.chronicle import Chronicle, Ran, Wanted


class LeadFrom(StrEnum):
    """From when the lead time of a deployment is counted."""

    WRITTEN = "written"  # when its commit was written, as Git says
    ACCEPTED = "accepted"  # when its commit was first followed, where Git does not know it any more
    NOTHING = "nothing"  # neither is known


def lead(ran: Ran, ended_at: datetime, good: Ran | None, told: Chronicle) -> tuple[timedelta | None, LeadFrom]:
    """Return how long what it brought was on its way; ``good`` is what the unit was at before, None: nothing known."""
    brought = _brought(ran, good, told.wanted.get(ran.unit, ()))
    commits = {each.commit for each in brought} or {ran.commit}
    if written := [told.written[each].at for each in commits if each in told.written]:
        return ended_at - min(written), LeadFrom.WRITTEN
    followed = [told.accepted[each] for each in commits if each in told.accepted]
    if seen := followed or [each.at for each in brought]:
        return ended_at - min(seen), LeadFrom.ACCEPTED
    return None, LeadFrom.NOTHING


def _brought(ran: Ran, good: Ran | None, wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """What the unit was to be, one after the other, since it was last to be as it was; the last is what was rolled out.

    Where that is the same again, it came back to it: only when it did so counts.
    """
    found: list[Wanted] = []
    until = [each for each in wanted if each.at <= ran.started_at]
    for each in until:
        if good and each.digest == good.digest:
            found = []
        elif good is None or each.at >= good.started_at:
            found.append(each)
    return found or [each for each in until[-1:] if each.digest == ran.digest]
