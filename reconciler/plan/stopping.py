"""What of an app runs on its targets and has to be stopped before any of them is changed (strategy recreate). Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.change import Cause, Change
from reconciler.model.difference import Differing, Orphan
from reconciler.model.operation import Operation
from reconciler.model.plan import TargetChanges
from reconciler.model.resource import Observation, Present, Resource, Survey
from reconciler.ports.kind import Kind, Stoppable, Stopping


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What stops the app, target by target, and what differs once it has been stopped."""

    stops: tuple[TargetChanges, ...]
    differing: tuple[Differing, ...]


def stopped(
    resources: Iterable[Resource],
    differing: Sequence[Differing],
    orphans: Sequence[Orphan],
    survey: Survey,
    kinds: Mapping[str, Kind],
) -> Stopped:
    """Return what to stop on the targets that change. What is stopped differs from then on: it has to be started."""
    by_id = {each.resource.id: each for each in differing}
    changed = {each.target for each in by_id} | {each.owned.resource.id.target for each in orphans}
    cause = differing[0].change.cause if differing else Cause.COMMIT
    operations: dict[str, list[Operation]] = defaultdict(list)
    for resource in (each for each in resources if each.id.target in changed):
        kind = kinds[resource.id.kind]
        if stop := _stopping(resource, survey.of(resource.id), kind):
            operations[resource.id.target] += stop.operations
            for each in _differs(resource, stop.after, kind, by_id.get(resource.id), cause):
                by_id[resource.id] = each
    for orphan in orphans:
        leaves = orphan.owned.resource
        if stop := _stopping(leaves, orphan.seen, kinds[leaves.id.kind]):
            operations[leaves.id.target] += stop.operations
    stops = (TargetChanges(target, (), tuple(found)) for target, found in sorted(operations.items()))
    return Stopped(stops=tuple(stops), differing=tuple(by_id.values()))


def _stopping(resource: Resource, seen: Observation, kind: Kind) -> Stopping | None:
    return kind.stopping(resource, seen) if isinstance(seen, Present) and isinstance(kind, Stoppable) else None


def _differs(
    resource: Resource, after: Present, kind: Kind, before: Differing | None, cause: Cause
) -> Iterator[Differing]:
    """Yield how the resource differs once it is stopped; what differed before keeps its reason."""
    found = kind.diff(resource, after)
    if found and before:
        # What was worked out for people to read, such as the difference of two texts, is as true when it is stopped.
        told = before.change.fields
        fields = tuple(next((one for one in told if replace(one, text=None) == each), each) for each in found.fields)
        yield replace(before, seen=after, change=replace(before.change, fields=fields))
    elif found:
        change = Change(resource=resource.id, action=found.action, cause=cause, fields=found.fields)
        yield Differing(resource=resource, seen=after, change=change)
