"""What is written where a rollout goes on after a pause, and where it ends."""

from dataclasses import replace

from reconciler.execute import ending
from reconciler.model.event import ResourcesApplied
from reconciler.model.rollout import State, Trigger
from tests.execute.test_steps import APPLY, BAKE, SHIFT, plan, rollout
from tests.factory import NOW


def test_one_that_was_paused_between_two_steps_goes_on_with_the_next() -> None:
    paused = rollout(BAKE, state=State.PAUSED)
    entry = ending.signalled(paused, plan(BAKE), Trigger.RESUME, "it may go on", NOW)
    assert entry
    assert (entry.rollout.state, entry.rollout.step, entry.rollout.deadline) == (State.RUNNING, None, None)


def test_where_requests_alone_were_sent_nobody_has_seen_any_target() -> None:
    alone = plan(SHIFT, targets=())
    ended = ending.finished(rollout(SHIFT, cursor=1), alone, NOW)
    assert ended.rollout.state is State.SUCCEEDED
    assert not [event for event in ended.events if isinstance(event, ResourcesApplied)]
    looked_at = plan(APPLY)
    there = ending.finished(replace(rollout(APPLY), cursor=1), looked_at, NOW)
    assert looked_at.targets
    assert there.rollout.state is State.SUCCEEDED
