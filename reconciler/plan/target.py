"""All that has to happen on one target, in order: one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from reconciler.model.change import Action, Cause, Change, FieldDiff
from reconciler.model.difference import Differing, Orphan
from reconciler.model.operation import ControlUnit, KeepOriginal, Operation, PutBack, RemoveFile, UnitVerb
from reconciler.model.plan import TargetChanges
from reconciler.model.resource import Resource
from reconciler.plan.order import in_waves, ordered
from reconciler.plan.packages import together
from reconciler.ports.kind import Kind

_STARTS = frozenset({UnitVerb.START, UnitVerb.RESTART})
LEAVES = "~"
"""No slot's name."""

_Step: TypeAlias = tuple[Change, tuple[Operation, ...]]


def target_changes(
    target: str,
    resources: Sequence[Resource],
    differing: Sequence[Differing],
    orphans: Sequence[Orphan],
    kinds: Mapping[str, Kind],
) -> TargetChanges:
    """Return the changes and operations for one target; ``resources`` are all of the unit's on it.

    First what is created and updated, each after what it needs, with the restarts that follow from it; last what is
    taken away, in reverse order. All packages go in one run where their order allows it. Raises plan.order.Cycle.
    """
    steps = _steps(resources, differing, orphans, kinds)
    return _together(target, steps, resources, orphans)


def slot_changes(
    target: str,
    resources: Sequence[Resource],
    differing: Sequence[Differing],
    orphans: Sequence[Orphan],
    kinds: Mapping[str, Kind],
) -> Mapping[str, TargetChanges]:
    """Return the changes and operations for one target by slot; those under "" are for all of them.

    What goes away and belongs to none of the slots that there are now is under LEAVES.
    """
    gone = [orphan.owned.resource for orphan in orphans]
    there = {each.slot for each in resources or gone} - {""}
    slots = {each.id: each.slot if each.slot in there else LEAVES for each in gone}
    slots |= {each.id: each.slot for each in resources}
    found: dict[str, list[_Step]] = {}
    for step in _steps(resources, differing, orphans, kinds):
        found.setdefault(slots[step[0].resource], []).append(step)
    return {slot: _together(target, steps, resources, orphans) for slot, steps in sorted(found.items())}


def _steps(
    resources: Sequence[Resource],
    differing: Sequence[Differing],
    orphans: Sequence[Orphan],
    kinds: Mapping[str, Kind],
) -> Sequence[_Step]:
    siblings = {resource.id.ref: resource for resource in resources}
    return [*_made(resources, differing, siblings, kinds), *_removed(orphans, kinds)]


def _together(
    target: str, steps: Sequence[_Step], resources: Sequence[Resource], orphans: Sequence[Orphan]
) -> TargetChanges:
    taken = [each.owned.resource for each in orphans]
    operations = together([(change.resource.ref, operations) for change, operations in steps], resources, taken)
    return TargetChanges(target, tuple(change for change, _ in steps), operations)


def _made(
    resources: Sequence[Resource],
    differing: Sequence[Differing],
    siblings: Mapping[str, Resource],
    kinds: Mapping[str, Kind],
) -> Iterator[tuple[Change, tuple[Operation, ...]]]:
    found = {each.resource.id.ref: each for each in differing}
    changed: dict[str, Cause] = {}
    for resource in ordered(in_waves(resources, kinds)):
        kind = kinds[resource.id.kind]
        ref = resource.id.ref
        here = found.get(ref)
        because = [each for each in resource.restart_on if each in changed]
        restarts = kind.restart(resource, siblings) if because else ()
        if here:
            operations = (*_kept(here.change), *kind.commands(here.resource, here.seen, siblings))
            # Some kinds do the same whether they differ themselves or something that they watch does.
            extra = () if _starts(operations) or all(each in operations for each in restarts) else restarts
            changed[ref] = here.change.cause
            yield _explained(_told(here.change), because if extra else []), (*operations, *extra)
        elif restarts:
            changed[ref] = changed[because[0]]
            change = Change(resource=resource.id, action=Action.UPDATE, cause=changed[ref])
            yield _explained(change, because), restarts


def _explained(change: Change, because: Sequence[str]) -> Change:
    if not because:
        return change
    field = FieldDiff(path="restart", before=None, after="because of " + ", ".join(because))
    return replace(change, fields=(*change.fields, field))


def _starts(operations: Iterable[Operation]) -> bool:
    return any(isinstance(each, ControlUnit) and each.verb in _STARTS for each in operations)


def _told(change: Change) -> Change:
    if not change.adopts:
        return change
    what = f"{' and '.join(change.adopts)} was not ours; the host keeps what is there"
    return replace(change, fields=(*change.fields, FieldDiff(path="adopted", before=None, after=what)))


def _kept(change: Change) -> Iterator[Operation]:
    yield from (KeepOriginal(path) for path in change.adopts)


def _removed(orphans: Sequence[Orphan], kinds: Mapping[str, Kind]) -> Iterator[tuple[Change, tuple[Operation, ...]]]:
    seen = {each.owned.resource.id.ref: each.seen for each in orphans}
    kept = {each.owned.resource.id.ref: each.owned.before for each in orphans}
    for resource in reversed(ordered(in_waves([each.owned.resource for each in orphans], kinds))):
        kind, there = kinds[resource.id.kind], seen[resource.id.ref]
        operations = kind.removal(resource, there)
        if before := kept[resource.id.ref]:
            fields = (FieldDiff(path="restored", before=None, after="what was there before it was ours"),)
            change = Change(resource=resource.id, action=Action.RESTORE, cause=Cause.COMMIT, fields=fields)
            yield change, _put_back(before, operations, kind.restart(resource, {})) if operations else ()
        else:
            yield Change(resource=resource.id, action=Action.DELETE, cause=Cause.COMMIT), operations


def _put_back(
    before: Sequence[str], removal: Sequence[Operation], restart: Sequence[Operation]
) -> tuple[Operation, ...]:
    """What was there before us comes instead of the gap that a removal leaves; what runs goes on with it."""
    left = [path for path in before if path not in {each.path for each in removal if isinstance(each, RemoveFile)}]
    return (
        *(_in_place(each, before) for each in removal if not isinstance(each, ControlUnit)),
        *(PutBack(path) for path in left),
        *restart,
    )


def _in_place(operation: Operation, before: Sequence[str]) -> Operation:
    gone = isinstance(operation, RemoveFile) and operation.path in before
    return PutBack(operation.path) if gone and isinstance(operation, RemoveFile) else operation
