"""What leaves goes after what needed it, also when that is on a target of another sort; resources go in waves."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from reconciler.model.change import Action, Cause, Change
from reconciler.model.difference import Differing, Orphan
from reconciler.model.plan import Apply, Plan
from reconciler.model.resource import Absent, Present, Resource, Survey
from reconciler.model.standing import UnitStanding
from reconciler.model.target import Sort
from reconciler.model.verdict import Owned, Snapshot
from reconciler.plan.material import Material
from reconciler.plan.order import in_waves, ordered
from reconciler.plan.planner import build
from reconciler.policy.removal import tombstone
from tests import factory as f

NETWORK = f.of_sort(Sort.DOCKER_ENGINE, "network", "engine")
CONFIG = f.of_sort(Sort.HOST, "/config", "web-1")
FRONT = replace(f.of_sort(Sort.KUBERNETES_CLUSTER, "front", "cluster"), depends_on=(NETWORK.id.ref,))
ALONE = replace(FRONT, depends_on=(), attributes={"colour": "blue"})
TARGETS = {
    "web-1": f.target("web-1"),
    "engine": f.target("engine", Sort.DOCKER_ENGINE),
    "cluster": f.target("cluster", Sort.KUBERNETES_CLUSTER),
}


def planned(there: Sequence[Resource], wanted: Sequence[Resource], cause: Cause = Cause.COMMIT) -> Plan:
    """Return the plan from what is there, all of it ours, to what is wanted."""
    before = {each.id: each for each in there}
    unit = replace(f.unit(*wanted), targets=tuple(TARGETS)) if wanted else tombstone(f.SHOP, "c2")
    owned = {each.id: Owned(resource=each, created=True) for each in there}
    differing = [
        Differing(resource=each, seen=_seen(before.get(each.id)), change=_change(each, cause))
        for each in wanted
        if each.id not in before or before[each.id].attributes != each.attributes
    ]
    names = {each.id for each in wanted}
    gone = [Orphan(owned=owned[each.id], seen=Present(each.attributes)) for each in there if each.id not in names]
    good = Snapshot(f.unit(*there), f.NOW)
    known = UnitStanding(unit=f.SHOP, owned=owned, last_good=good) if wanted else None
    material = Material(unit=unit, cause=cause, parent=None, differing=differing, delete=gone, known=known)
    survey = Survey({each.id: Present(each.attributes) for each in there})
    return build(material, survey, TARGETS, f.KINDS)


def _seen(resource: Resource | None) -> Present | Absent:
    return Present(resource.attributes) if resource else Absent()


def _change(resource: Resource, cause: Cause) -> Change:
    return Change(resource=resource.id, action=Action.UPDATE, cause=cause)


def order(plan: Plan) -> list[str]:
    return [each.target for step in plan.steps if isinstance(step, Apply) for each in step.targets]


def test_what_is_not_needed_any_more_goes_after_what_needed_it() -> None:
    assert order(planned([NETWORK, FRONT], [CONFIG, ALONE])) == ["web-1", "cluster", "engine"]


def test_what_is_needed_now_comes_first_even_so() -> None:
    other = f.of_sort(Sort.DOCKER_ENGINE, "other", "engine")
    needing = replace(ALONE, depends_on=(other.id.ref,))
    assert order(planned([NETWORK, FRONT], [other, needing])) == ["engine", "cluster"]


def test_a_unit_that_goes_is_taken_away_in_reverse() -> None:
    assert order(planned([NETWORK, FRONT], [])) == ["cluster", "engine"]
    assert order(planned([FRONT, NETWORK], [])) == ["cluster", "engine"]


def test_what_a_revert_takes_away_goes_after_what_needed_it() -> None:
    plan = planned([NETWORK, FRONT], [ALONE], Cause.REVERT)
    assert order(plan) == ["cluster", "engine"]
    assert {change.cause for change in plan.changes} == {Cause.REVERT}


class Waves(type(f.KINDS["box"])):  # type: ignore[misc]
    """Things that go by their number."""

    def wave(self, resource: Resource) -> tuple[int, ...]:
        return (int(str(resource.attributes["wave"])),)


KINDS = {"wave": Waves("wave", Sort.KUBERNETES_CLUSTER), "box": f.KINDS["box"]}


def waved(name: str, wave: int, *depends_on: str) -> Resource:
    bare = f.of_sort(Sort.KUBERNETES_CLUSTER, name, "cluster", wave=wave)
    return replace(bare, id=replace(bare.id, kind="wave"), depends_on=depends_on)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ([waved("b", 1), waved("a", 0), waved("c", -1)], ["c", "a", "b"]),
        ([waved("b", 0), waved("a", 0)], ["b", "a"]),
        ([waved("a", 0, "wave:b"), waved("b", 5)], ["b", "a"]),
        ([waved("b", 1), f.of_sort(Sort.DOCKER_ENGINE, "x", "cluster"), waved("c", -1)], ["c", "x", "b"]),
    ],
)
def test_resources_go_in_waves_and_what_is_needed_before_them(resources: list[Resource], expected: list[str]) -> None:
    assert [each.id.name for each in ordered(in_waves(resources, KINDS))] == expected
