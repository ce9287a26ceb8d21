"""Where belongs what is printed for a step. Pure."""

from collections.abc import Iterable, Iterator

from reconciler.model.carried import content_of
from reconciler.model.output import Place
from reconciler.model.plan import Apply, Plan, Stop
from reconciler.model.resource import Resource
from reconciler.model.rollout import Rollout
from reconciler.model.step import CallHook, HttpHook
from reconciler.model.target import Host, Target


def place(rollout: Rollout, plan: Plan) -> Place:
    """Return the place of the step at the cursor, with all secrets that the unit has on its targets."""
    secrets = frozenset(_secrets(plan))
    return Place(unit=rollout.unit, rollout=rollout.id, plan=plan.id, step=rollout.cursor, secrets=secrets)


def held(resources: Iterable[Resource], targets: Iterable[Target]) -> Iterator[str]:
    """Yield the references of the secrets that are in the resources, or that we come to the targets with."""
    for resource in resources:
        for content in resource.contents.values():
            yield from content.secrets.values()
    yield from (each.become_password for each in targets if isinstance(each, Host) and each.become_password)


def _secrets(plan: Plan) -> Iterator[str]:
    """Also those of files that this plan leaves alone: what they hold can be printed all the same."""
    yield from held(plan.unit.resources, plan.targets)
    for step in plan.steps:
        match step:
            case Apply() | Stop():
                for each in (content_of(each) for target in step.targets for each in target.operations):
                    yield from each.secrets.values() if each else ()
            case CallHook(hook=HttpHook(token=str(token))):
                yield token
            case _:
                pass
