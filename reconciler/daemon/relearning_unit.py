"""One unit of a lost journal: what is ours of it, and whether what runs is a state that Git knows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from reconciler import observe
from reconciler.daemon.world import World
from reconciler.diff import pair
from reconciler.execute.printed import held
from reconciler.model.health import hiding
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.mark import Marked
from reconciler.model.resource import Present, Resource, Survey
from reconciler.model.target import Sort
from reconciler.model.unit import Desired, Unit
from reconciler.model.verdict import Owned
from reconciler.policy.ownership import orphans_of
from reconciler.policy.relearning import Learned, States, claimed, rolled_out, taken_back
from reconciler.ports.errors import WorldError
from reconciler.ports.kind import Kind

_UNPROVEN = "no host says that we have rolled it out: the next pass asks its health before it is called good"
_ADOPTED = "what is on {} keeps no record of who made it: it is kept up, and never taken away by itself"
_STRANGE = "it does not run as any commit says that is known of it: the next pass plans what differs"


@dataclass(frozen=True, slots=True)
class _Running:
    """What runs: the good state, if it is sure; what was found beside the records; and what a person should know."""

    good: Unit | None = None
    found: tuple[Owned, ...] = ()
    notes: tuple[str, ...] = ()


async def of_unit(world: World, desired: Desired, states: States, unit: UnitId, marked: Sequence[Marked]) -> Learned:
    """Return what is known of the unit again, from the records of hosts and from a look at all of its targets."""
    owned, lost = claimed(states, marked)
    running = await _running(world, desired, states, marked, owned)
    beside = sorted({each.resource.id.target for each in running.found if _keeps_nothing(each, desired)})
    return Learned(
        unit=unit,
        owned=(*owned, *running.found),
        lost=lost,
        good=running.good,
        rejected=taken_back(states, marked, running.good),
        notes=(*running.notes, *(_ADOPTED.format(target) for target in beside)),
    )


def _keeps_nothing(owned: Owned, desired: Desired) -> bool:
    return desired.targets[owned.resource.id.target].sort is not Sort.HOST


async def _running(
    world: World, desired: Desired, states: States, marked: Sequence[Marked], owned: tuple[Owned, ...]
) -> _Running:
    mine = {each.resource.id: each for each in owned}
    found: tuple[Owned, ...] = ()
    for state in states.candidates(marked):
        orphans = (each.resource for each in orphans_of(state, mine))
        survey = await _look(world, desired, (*state.resources, *orphans))
        if state is states.wanted:
            found = await world.aside(partial(_found, state, survey, frozenset(mine), world.kinds))
        known = {**mine, **{each.resource.id: each for each in found}}
        diff = await world.aside(partial(pair.compare, state, survey, known, world.kinds, {}))
        if unseen := diff.unseen:
            return _Running(None, found, (f"it is not known how it is on {unseen[0].target}: {unseen[0].reason}",))
        if diff.differing or diff.conflicts:
            continue
        if not rolled_out(state, states, marked):
            return _Running(None, found, (_UNPROVEN,))
        if ill := await _ill(world, state, desired):
            return _Running(None, found, (f"{state.named} runs, and is not called good: {ill}",))
        return _Running(state, found)
    gone = states.wanted is None
    return _Running(None, found, ("it is no longer in Git",) if gone else (_STRANGE,))


async def _look(world: World, desired: Desired, resources: Collection[Resource]) -> Survey:
    scope: dict[str, list[Resource]] = {}
    for each in resources:
        scope.setdefault(each.id.target, []).append(each)
    return await observe.look(scope, desired.targets, world.targets)


def _found(unit: Unit, survey: Survey, ours: Collection[ResourceId], kinds: Mapping[str, Kind]) -> tuple[Owned, ...]:
    """What is there just as Git asks for, and is in no record: found so, as at a first rollout."""
    found = []
    for resource in unit.resources:
        if resource.id in ours or not isinstance(survey.of(resource.id), Present):
            continue
        alone = pair.compare(replace(unit, resources=(resource,)), survey, {}, kinds, {})
        if not (alone.differing or alone.conflicts or alone.unseen or alone.idle):
            found.append(Owned(resource=resource, created=False))
    return tuple(found)


async def _ill(world: World, unit: Unit, desired: Desired) -> str:
    """Why the unit is not healthy, empty when it is; each check is asked once on each target."""
    for target in unit.targets:
        secrets = frozenset(held(unit.resources, [desired.targets[target]]))
        for check in unit.health:
            try:
                answer = await world.targets.check(desired.targets[target], hiding(check, secrets))
            except WorldError as error:
                return f"nobody can tell whether it is healthy on {target}: {error}"
            if not answer.healthy:
                return f"it is not healthy on {target}: {answer.detail}"
    return ""
