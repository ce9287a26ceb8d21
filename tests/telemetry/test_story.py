"""What becomes of a rollout's entries: its root, its steps, what was never ended."""

from datetime import timedelta

from reconciler.model.access import Login
from reconciler.model.change import Cause
from reconciler.model.deed import Requested
from reconciler.model.event import Event, RolloutMoved, StepEnded, StepStarted
from reconciler.model.record import Entry
from reconciler.model.rollout import Rollout, State, StepRecord, StepState
from reconciler.model.word import ApprovalRefused
from reconciler.telemetry.span import of_rollout, of_step, parsed
from reconciler.telemetry.story import RESULTS, Story, cut, left_open, root, step
from tests.factory import NOW, SHOP

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def _rollout(state: State = State.REVERTED) -> Rollout:
    return Rollout(
        id="r1",
        unit=SHOP,
        cause=Cause.COMMIT,
        commit="c" * 40,
        version="2",
        digest="sha256:2",
        state=state,
        forward="sha256:plan",
        plan="sha256:plan",
        reason="it did not do well",
        started_at=NOW,
        updated_at=NOW + timedelta(seconds=9),
    )


def _entries(*events: Event) -> list[Entry]:
    return [Entry(number, NOW + timedelta(seconds=number), event) for number, event in enumerate(events, 1)]


def _moved(after: State, before: State | None = State.RUNNING) -> RolloutMoved:
    return RolloutMoved(rollout="r1", unit=SHOP, before=before, after=after, reason="it did not do well")


def _record(index: int, state: StepState = StepState.STARTED) -> StepRecord:
    ended = None if state is StepState.STARTED else NOW + timedelta(seconds=index + 1)
    began = NOW + timedelta(seconds=index)
    return StepRecord(plan="sha256:plan", index=index, state=state, attempt=1, started_at=began, ended_at=ended)


def _started(index: int) -> StepStarted:
    return StepStarted(rollout="r1", unit=SHOP, record=_record(index), what="apply batch 1")


def _ended(index: int, state: StepState = StepState.SUCCEEDED) -> StepEnded:
    return StepEnded(rollout="r1", unit=SHOP, record=_record(index, state), what="apply batch 1", detail="all well")


def test_every_end_of_a_rollout_has_a_result() -> None:
    assert {each for each in State if each in RESULTS} == {each for each in State if not _goes_on(each)}


def _goes_on(state: State) -> bool:
    return not _rollout(state).ended


def test_the_root_lasts_from_the_plan_to_the_end_and_says_who_asked_for_it() -> None:
    asked = Requested(id="q", name="ada", login=Login.TOKEN, verb="retry", unit=SHOP, trace=PARENT)
    silent = Requested(id="p", name="ada", login=Login.TOKEN, verb="retry", unit=SHOP)
    no = ApprovalRefused(unit=SHOP, plan="p", author="eve", reason="not today", at=NOW)
    moves = _entries(asked, silent, no, _moved(State.REVERT_NEEDED), _moved(State.REVERTED, State.REVERTING))
    story = Story(_rollout(), moves[3:], moves)
    span = root(story, began_by=[of_rollout("a pass")])
    assert (span.began, span.ended) == (NOW, NOW + timedelta(seconds=5))
    assert story.failed_at == NOW + timedelta(seconds=4)
    assert span.links == (of_rollout("a pass"), parsed(PARENT))
    assert span.failed == "reverted: it did not do well"
    assert [each.name for each in span.notes] == ["approval_refused", "rollout_moved", "rollout_moved"]
    assert span.notes[0].attributes == {"reconciler.reason": "not today", "reconciler.author": "eve"}
    assert span.attributes["cicd.pipeline.result"] == "failure"


def test_a_rollout_that_succeeds_is_no_error() -> None:
    story = Story(_rollout(State.SUCCEEDED), _entries(_moved(State.SUCCEEDED)), [])
    assert (root(story).failed, story.failed_at) == (None, None)


def test_a_step_is_below_its_rollout() -> None:
    span = step(_ended(0), "apply")
    assert (span.context, span.parent) == (of_step("r1", "sha256:plan", 0), of_rollout("r1"))
    assert (span.ended - span.began, span.failed) == (timedelta(seconds=1), None)
    assert step(_ended(0, StepState.FAILED), "apply").failed == "all well"


def test_the_step_in_which_a_rollout_failed_ends_with_it() -> None:
    entries = _entries(
        _moved(State.RUNNING, State.PENDING),
        _started(0),
        _ended(0),
        _started(1),
        _moved(State.REVERT_NEEDED),
        _moved(State.REVERTING, State.REVERT_NEEDED),
        _started(0),
        _ended(0),
        _moved(State.REVERTED, State.REVERTING),
    )
    ((started, at, reason),) = left_open(entries)
    assert (started.record.index, at.number, reason) == (1, 5, "it did not do well")
    span = cut(started, "probe", at.at, reason)
    assert (span.ended, span.failed) == (NOW + timedelta(seconds=5), "it did not do well")


def test_a_pause_ends_no_step() -> None:
    assert list(left_open(_entries(_started(0), _moved(State.PAUSED), _started(1)))) == []
