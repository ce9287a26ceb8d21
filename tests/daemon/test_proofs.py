"""Archives show what policy wants before the rollout that delivers them begins."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.proofs import Proofs
from reconciler.model.assessment import Assessment
from reconciler.model.change import Cause
from reconciler.model.event import Assessed
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.provenance import (
    ArtifactPolicy,
    Ignored,
    MinisignKey,
    Report,
    ReportFormat,
    Severity,
    Signatures,
    Unverified,
    Verified,
    Vulnerabilities,
)
from reconciler.model.unit import Desired
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.ports.errors import Unreachable
from reconciler.simulate.archives import SimArchives, SimProvenance
from tests.daemon.fleet import Fleet
from tests.daemon.test_fetches import URL, Bell, judged
from tests.daemon.test_fetches import plan as with_archive
from tests.factory import NOW
from tests.sim.plans import SECOND

POLICY = ArtifactPolicy(name="signed", signatures=Signatures(keys=(MinisignKey(key="RWQ"),)))
OTHER = replace(POLICY, name="other")


def plan(url: str = URL, cause: Cause = Cause.COMMIT) -> Plan:
    return replace(with_archive(url), cause=cause)


async def test_what_was_verified_is_not_asked_again_and_another_policy_asks_anew() -> None:
    proofs, seen = Proofs(Bell().ring), SimProvenance()
    for _ in range(3):
        assert await proofs.missing(plan(), (POLICY,), seen, NOW) is None
    assert seen.asked == [(URL, "signed")]
    assert await proofs.missing(plan(), (POLICY, OTHER), seen, NOW) is None
    assert seen.asked == [(URL, "signed"), (URL, "other")]
    await proofs.missing(plan(f"{URL}?2"), (POLICY,), seen, NOW)
    assert seen.asked[2:] == [(f"{URL}?2", "signed")]


async def test_an_exception_that_ends_on_another_day_is_another_policy() -> None:
    proofs, seen = Proofs(Bell().ring), SimProvenance()
    for day in (1, 1, 2):
        ignored = (Ignored(id="CVE-1", until=date(2027, 1, day), reason="not reachable"),)
        source = Report(url="{{ url }}.json", format=ReportFormat.SARIF)
        rule = Vulnerabilities(source=source, fail_on=Severity.HIGH, ignored=ignored)
        policy = ArtifactPolicy(name=f"until {day}", vulnerabilities=rule)
        assert await proofs.missing(plan(), (policy,), seen, NOW) is None
    assert seen.asked == [(URL, "until 1"), (URL, "until 2")]


async def test_where_no_policy_speaks_nothing_is_asked() -> None:
    seen = SimProvenance()
    assert await Proofs(Bell().ring).missing(plan(), (), seen, NOW) is None
    assert seen.asked == []


async def test_what_goes_back_or_is_kept_up_is_not_asked_again() -> None:
    seen = SimProvenance({URL: Unverified("evil")})
    for cause in (Cause.DRIFT, Cause.REVERT):
        assert await Proofs(Bell().ring).missing(plan(cause=cause), (POLICY,), seen, NOW) is None
    assert seen.asked == []


async def test_what_comes_with_the_repository_has_to_show_it_too() -> None:
    url = "repo:" + "a" * 64
    seen = SimProvenance({url: Unverified("it is not signed")})
    waiting = await Proofs(Bell().ring).missing(plan(url), (POLICY,), seen, NOW)
    assert waiting
    assert waiting.reason is Reason.UNVERIFIED


async def test_a_proof_that_ends_is_asked_for_again() -> None:
    proofs, seen = Proofs(Bell().ring), SimProvenance({URL: Verified(NOW + SECOND)})
    assert await proofs.missing(plan(), (POLICY,), seen, NOW) is None
    seen.proofs[URL] = Unverified("shop.tar.gz has a report that is too old")
    assert await proofs.missing(plan(), (POLICY,), seen, NOW) is None
    waiting = await proofs.missing(plan(), (POLICY,), seen, NOW + SECOND)
    assert waiting == WaitingOn(Reason.UNVERIFIED, "shop.tar.gz has a report that is too old", NOW + 6 * SECOND)


async def test_a_proof_that_nobody_waited_for_until_it_was_too_old_is_none() -> None:
    come, bell = asyncio.Event(), Bell()
    proofs, seen = Proofs(bell.ring), SimProvenance({URL: Verified(NOW + SECOND)}, {URL: come})
    await proofs.missing(plan(), (POLICY,), seen, NOW)
    come.set()
    while proofs.busy:  # noqa: ASYNC110
        await asyncio.sleep(0)
    seen.proofs[URL] = Unverified("it is too old")
    later = await proofs.missing(plan(), (POLICY,), seen, NOW + 2 * SECOND)
    assert later == WaitingOn(Reason.UNVERIFIED, "verifying shop-2.tar.gz")
    assert bell.rung == 2
    waiting = await proofs.missing(plan(), (POLICY,), seen, NOW + 2 * SECOND)
    assert waiting
    assert waiting.detail.startswith("it is too old")


async def test_what_is_missing_is_looked_at_later_and_later_and_may_come() -> None:
    seen = SimProvenance({URL: Unreachable("cannot fetch the signature: HTTP 404")})
    proofs, now, waits = Proofs(Bell().ring), NOW, []
    for _ in range(8):
        waiting = await proofs.missing(plan(), (POLICY,), seen, now)
        assert waiting
        assert waiting.until
        assert await proofs.missing(plan(), (POLICY,), seen, now) == waiting
        waits.append((waiting.until - now) / SECOND)
        now = waiting.until
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]
    assert len(seen.asked) == 8
    seen.proofs.clear()
    assert await proofs.missing(plan(), (POLICY,), seen, now) is None


async def test_a_scan_that_takes_long_holds_up_no_pass_and_rings_when_it_has_ended() -> None:
    come, bell = asyncio.Event(), Bell()
    proofs, seen = Proofs(bell.ring), SimProvenance(slow={URL: come})
    for _ in range(2):
        waiting = await proofs.missing(plan(), (POLICY,), seen, NOW)
        assert waiting == WaitingOn(Reason.UNVERIFIED, "verifying shop-2.tar.gz")
    assert proofs.busy
    come.set()
    while not bell.rung:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert await proofs.missing(plan(), (POLICY,), seen, NOW) is None
    assert (bell.rung, len(seen.asked)) == (1, 1)


async def test_what_is_still_looked_at_is_given_up_at_the_end() -> None:
    proofs = Proofs(Bell().ring)
    await proofs.missing(plan(), (POLICY,), SimProvenance(slow={URL: asyncio.Event()}), NOW)
    await proofs.stop()
    assert not proofs.busy


async def test_a_pass_begins_nothing_that_is_not_verified_and_writes_down_why(fleet: Fleet) -> None:
    why = "shop-2.tar.gz is not signed by any of: release@example.org"
    seen = SimProvenance({URL: Unverified(why)})
    world = replace(fleet.world, artifacts=SimArchives(), provenance=seen)
    unit = UnitId("shop", "testing")
    wanted = plan()
    assessment = Assessment(unit=unit, wanted=None, effective=None, plan=wanted)
    desired = Desired(commit="c1", targets={}, units={}, provenance={unit: (POLICY,)})
    review = await carry_out(judged(desired, assessment), world, fleet.hands)
    (told,) = review.assessments
    assert told.waiting == WaitingOn(Reason.UNVERIFIED, why, NOW + timedelta(seconds=5))
    assert not fleet.hands.busy
    written = [event.waiting for event in await fleet.events() if isinstance(event, Assessed)]
    assert written == [told.waiting]


async def test_an_archive_is_fetched_before_it_is_looked_at(fleet: Fleet) -> None:
    seen = SimProvenance()
    archives = SimArchives(trouble={URL: Unreachable("cannot fetch it")})
    world = replace(fleet.world, artifacts=archives, provenance=seen)
    unit = UnitId("shop", "testing")
    desired = Desired(commit="c1", targets={}, units={}, provenance={unit: (POLICY,)})
    assessment = Assessment(unit=unit, wanted=None, effective=None, plan=plan())
    await carry_out(judged(desired, assessment), world, fleet.hands)
    assert seen.asked == []
