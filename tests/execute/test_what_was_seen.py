"""What load balancers say, and what a second look at a target says: how far it has come."""

from dataclasses import replace

import pytest

from reconciler.execute import moves as move
from reconciler.execute.move import next_move
from reconciler.execute.steps.confirm import AsWanted, Differs, Inspected, NotSeen, concerned, inspect
from reconciler.execute.steps.traffic import Came, Seen, awaited, came, differing, merged, wanted
from reconciler.model.resource import Absent, DriftMode, Observation, Present, Survey, Unknown
from reconciler.model.traffic import HaproxyRouter, Member, Route, Share
from tests.execute.test_steps import APPLY, BAKE, DRAIN, FAILED, MIRROR, SHIFT, UNIT, WEB, plan, rollout
from tests.factory import KINDS, NOW, thing, tier
from tests.sim import plans


def route(server: str, weight: int, serving: bool = True, in_flight: int | None = 0) -> Route:
    return Route(server, weight, serving, in_flight)


@pytest.mark.parametrize(
    ("step", "seen", "expected"),
    [
        (DRAIN, {"lb-1": (route("web-1", 0), route("web-2", 0))}, Came(True, WEB, "")),
        (
            DRAIN,
            {"lb-1": (route("web-1", 0, in_flight=1), route("web-2", 0, in_flight=None))},
            Came(True, (), "1 request under way to web-1; nobody can say how many requests are under way to web-2"),
        ),
        (
            DRAIN,
            {"lb-1": (route("web-1", 7, in_flight=2), route("web-2", 0))},
            Came(False, ("web-2",), "2 requests under way to web-1"),
        ),
        (DRAIN, {"lb-1": (route("web-2", 0),)}, Came(False, ("web-2",), "0 requests under way to web-1")),
        (SHIFT, {"lb-1": (route("web-1", 10), route("web-2", 90))}, Came(True, WEB, "")),
        (
            SHIFT,
            {"lb-1": (route("web-1", 0, serving=False), route("web-2", 90))},
            Came(True, ("web-2",), "web-1 does not serve yet (lb-1)"),
        ),
        (SHIFT, {"lb-1": (route("web-1", 100), route("web-2", 90))}, Came(False, WEB, "")),
        (MIRROR, {}, Came(True, ("web-1",), "")),
    ],
)
def test_how_far_it_has_come_by_what_load_balancers_say(step: move.Directing, seen: Seen, expected: Came) -> None:
    assert came(step, wanted(rollout(step, {}), plan(step), step), seen, frozenset(WEB)) == expected


def test_who_was_changed_is_waited_for_and_nobody_else() -> None:
    seen = {"lb-1": (route("web-1", 10), route("web-2", 90, serving=False))}
    shares = wanted(rollout(SHIFT, {}), plan(SHIFT), SHIFT)
    assert came(SHIFT, shares, seen, frozenset({"web-1"})) == Came(True, WEB, "")
    forward = plan(APPLY, steps=(APPLY, SHIFT))
    assert awaited(rollout(APPLY, {}), forward) == frozenset()
    assert awaited(replace(rollout(SHIFT, {}), cursor=1), forward) == {each.target for each in APPLY.targets}
    assert awaited(replace(rollout(SHIFT, {}), cursor=1), replace(forward, router=None)) == frozenset()
    blue = HaproxyRouter(
        hosts=("lb-1",), backend="shop", members=(Member("web-1", "one", "blue"), Member("web-1", "two", "green"))
    )
    slot = replace(forward, steps=(replace(APPLY, slot="blue"), SHIFT), router=blue)
    assert awaited(replace(rollout(SHIFT, {}), cursor=1), slot) == {"one"}


def test_a_target_that_failed_gets_nothing_while_another_serves() -> None:
    failed = rollout(SHIFT, {}, failures=(FAILED,))
    assert wanted(failed, plan(SHIFT), SHIFT) == (Share("web-1", 0), Share("web-2", 90))
    assert wanted(failed, plan(SHIFT, router=None), SHIFT) == SHIFT.shares
    both = replace(failed, failures=(FAILED, replace(FAILED, target="web-2")))
    assert wanted(both, plan(SHIFT), SHIFT) == SHIFT.shares


def test_shares_are_kept_by_server() -> None:
    assert merged(SHIFT.shares, [Share("web-1", 0)]) == (Share("web-1", 0), Share("web-2", 90))
    assert differing([Share("web-1", 0)], {"lb-1": (route("web-1", 5, serving=False),)}) == ("web-1",)


def test_a_drain_of_one_slot_takes_no_target_out_of_service() -> None:
    router = HaproxyRouter(hosts=("lb-1",), backend="shop", members=(Member("web-1", "web-1", "blue"),))
    drains = plan(replace(DRAIN, servers=("web-1",)), router=router, tiers=(tier("web-1", "web-2", may_be_down=0),))
    assert isinstance(next_move(rollout(drains.steps[0], plan=drains.id), drains, NOW), move.Begin)
    without = replace(drains, router=None)
    assert isinstance(next_move(rollout(drains.steps[0], plan=drains.id), without, NOW), move.Begin)


RED, BLUE = thing("first"), thing("second", colour="blue")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Present({"colour": "red"}), Present({"colour": "blue"}), AsWanted()),
        (
            Present({"colour": "red"}),
            Present({"colour": "red"}),
            Differs("thing:second on web-1 is no longer as it was put there (colour)"),
        ),
        (Absent(), Unknown("no route"), Differs("thing:first on web-1 is no longer as it was put there (colour)")),
        (Unknown("no route"), Absent(), NotSeen("thing:first: no route")),
        (
            Present({"in the way": "a folder"}),
            Absent(),
            Differs("thing:first on web-1: a folder is in the way; move it"),
        ),
    ],
)
def test_a_second_look(first: Observation, second: Observation, expected: Inspected) -> None:
    assert inspect((RED, BLUE), Survey({RED.id: first, BLUE.id: second}), KINDS) == expected


def test_a_second_look_is_not_about_drift_that_is_only_reported() -> None:
    reported = replace(UNIT.resources[0], drift=DriftMode.REPORT)
    changed = plans.plan(replace(UNIT, resources=(reported,)), [APPLY])
    untouched = plans.plan(replace(UNIT, resources=(reported,)), [BAKE])
    assert concerned(changed, "web-1") == (reported,)
    assert concerned(untouched, "web-1") == ()
    assert concerned(changed, "web-2") == ()
