"""What is ours again, from what hosts keep and what Git says."""

from dataclasses import replace

import pytest

from reconciler.model.event import ResourcesApplied, SnapshotTaken, VerdictGiven
from reconciler.model.mark import Mark, Marked
from reconciler.model.resource import Resource
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Verdict
from reconciler.policy.relearning import Learned, States, claimed, events, news, rolled_out, taken_back
from tests.factory import SHOP, thing, unit

OLD, NEW = "1" * 40, "2" * 40
LAMP, BELL = thing("lamp"), thing("bell")


def _unit(commit: str, *resources: Resource) -> Unit:
    return replace(unit(*resources), commit=commit, digest=f"sha256:{commit}")


def _mark(resource: Resource, commit: str, *, created: bool = True) -> Mark:
    return Mark(resource=resource.id, created=created, commit=commit, digest=resource.digest)


def _marked(*marks: Mark, commit: str = OLD, rejected: str = "") -> Marked:
    return Marked(unit=SHOP, target="web-1", commit=commit, rejected=rejected, marks=marks)


BLUE = thing("lamp", colour="blue")


@pytest.mark.parametrize(
    ("states", "mark", "expected"),
    [
        # As Git has it now.
        (States(wanted=_unit(NEW, LAMP), at={}), _mark(LAMP, OLD), Owned(resource=LAMP, created=True)),
        (
            States(wanted=_unit(NEW, LAMP), at={}),
            _mark(LAMP, OLD, created=False),
            Owned(resource=LAMP, created=False),
        ),
        # As it was at the commit that asked for it.
        (
            States(wanted=_unit(NEW, LAMP), at={OLD: _unit(OLD, BLUE)}),
            _mark(BLUE, OLD),
            Owned(resource=BLUE, created=True),
        ),
        # It left Git since: what it was is what is taken away.
        (
            States(wanted=_unit(NEW, LAMP), at={OLD: _unit(OLD, BELL)}),
            _mark(BELL, OLD),
            Owned(resource=BELL, created=True),
        ),
        (States(wanted=None, at={OLD: _unit(OLD, BELL)}), _mark(BELL, OLD), Owned(resource=BELL, created=True)),
        # Its commit is gone, or says something else with the keys of today: ours, and not surely as it was asked for.
        (States(wanted=_unit(NEW, LAMP), at={}), _mark(BLUE, OLD), Owned(resource=LAMP, created=True, sure=False)),
        (
            States(wanted=None, at={OLD: _unit(OLD, LAMP)}),
            _mark(BLUE, OLD),
            Owned(resource=LAMP, created=True, sure=False),
        ),
    ],
)
def test_a_mark_makes_a_resource_ours_as_it_was_asked_for(states: States, mark: Mark, expected: Owned) -> None:
    assert claimed(states, [_marked(mark)]) == ((expected,), ())


def test_what_no_commit_knows_is_told_and_is_not_ours() -> None:
    owned, (lost,) = claimed(States(wanted=_unit(NEW, LAMP), at={}), [_marked(_mark(BELL, OLD))])
    assert owned == ()
    assert "1111111, which Git does not have any more, and it was made by us" in lost


@pytest.mark.parametrize(
    ("at", "commit", "expected"),
    [({NEW: NEW}, NEW, True), ({OLD: OLD}, OLD, False), ({}, NEW, False), ({OLD: NEW}, OLD, True)],
)
def test_a_state_was_rolled_out_when_a_host_names_a_commit_that_says_the_same(
    at: dict[str, str], commit: str, *, expected: bool
) -> None:
    states = States(wanted=_unit(NEW), at={each: _unit(says) for each, says in at.items()})
    assert rolled_out(_unit(NEW), states, [_marked(commit=commit)]) is expected


def test_what_was_gone_back_from_is_bad_again_unless_it_runs() -> None:
    states = States(wanted=_unit(NEW), at={OLD: _unit(OLD), NEW: _unit(NEW)})
    marked = [_marked(rejected=NEW), _marked(rejected=OLD), _marked(rejected="unknown"), _marked()]
    assert taken_back(states, marked, _unit(OLD)) == (_unit(NEW),)


def test_only_what_is_new_is_written_down() -> None:
    good, bad = _unit(OLD, LAMP), _unit(NEW, LAMP)
    ours = (Owned(resource=LAMP, created=True), Owned(resource=BELL, created=True))
    learned = Learned(unit=SHOP, owned=ours, good=good, rejected=(bad,))
    known = {LAMP.id: Owned(resource=LAMP, created=True)}
    found = list(events(learned, known))
    assert [each for each in found if isinstance(each, ResourcesApplied)] == [
        ResourcesApplied(unit=SHOP, applied=(ours[1],))
    ]
    assert [each.verdict for each in found if isinstance(each, VerdictGiven)] == [Verdict.GOOD, Verdict.BAD]
    assert [each.unit for each in found if isinstance(each, SnapshotTaken)] == [good]


@pytest.mark.parametrize(
    ("before", "new"),
    [
        (Owned(resource=LAMP, created=True), False),
        (Owned(resource=LAMP, created=False), True),
        (Owned(resource=BLUE, created=True), True),
    ],
)
def test_what_was_known_as_it_was_asked_for_is_no_news(before: Owned, *, new: bool) -> None:
    learned = Learned(unit=SHOP, owned=(Owned(resource=LAMP, created=True),))
    assert bool(news(learned, {LAMP.id: before})) is new
