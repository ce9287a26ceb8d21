"""How the fleet stands, as figures. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.control.where import Place, places
from reconciler.model.record import Picture
from reconciler.model.standing import UnitStanding
from reconciler.model.waiting import FOR_PEOPLE, Reason
from reconciler.model.word import ApprovalAsked, Waived
from reconciler.telemetry import table
from reconciler.telemetry.sample import Sample


def fleet(picture: Picture) -> Iterator[Sample]:
    """Yield every figure that a picture of the fleet holds."""
    yield from _whole(picture)
    where = places(picture)
    known = [picture.standing.of(each.unit) for each in where]
    units = Counter((each.unit.environment, each.word.value) for each in where)
    yield from (Sample(table.UNITS, many, labels) for labels, many in units.items())
    for place, unit in zip(where, known, strict=True):
        yield from _unit(place, unit)
    yield from _waiting(known)
    yield from _by_environment({each.unit.environment for each in where}, known, picture.now)


def _whole(picture: Picture) -> Iterator[Sample]:
    yield Sample(table.PAUSED, picture.standing.paused is not None)
    yield Sample(table.GIT_LOST, picture.lost is not None)
    yield Sample(table.COMMIT_REFUSED, picture.refused is not None)
    if picture.accepted_at:
        yield Sample(table.COMMIT_TIME, picture.accepted_at.timestamp())


def _unit(place: Place, known: UnitStanding) -> Iterator[Sample]:
    unit = (str(place.unit), place.unit.environment)
    yield Sample(table.UNIT_STATE, 1, (*unit, place.word.value))
    if place.since:
        yield Sample(table.UNIT_SINCE, place.since.timestamp(), unit)
    heals = max((each.count for each in known.heals.values()), default=0)
    assessed = known.assessed
    drifted, unseen = (len(assessed.drifted), len(assessed.unseen)) if assessed else (0, 0)
    # Most units have none of these: what is 0 for all of ten thousand would be most of the answer.
    for figure, many in ((table.UNIT_DRIFTED, drifted), (table.UNIT_UNSEEN, unseen), (table.UNIT_FIGHT, heals)):
        if many:
            yield Sample(figure, many, unit)


def _waiting(known: list[UnitStanding]) -> Iterator[Sample]:
    waits, active = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for each in known:
        if reason := _reason(each):
            waits[each.unit.environment, reason.value] += 1
        if each.rollout:
            active[each.unit.environment, each.rollout.state.value] += 1
    yield from (Sample(table.WAITING, many, labels) for labels, many in waits.items())
    yield from (Sample(table.ACTIVE, many, labels) for labels, many in active.items())


def _by_environment(environments: set[str], known: list[UnitStanding], now: datetime) -> Iterator[Sample]:
    ages: defaultdict[str, list[timedelta]] = defaultdict(list)
    unseen: defaultdict[str, set[str]] = defaultdict(set)
    waivers = Counter[str]()
    for each in known:
        environment = each.unit.environment
        if asked := _asked(each):
            ages[environment].append(now - asked)
        if each.assessed:
            unseen[environment] |= {one.partition(": ")[0] for one in each.assessed.unseen}
        waivers[environment] += sum(isinstance(word, Waived) for word in each.words)
    for environment in environments:
        label = (environment,)
        oldest = max(ages[environment], default=timedelta(0))
        yield Sample(table.APPROVALS, len(ages[environment]), label)
        yield Sample(table.APPROVAL_AGE, max(0.0, oldest.total_seconds()), label)
        yield Sample(table.TARGETS_UNSEEN, len(unseen[environment]), label)
        yield Sample(table.WAIVERS, waivers[environment], label)


def _reason(known: UnitStanding) -> Reason | None:
    of = known.rollout or known.assessed
    return of.waiting.reason if of and of.waiting else None


def _asked(known: UnitStanding) -> datetime | None:
    """Since when people are asked about the unit, None when they are not."""
    if _reason(known) not in FOR_PEOPLE:
        return None
    if known.rollout:
        return known.rollout.step.started_at if known.rollout.step else known.rollout.updated_at
    plan = known.assessed.plan if known.assessed else ""
    asked = [word.at for word in known.words if isinstance(word, ApprovalAsked) and word.plan == plan]
    return min(asked, default=None)
