"""What a look at a target says about a step that was begun and has no outcome."""

import pytest

from reconciler.execute.recovery import Again, CannotSee, Done, Recovered, decide, under_way, wanted
from reconciler.model.change import Action, Cause, Change
from reconciler.model.ground import Ground, Running
from reconciler.model.plan import TargetChanges
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.ports.kind import Conflict, Difference
from tests.factory import KINDS, SHOP, thing

FIRST, SECOND = thing("first"), thing("second", colour="blue")
RED, BLUE = Present({"colour": "red"}), Present({"colour": "blue"})


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (RED, BLUE, Done()),
        (RED, RED, Again()),
        (BLUE, BLUE, Again()),
        (Absent(), BLUE, Again()),
        (Absent(), Absent(), Again()),
        (Unknown("no route"), BLUE, CannotSee("thing:first on web-1 cannot be seen: no route")),
        (Absent(), Unknown("no route"), CannotSee("thing:second on web-1 cannot be seen: no route")),
    ],
)
def test_only_what_was_seen_decides(first: Observation, second: Observation, expected: Recovered) -> None:
    survey = Survey({FIRST.id: first, SECOND.id: second})
    assert decide((FIRST, SECOND), survey, KINDS) == expected


def test_what_nobody_looked_at_is_unknown() -> None:
    assert isinstance(decide((FIRST,), Survey({}), KINDS), CannotSee)


def test_a_step_that_only_takes_away_is_done_again() -> None:
    changes = TargetChanges("web-1", (Change(resource=FIRST.id, action=Action.DELETE, cause=Cause.COMMIT),), ())
    assert wanted(changes, {}) == ()
    assert decide((), Survey({}), KINDS) == Again()


def test_what_waits_to_be_confirmed_is_asked_for_again_and_what_still_runs_is_not() -> None:
    waiting = Ground(running=Running(transaction="t1", ours=True, by="us", waits=True))
    assert under_way("t1", waiting) == Again()
    assert under_way("t1", Ground(running=Running(transaction="t1", ours=True, by="us"))) != Again()
    assert under_way("t2", Ground(running=Running(transaction="t1", ours=False, by="x", waits=True))) != Again()


def test_what_stands_in_the_way_is_not_run_over() -> None:
    class InTheWay(type(KINDS["thing"])):  # type: ignore[misc]
        def diff(self, resource: Resource, seen: Present | Absent) -> Difference | None:
            raise Conflict("it is a directory; move it away")

    seen = Survey({FIRST.id: RED})
    expected = CannotSee("thing:first on web-1: it is a directory; move it away")
    assert decide((FIRST,), seen, {"thing": InTheWay()}) == expected
    assert FIRST.id.unit == SHOP
