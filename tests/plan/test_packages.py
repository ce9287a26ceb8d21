"""Packages of a host go in one run of its package tool, as far as what they need allows it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.operation import ChangePackages, Operation, PackageTool, PackageVersion, RemoveFile
from reconciler.model.resource import Resource
from reconciler.plan.order import needs, ordered
from reconciler.plan.packages import together
from tests.plan.test_order import thing


def installs(name: str, *, recommends: bool = False) -> ChangePackages:
    return ChangePackages(tool=PackageTool.AUTO, install=(PackageVersion(name),), recommends=recommends)


def removes(name: str) -> ChangePackages:
    return ChangePackages(tool=PackageTool.AUTO, remove=(name,))


def done(resource: Resource) -> tuple[str, tuple[Operation, ...]]:
    name = resource.id.name
    if resource.id.kind != "package":
        return (resource.id.ref, (RemoveFile(name),))
    return (resource.id.ref, (installs(name, recommends=bool(resource.attributes.get("recommends"))),))


def told(operations: Sequence[Operation]) -> list[str]:
    """Each run as its packages, everything else as its path."""
    return [
        "+".join([*(each.name for each in op.install), *(f"-{name}" for name in op.remove)])
        if isinstance(op, ChangePackages)
        else getattr(op, "path", "")
        for op in operations
    ]


CASES = {
    "all in one": ([thing("package:a"), thing("package:b"), thing("package:c")], ["a+b+c"]),
    "one further down comes to the first": ([thing("package:a"), thing("file:/f"), thing("package:b")], ["a+b", "/f"]),
    "one that needs what is between does not": (
        [thing("package:a"), thing("file:/f"), thing("package:b", "file:/f"), thing("package:c")],
        ["a+c", "/f", "b"],
    ),
    "nor one that needs it through another": (
        [thing("package:a"), thing("file:/f"), thing("file:/g", "file:/f"), thing("package:b", "file:/g")],
        ["a", "/f", "/g", "b"],
    ),
    "what is needed may be in the same run": ([thing("package:a"), thing("package:b", "package:a")], ["a+b"]),
    "but not in a later one": (
        [
            thing("package:a"),
            thing("file:/f"),
            thing("package:b", "file:/f"),
            thing("package:c", "package:b"),
        ],
        ["a", "/f", "b+c"],
    ),
    "sources come before all": (
        [thing("package:a"), thing("file:/etc/apt/x"), thing("package:b")],
        ["/etc/apt/x", "a+b"],
    ),
    "but for those they need": (
        [thing("package:a"), thing("file:/etc/apt/x", "package:a"), thing("package:b")],
        ["a", "/etc/apt/x", "b"],
    ),
    "what is recommended comes in a run of its own": (
        [
            thing("package:a"),
            thing("package:b", recommends=True),
            thing("package:c"),
            thing("package:d", recommends=True),
        ],
        ["a+c", "b+d"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_packages_go_together(case: str) -> None:
    written, runs = CASES[case]
    assert told(together([done(each) for each in ordered(written)], written, ())) == runs


def test_what_is_taken_away_goes_in_the_run_that_brings_what_takes_its_place() -> None:
    new, old, unit = thing("package:new"), thing("package:old"), thing("file:/unit")
    steps = [done(new), done(unit), (old.id.ref, (removes("old"),))]
    assert told(together(steps, [new], [old, unit])) == ["new+-old", "/unit"]


def test_a_package_goes_after_what_was_there_because_of_it() -> None:
    new, old, unit = thing("package:new"), thing("package:old"), thing("file:/unit", "package:old")
    steps = [done(new), done(unit), (old.id.ref, (removes("old"),))]
    assert told(together(steps, [new], [old, unit])) == ["new", "/unit", "-old"]


REFS = [f"{kind}:{name}" for name in "abcdef" for kind in ("package", "file")]


@st.composite
def worlds(draw: st.DrawFn) -> list[Resource]:
    found: list[Resource] = []
    for ref in draw(st.lists(st.sampled_from(REFS), unique=True, max_size=8)):
        known = [each.id.ref for each in found]
        needed = draw(st.lists(st.sampled_from(known), max_size=2)) if known else []
        found.append(thing(ref, *needed, recommends=draw(st.booleans())))
    return found


@given(worlds())
def test_nothing_is_lost_and_nothing_comes_before_what_it_needs(written: list[Resource]) -> None:
    needed, came = needs(written), set()
    for operation in together([done(each) for each in ordered(written)], written, ()):
        if isinstance(operation, ChangePackages):
            refs = {f"package:{each.name}" for each in operation.install}
        else:
            assert isinstance(operation, RemoveFile)
            refs = {f"file:{operation.path}"}
        assert not refs & came
        came |= refs
        assert all(needed[ref] <= came for ref in refs)
    assert came == {each.id.ref for each in written}
