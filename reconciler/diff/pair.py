"""(unit, what was seen, what is ours) → what differs, target by target. Pure.

What is ignored counts as being as it shall be: the resource is settled with what is there before anything is compared.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.diff.cause import cause_of
from reconciler.diff.veiling import veiled
from reconciler.diff.wording import worded
from reconciler.model.canonical import Digest
from reconciler.model.change import Change
from reconciler.model.difference import Differing, Orphan, UnitDiff
from reconciler.model.identity import ResourceId
from reconciler.model.plan import LeftOut
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned
from reconciler.policy.adoption import refused
from reconciler.policy.applicable import idle
from reconciler.policy.ignoring import settled
from reconciler.policy.ownership import orphans_of
from reconciler.policy.recalling import recalled
from reconciler.ports.kind import Conflict, Kind


def compare(
    unit: Unit,
    survey: Survey,
    owned: Mapping[ResourceId, Owned],
    kinds: Mapping[str, Kind],
    contents: Mapping[Digest, bytes],
) -> UnitDiff:
    """Return what differs between the unit and what was seen. ``contents`` are the bytes the unit speaks of."""
    orphaned = orphans_of(unit, owned)
    unseen = _unseen(unit, survey, orphaned)
    asleep = idle(unit, survey)
    unseen = (*unseen, *(LeftOut(target, why) for target, why in sorted(asleep.unclear.items())))
    hidden = {each.target for each in unseen}
    differing, conflicts = [], []
    for resource in unit.resources:
        seen = survey.of(resource.id)
        if resource.id.target in hidden or isinstance(seen, Unknown) or resource.id in asleep.resources:
            continue
        try:
            found = _differing(resource, seen, kinds[resource.id.kind], owned.get(resource.id))
        except Conflict as conflict:
            conflicts.append(LeftOut(resource.id.target, str(conflict)))
            continue
        if found:
            fields = worded(found.change.fields, resource, contents, survey.contents)
            differing.append(replace(found, change=replace(found.change, fields=fields)))
    there = [(each, survey.of(each.resource.id)) for each in orphaned if each.resource.id.target not in hidden]
    return UnitDiff(
        differing=tuple(differing),
        orphans=tuple(orphan for each, seen in there if (orphan := _orphan(each, seen, kinds))),
        gone=tuple(each.resource.id for each, seen in there if not _orphan(each, seen, kinds)),
        unseen=unseen,
        idle=tuple(f"{each}: {why}" for each, why in asleep.resources.items()),
        conflicts=tuple(conflicts),
    )


def _orphan(owned: Owned, seen: Observation, kinds: Mapping[str, Kind]) -> Orphan | None:
    """None when it is gone: nothing is there, or something else that was put in its place and is not ours."""
    if not isinstance(seen, Present) or not kinds[owned.resource.id.kind].removal(owned.resource, seen):
        return None
    return Orphan(owned=owned, seen=seen)


def _unseen(unit: Unit, survey: Survey, orphaned: Iterable[Owned]) -> tuple[LeftOut, ...]:
    reasons: dict[str, str] = {}
    for resource in (*unit.resources, *(each.resource for each in orphaned)):
        seen = survey.of(resource.id)
        if isinstance(seen, Unknown):
            reasons.setdefault(resource.id.target, seen.reason)
    return tuple(LeftOut(target, reason) for target, reason in sorted(reasons.items()))


def _differing(resource: Resource, there: Present | Absent, kind: Kind, owned: Owned | None) -> Differing | None:
    seen = recalled(kind, resource, there, owned.resource if owned and owned.sure else None)
    wanted = settled(resource, seen)
    difference = kind.diff(wanted, seen)
    if difference is None:
        return None
    if isinstance(seen, Present) and (reason := refused(resource, seen, difference, owned)):
        raise Conflict(reason)
    change = Change(
        resource=resource.id,
        action=difference.action,
        cause=cause_of(resource, owned),
        fields=veiled(difference.fields, owned),
        adopts=difference.replaces if owned is None else (),
    )
    return Differing(resource=wanted, seen=seen, change=change)
