"""How long a rollout will still take."""

from datetime import timedelta

import pytest

from reconciler.cli.render.estimate import Estimate, estimate
from reconciler.model.rollout import StepRecord, StepState
from reconciler.model.step import AwaitPromotion, Bake
from tests.cli.examples import NOW, plan, probe, unit
from tests.cli.pictures import rollout

SECOND = timedelta(seconds=1)
STEPS = (probe(1, ["web-1"]), Bake(60 * SECOND), AwaitPromotion(), probe(2, ["web-2"]))
PLAN = plan(unit(), *STEPS)
TOOK = {"probe": 10 * SECOND}


@pytest.mark.parametrize(
    ("cursor", "spent", "took", "expected"),
    [
        (0, None, TOOK, Estimate(80 * SECOND, 1)),
        (0, 4, TOOK, Estimate(76 * SECOND, 1)),
        (0, 400, TOOK, Estimate(70 * SECOND, 1)),
        (1, 20, TOOK, Estimate(50 * SECOND, 1)),
        (2, 500, TOOK, Estimate(10 * SECOND, 1)),
        (3, None, TOOK, Estimate(10 * SECOND, 0)),
        (4, None, TOOK, Estimate(0 * SECOND, 0)),
        (0, None, {}, None),
        (1, None, {"apply": SECOND}, None),
    ],
)
def test_what_is_left_follows_from_what_steps_took_before(cursor, spent, took, expected):
    record = None
    if spent is not None:
        started = NOW - spent * SECOND
        record = StepRecord(plan=PLAN.id, index=cursor, state=StepState.STARTED, attempt=1, started_at=started)
    going = rollout(plan=PLAN.id, cursor=cursor, step=record)
    assert estimate(PLAN, going, took, NOW) == expected
