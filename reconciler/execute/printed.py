"""Where belongs what is printed for a step. Pure."""

from collections.abc import Iterator

from reconciler.model.carried import content_of
from reconciler.model.content import Content
from reconciler.model.output import Place
from reconciler.model.plan import Apply, Plan, Stop
from reconciler.model.rollout import Rollout


def place(rollout: Rollout, plan: Plan) -> Place:
    """Return the place of the step at the cursor, with all secrets that the unit has on its targets."""
    secrets = frozenset(reference for content in _contents(plan) for reference in content.secrets.values())
    return Place(unit=rollout.unit, rollout=rollout.id, plan=plan.id, step=rollout.cursor, secrets=secrets)


def _contents(plan: Plan) -> Iterator[Content]:
    for resource in plan.unit.resources:
        yield from resource.contents.values()
    for step in plan.steps:
        if isinstance(step, Apply | Stop):
            brought = (content_of(each) for target in step.targets for each in target.operations)
            yield from (each for each in brought if each is not None)
