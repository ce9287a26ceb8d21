"""What a transaction leaves on its target of what is ours there is what the journal is told when it is done."""

from dataclasses import replace

import pytest

from reconciler.execute.written.marked import marks
from reconciler.model.change import Action, Cause, Change
from reconciler.model.mark import Mark
from reconciler.model.plan import TargetChanges
from tests.factory import NOW
from tests.sim import plans

UNIT = plans.shop("2", ("web-1",))
(THING,) = UNIT.resources
GONE = replace(THING.id, name="gone")
ROLLOUT = replace(plans.pending(plans.plan(UNIT, ()), "r1", NOW), commit="commit-2")


def _changes(*actions: Action, adopts: tuple[str, ...] = ()) -> TargetChanges:
    leaving = {Action.DELETE, Action.RESTORE}
    changes = tuple(
        Change(resource=GONE if each in leaving else THING.id, action=each, cause=Cause.COMMIT, adopts=adopts)
        for each in actions
    )
    return TargetChanges(target="web-1", changes=changes, operations=())


@pytest.mark.parametrize(
    ("action", "adopts", "created"),
    [
        (Action.CREATE, (), True),
        (Action.UPDATE, (), False),
        (Action.REPLACE, (), False),
        (Action.UPDATE, ("/etc/motd",), False),
    ],
)
def test_what_stays_is_ours_by_the_commit_that_asked_for_it(
    action: Action, adopts: tuple[str, ...], *, created: bool
) -> None:
    found = marks(ROLLOUT, plans.plan(UNIT, ()), _changes(action, adopts=adopts))
    expected = Mark(resource=THING.id, created=created, before=adopts, commit="commit-2", digest=THING.digest)
    assert (found.put, found.dropped) == ((expected,), ())
    assert (found.unit, found.commit, found.version) == (UNIT.id, "commit-2", "2")


@pytest.mark.parametrize("action", [Action.DELETE, Action.RESTORE])
def test_what_leaves_is_no_longer_ours(action: Action) -> None:
    found = marks(ROLLOUT, plans.plan(UNIT, ()), _changes(action))
    assert (found.put, found.dropped) == ((), (GONE,))


@pytest.mark.parametrize(
    ("cause", "commit", "rejected"),
    [
        (Cause.REVERT, "commit-3", "commit-3"),
        # Back to the same commit: what was gone back from has no name.
        (Cause.REVERT, "commit-2", None),
        (Cause.COMMIT, "commit-2", ""),
        (Cause.DRIFT, "commit-2", None),
    ],
)
def test_a_way_back_says_from_what_and_a_new_state_takes_that_back(
    cause: Cause, commit: str, rejected: str | None
) -> None:
    rollout = replace(ROLLOUT, commit=commit)
    assert marks(rollout, plans.plan(UNIT, (), cause), _changes(Action.UPDATE)).rejected == rejected
