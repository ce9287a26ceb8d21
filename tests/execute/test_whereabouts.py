"""Which targets have which version when a revert has ended."""

from dataclasses import replace

import pytest

from reconciler.execute.whereabouts import told
from reconciler.model.plan import LeftOut
from reconciler.model.rollout import State
from tests.factory import NOW
from tests.sim import plans

WEB = ("web-1", "web-2")


@pytest.mark.parametrize(
    ("away", "changed", "words"),
    [
        ((), WEB, "back at 1"),
        (("web-2",), ("web-1",), "back at 1"),
        (
            ("web-2",),
            WEB,
            "back at 1. Left half-way: web-1 back at 1 (commit-); web-2 not reached, 2 when it was changed",
        ),
    ],
    ids=["all are back", "one that was never changed is away", "one that was changed is away"],
)
def test_a_target_that_a_revert_could_not_reach_is_told_of(
    away: tuple[str, ...], changed: tuple[str, ...], words: str
) -> None:
    forward = plans.at_once(plans.shop("2", WEB))
    reached = tuple(name for name in WEB if name not in away)
    back = replace(plans.at_once(plans.shop("1", reached)), left_out=tuple(LeftOut(name, "no route") for name in away))
    rollout = replace(
        plans.pending(forward, "r1", NOW),
        state=State.REVERTED,
        plan=back.id,
        reason="back at 1",
        changed=changed,
        restored=reached,
    )
    assert told(rollout, back) == words
