"""The program on one page. A pass takes no input: it reads everything, compares everything, and decides.

    commit ──► desired ──► observe ──► diff ──► plan      ...and then carry_out acts, and execute goes on by itself

A Git push, a timer, a person's command only wake the loop that calls this; a missed event costs a delay and nothing
else. Nothing is changed here: what comes out is data that can be printed (``reconciler plan``) or carried out.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from reconciler import observe
from reconciler.daemon.authors import authors
from reconciler.daemon.world import World
from reconciler.diff import pair
from reconciler.model.assessment import Review
from reconciler.model.canonical import Digest
from reconciler.model.difference import UnitDiff
from reconciler.model.identity import UnitId
from reconciler.model.resource import Survey
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired, Unit
from reconciler.plan import lint
from reconciler.plan.review import review
from reconciler.plan.situation import Situation
from reconciler.policy.holding import holding
from reconciler.policy.ownership import reachable
from reconciler.policy.removal import tombstone
from reconciler.policy.scope import routers, scope
from reconciler.ports.kind import Kind


class NothingToDo(Exception):
    """No commit has loaded yet, so nothing is known to be wanted. The text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass read from Git and from the journal, and what it concluded from that and a look at the fleet."""

    desired: Desired
    standing: Standing
    review: Review


async def one_pass(world: World) -> Pass:
    """Look at everything once and return what follows; raise NothingToDo, JournalUnavailable."""
    intake = world.commits.newest
    if intake.desired is None:
        raise NothingToDo("; ".join(intake.refused) or intake.trouble or "no commit has loaded yet")
    standing = await world.journal.standing()
    concluded = await follows(world, intake.desired, standing)
    return Pass(desired=intake.desired, standing=standing, review=replace(concluded, refused=intake.refused))


async def conclude(world: World, desired: Desired) -> Review:
    """Return what follows from a desired state, the journal and a look at the fleet."""
    return await follows(world, desired, await world.journal.standing())


async def follows(world: World, desired: Desired, standing: Standing) -> Review:
    """Return what follows for the units of that desired state and that standing, from a look at their hosts."""
    in_hand = {known.rollout.id for known in standing.units.values() if known.rollout}
    survey, routes, wrote = await asyncio.gather(
        observe.look(scope(desired, standing), desired.targets, world.targets),
        observe.ask_routers(routers(desired, standing), desired.targets, world.routers),
        authors(world.authorship, desired, standing),
    )
    survey = replace(observe.settled(survey, in_hand), routes=routes)
    contents = {**await _contents_of_before(world, desired, standing), **desired.contents}
    return await world.aside(
        partial(_concluded, desired, standing, survey, contents, _Rules(world.kinds, world.clock.now(), wrote))
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a conclusion follows from beside what was read and seen."""

    kinds: Mapping[str, Kind]
    now: datetime
    authors: Mapping[UnitId, frozenset[str]]


def _concluded(
    desired: Desired, standing: Standing, survey: Survey, contents: Mapping[Digest, bytes], rules: _Rules
) -> Review:
    diffs = _diffs(desired, standing, survey, contents, rules.kinds)
    situation = Situation(
        desired=desired,
        standing=standing,
        survey=survey,
        diffs=diffs,
        kinds=rules.kinds,
        now=rules.now,
        authors=rules.authors,
    )
    concluded = review(situation)
    for assessment in concluded.assessments:
        if assessment.plan and (wrong := lint.problems(assessment.plan)):
            raise AssertionError(f"internal error: the plan for {assessment.unit} is invalid: {'; '.join(wrong)}")
    return replace(concluded, interrupted=_interrupted(survey))


def _interrupted(survey: Survey) -> tuple[str, ...]:
    return tuple(target for target, ground in survey.grounds.items() if ground.interrupted)


def _diffs(
    desired: Desired,
    standing: Standing,
    survey: Survey,
    contents: Mapping[Digest, bytes],
    kinds: Mapping[str, Kind],
) -> Mapping[UnitId, UnitDiff]:
    return {
        unit.id: pair.compare(unit, survey, reachable(standing.of(unit.id).owned, desired.targets), kinds, contents)
        for unit in (*_held(desired, standing), *_gone(desired, standing))
    }


def _gone(desired: Desired, standing: Standing) -> tuple[Unit, ...]:
    return tuple(tombstone(unit, desired.commit) for unit in standing.units if unit not in desired.units)


def _held(desired: Desired, standing: Standing) -> tuple[Unit, ...]:
    held = (holding(unit, standing.of(unit.id)).unit for unit in desired.units.values())
    return tuple(unit for unit in held if unit is not None)


async def _contents_of_before(world: World, desired: Desired, standing: Standing) -> Mapping[Digest, bytes]:
    """The bytes of states before the present one: to go back to, and to show what a commit changes in them."""
    wanted = ((unit.digest, standing.of(unit.id)) for unit in desired.units.values())
    kept = ((digest, each) for digest, known in wanted for each in (known.last_good, known.pinned_at) if each)
    old = [each.unit for digest, each in kept if each.unit.digest != digest]
    blobs = {content.blob for unit in old for resource in unit.resources for content in resource.contents.values()}
    return await world.log.contents(blobs) if blobs else {}
