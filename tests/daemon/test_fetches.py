"""Archives come before the rollout that needs them."""

import asyncio
from dataclasses import replace

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.fetches import AT_HAND, Fetches
from reconciler.daemon.one_pass import Pass
from reconciler.model.assessment import Assessment, Review
from reconciler.model.content import Artifact
from reconciler.model.identity import UnitId
from reconciler.model.operation import UnpackRelease
from reconciler.model.plan import Apply, Plan
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.ports.errors import Refused, Unreachable
from reconciler.simulate.archives import SimArchives
from tests.daemon.fleet import Fleet
from tests.factory import NOW
from tests.sim import plans
from tests.sim.plans import SECOND

URL = "https://artifacts.example/shop-2.tar.gz"


def plan(url: str = URL) -> Plan:
    made = plans.at_once(plans.shop("2", ["web-1", "web-2"]))
    apply = made.steps[0]
    assert isinstance(apply, Apply)
    unpack = UnpackRelease("/opt/shop", "2", Artifact(url, "sha256:" + "a" * 64))
    targets = tuple(replace(each, operations=(unpack, *each.operations)) for each in apply.targets)
    return replace(made, steps=(replace(apply, targets=targets), *made.steps[1:]))


def judged(desired: Desired, *found: Assessment) -> Pass:
    """Return a pass that concluded this of a fleet that nothing was known about."""
    return Pass(desired=desired, standing=Standing(), review=Review(commit="c1", assessments=found))


class Bell:
    def __init__(self) -> None:
        self.rung = 0

    def ring(self) -> None:
        self.rung += 1


async def test_what_is_here_is_not_waited_for_and_asked_for_once_for_all_hosts() -> None:
    fetches, archives = Fetches(Bell().ring), SimArchives()
    assert await fetches.missing(plan(), archives, NOW) is None
    assert archives.asked == [URL]
    assert not fetches.busy


async def test_what_comes_with_the_repository_is_not_fetched() -> None:
    fetches, archives = Fetches(Bell().ring), SimArchives()
    assert await fetches.missing(plan("repo:" + "a" * 64), archives, NOW) is None
    assert archives.asked == []


async def test_what_cannot_be_had_is_tried_again_later_and_later() -> None:
    archives = SimArchives(trouble={URL: Unreachable(f"cannot fetch {URL}: HTTP 503")})
    fetches, now = Fetches(Bell().ring), NOW
    waits = []
    for _ in range(9):
        waiting = await fetches.missing(plan(), archives, now)
        assert waiting
        assert (waiting.reason, waiting.detail) == (
            Reason.BLOCKED,
            f"cannot fetch {URL}: HTTP 503; it is tried again",
        )
        assert waiting.until
        assert await fetches.missing(plan(), archives, now) == waiting
        waits.append((waiting.until - now) / SECOND)
        now = waiting.until
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert len(archives.asked) == 9
    archives.trouble = {}
    assert await fetches.missing(plan(), archives, now) is None


async def test_what_was_had_and_is_wrong_is_for_the_rollout_to_say() -> None:
    archives = SimArchives(trouble={URL: Refused("it has the wrong digest")})
    assert await Fetches(Bell().ring).missing(plan(), archives, NOW) is None


async def test_what_takes_long_holds_up_no_pass_and_rings_when_it_is_here() -> None:
    come, bell = asyncio.Event(), Bell()
    archives = SimArchives(slow={URL: come})
    fetches = Fetches(bell.ring)
    for _ in range(2):
        assert await fetches.missing(plan(), archives, NOW) == WaitingOn(Reason.BLOCKED, f"fetching {URL}")
    assert fetches.busy
    come.set()
    while not bell.rung:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert await fetches.missing(plan(), archives, NOW) is None
    assert (bell.rung, archives.asked) == (1, [URL])


async def test_what_is_still_on_its_way_is_given_up_at_the_end() -> None:
    fetches = Fetches(Bell().ring)
    await fetches.missing(plan(), SimArchives(slow={URL: asyncio.Event()}), NOW)
    await fetches.stop()
    assert not fetches.busy


async def test_a_pass_waits_once_however_many_units_wait_for_archives(fleet: Fleet) -> None:
    urls = [f"{URL}?{number}" for number in range(10)]
    world = replace(fleet.world, artifacts=SimArchives(slow={url: asyncio.Event() for url in urls}))
    waiting = tuple(
        Assessment(unit=UnitId(f"app-{number}", "testing"), wanted=None, effective=None, plan=plan(url))
        for number, url in enumerate(urls)
    )
    desired = Desired(commit="c1", targets={}, units={}, contents={})
    try:
        async with asyncio.timeout(5 * AT_HAND):
            review = await carry_out(judged(desired, *waiting), world, fleet.hands)
        assert [each.waiting and each.waiting.detail for each in review.assessments] == [
            f"fetching {url}" for url in urls
        ]
    finally:
        await fleet.hands.fetches.stop()
