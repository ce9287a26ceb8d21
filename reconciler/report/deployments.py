"""Which rollouts are deployments, which of them failed, when that was over, and how long they were on their way. Pure.

A deployment is a rollout of a commit that came to an end of its own: it succeeded, was taken back, or stopped where it
was. One that a newer commit overtook, or that a person ended, is none. It failed when it did not succeed, and also when
it did and its unit was taken back from it before the next commit had an effect: by a vigil, or by a person.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.change import Cause
from reconciler.model.chronicle import Chronicle, Ran
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State
from reconciler.report.lead import LeadFrom, lead

DEPLOYED = frozenset({State.SUCCEEDED, State.REVERTED, State.REVERT_FAILED, State.HELD})
_STAYED = frozenset({State.SUCCEEDED, State.HELD, State.REVERT_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """``failed_at`` is None where it did not fail; ``restored_at`` is when the unit did well again, None: not yet.

    ``lead`` is there where it succeeded and it is known from when to count.
    """

    ran: Ran
    ended_at: datetime
    failed_at: datetime | None = None
    restored_at: datetime | None = None
    lead: timedelta | None = None
    lead_from: LeadFrom = LeadFrom.NOTHING

    @property
    def failed(self) -> bool:
        """Whether it failed, at once or later."""
        return self.failed_at is not None


def deployments(told: Chronicle) -> tuple[Deployment, ...]:
    """Return all deployments of the chronicle in the order in which they ended."""
    of_unit: defaultdict[UnitId, list[Ran]] = defaultdict(list)
    for each in sorted(told.rollouts, key=lambda ran: ran.started_at):
        of_unit[each.unit].append(each)
    found = [one for line in of_unit.values() for one in _of_unit(line, told)]
    return tuple(sorted(found, key=lambda one: (one.ended_at, one.ran.id)))


def _of_unit(line: list[Ran], told: Chronicle) -> Iterable[Deployment]:
    good: Ran | None = None
    for index, ran in enumerate(line):
        before, good = good, ran if _makes_good(ran) else good
        if ran.cause is not Cause.COMMIT or ran.state not in DEPLOYED or ran.ended_at is None:
            continue
        later = line[index + 1 :]
        failed_at, restored_at = _failure(ran, ran.ended_at, later)
        took, lead_from = lead(ran, ran.ended_at, before, told) if _succeeded(ran) else (None, LeadFrom.NOTHING)
        yield Deployment(
            ran=ran,
            ended_at=ran.ended_at,
            failed_at=failed_at,
            restored_at=restored_at,
            lead=took,
            lead_from=lead_from,
        )


def _succeeded(ran: Ran) -> bool:
    return ran.state is State.SUCCEEDED


def _makes_good(ran: Ran) -> bool:
    """Whether the unit is at its state from then on, and was not at it before: a heal brings nothing new."""
    return _succeeded(ran) and ran.cause is not Cause.DRIFT


def _failure(ran: Ran, ended_at: datetime, later: list[Ran]) -> tuple[datetime | None, datetime | None]:
    if ran.state is State.SUCCEEDED:
        back = _taken_back(ran, later)
        return (back.started_at, _well_again(later, back.started_at)) if back else (None, None)
    failed_at = ran.failed_at or ended_at
    return (failed_at, ended_at) if ran.state is State.REVERTED else (failed_at, _well_again(later, failed_at))


def _taken_back(ran: Ran, later: list[Ran]) -> Ran | None:
    """The rollout that took the unit back from this state, before another commit had an effect.

    One that only brought it back *to* this state, from what came after it and did not stay, is none.
    """
    for each in later:
        if each.cause is Cause.COMMIT and each.state in _STAYED:
            return None
        if each.cause is Cause.REVERT and each.digest != ran.digest:
            return each
    return None


def _well_again(later: list[Ran], failed_at: datetime) -> datetime | None:
    """When the first rollout that began since then ended well: another commit, a revert, or what healed it."""
    well = (each for each in later if each.started_at >= failed_at and each.state in (State.SUCCEEDED, State.REVERTED))
    return next((each.ended_at for each in well), None)


def counted_from(found: Iterable[Deployment]) -> Mapping[LeadFrom, int]:
    """Return how many of the lead times are counted from where."""
    counts: defaultdict[LeadFrom, int] = defaultdict(int)
    for each in found:
        if each.lead is not None:
            counts[each.lead_from] += 1
    return counts
