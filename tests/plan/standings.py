"""What the journal knows, for tests of planning."""

from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from tests import factory as f


def known(*units_and_verdicts, owned=(), last_good=None, **more) -> Standing:
    by_unit = {}
    goods = {each.id: Snapshot(each, f.NOW) for each, verdict in units_and_verdicts if verdict is Verdict.GOOD}
    for each, verdict in units_and_verdicts:
        record = VerdictRecord(
            unit=each.id, digest=each.digest, verdict=verdict, reason="it broke", commit=each.commit, at=f.NOW
        )
        before = by_unit.get(each.id, {})
        by_unit[each.id] = {**before, each.digest: record}
    return Standing(
        units={
            of: UnitStanding(
                unit=of,
                verdicts=verdicts,
                owned={each.resource.id: each for each in owned},
                last_good=last_good or goods.get(of),
                **more,
            )
            for of, verdicts in by_unit.items()
        }
    )


def ours(*resources, created=True):
    return tuple(Owned(resource=each, created=created) for each in resources)


def good(unit) -> Snapshot:
    return Snapshot(unit, f.NOW)
