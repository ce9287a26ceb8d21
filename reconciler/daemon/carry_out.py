"""What a pass concluded is written down and handed to execution. No decision is made here."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from reconciler.daemon.hands import Hands
from reconciler.daemon.logs import log
from reconciler.daemon.one_pass import Pass
from reconciler.daemon.world import World
from reconciler.model.assessment import Assessment, Review
from reconciler.model.canonical import Digest
from reconciler.model.carried import blobs_of
from reconciler.model.event import Assessed, Event, ResourcesApplied
from reconciler.model.governance import GateKind, GateState, GateWord
from reconciler.model.plan import Apply, Plan
from reconciler.model.rollout import Rollout, State
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.target import Target
from reconciler.model.unit import Desired
from reconciler.plan.consent import as_asked
from reconciler.policy.holds_still import holds_still
from reconciler.policy.ownership import rewritten
from reconciler.ports.targets import Transaction

RUNS_BY_ITSELF = frozenset({State.PENDING, State.RUNNING, State.REVERTING})


READ_AGAIN = 50
"""After so many rollouts have begun it is asked again what people have said: each time would be long for a fleet."""


async def carry_out(seen: Pass, world: World, hands: Hands) -> Review:
    """Record what was found, start what has to be done, and tell running rollouts what they have to know.

    Returns the review with what turned out to be missing before a rollout can begin. A look takes its time: where
    people have said something about a unit since the pass read the journal nothing begins there, and another pass
    judges it anew.
    """
    review, desired = seen.review, seen.desired
    now = world.clock.now()
    standing = await world.journal.standing()
    # Side by side: what is waited for here is a part of the pass, however many units wait.
    ready = await asyncio.gather(
        *(_with_archives(each, standing, desired, world, hands) for each in review.assessments)
    )
    review = replace(review, assessments=tuple(ready))
    events = [event for each in review.assessments for event in _findings(each, standing)]
    if events:
        await world.journal.append(events, now)
    for target in review.interrupted:
        hands.settle(target, partial(_take_back, desired.targets[target], world))
    for assessment in review.assessments:
        if not _begins(assessment, standing.of(assessment.unit)):
            await _act_on(assessment, standing.of(assessment.unit), world, hands)
    beginning = [each for each in review.assessments if _begins(each, standing.of(each.unit))]
    for first in range(0, len(beginning), READ_AGAIN):
        standing = await world.journal.standing()
        for assessment in beginning[first : first + READ_AGAIN]:
            await _begin(assessment, seen, standing, world, hands)
    return review


async def _with_archives(
    each: Assessment, standing: Standing, desired: Desired, world: World, hands: Hands
) -> Assessment:
    """What came with the repository needs no fetching, and shows what policy wants like any other."""
    if each.plan is None or each.waiting or standing.of(each.unit).rollout:
        return each
    now = world.clock.now()
    missing = await hands.fetches.missing(each.plan, world.artifacts, now)
    policies = desired.provenance.get(each.unit, ())
    if missing is None:
        missing = await hands.proofs.missing(each.plan, policies, world.provenance, now)
    return replace(each, waiting=missing)


async def _take_back(host: Target, world: World) -> None:
    """A transaction that does nothing but what every one begins with: take back what was cut off."""
    await world.targets.apply(host, Transaction(id=f"settle-{world.clock.new_id()}", operations=()))


def _begins(assessment: Assessment, known: UnitStanding) -> bool:
    idle = known.rollout is None and not assessment.signal
    return idle and assessment.plan is not None and not assessment.waiting


async def _begin(assessment: Assessment, seen: Pass, standing: Standing, world: World, hands: Hands) -> None:
    if assessment.plan is None:
        raise AssertionError("internal error: only a plan begins")
    if not holds_still(assessment.unit, seen.standing, standing, assessment.notices):
        log.info("something was said meanwhile; the unit is looked at again", unit=str(assessment.unit))
        hands.look_again()
        return
    known = standing.of(assessment.unit)
    hands.take_up(await begin(assessment.plan, seen.desired.contents, world, known))


async def _act_on(assessment: Assessment, known: UnitStanding, world: World, hands: Hands) -> None:
    rollout = known.rollout
    if assessment.signal:
        await hands.signal(assessment.signal)
    elif rollout and rollout.state is State.REVERT_NEEDED and assessment.plan:
        hands.revert(rollout.id, assessment.plan)
    elif rollout and rollout.state in RUNS_BY_ITSELF:
        hands.take_up(rollout.id)


async def begin(plan: Plan, contents: Mapping[Digest, bytes], world: World, known: UnitStanding) -> str:
    """Store the plan, the contents it speaks of and a pending rollout, before any effect; return the rollout's id.

    Until the rollout says otherwise requests are sent as before it; what failed before it is not forgotten.
    """
    now = world.clock.now()
    members = {one.server for one in plan.router.members} if plan.router else set()
    still = tuple(share for share in known.routing if share.server in members)
    strikes = known.last.strikes if known.last else ()
    rollout = replace(_pending(plan, world.clock.new_id(), now), routing=still, strikes=strikes)
    await world.journal.begin(rollout, plan, _spoken_of(plan, contents), now)
    return rollout.id


def _pending(plan: Plan, rollout_id: str, now: datetime) -> Rollout:
    return Rollout(
        id=rollout_id,
        unit=plan.unit_id,
        cause=plan.cause,
        commit=plan.unit.commit,
        version=plan.unit.version,
        digest=plan.unit.digest,
        state=State.PENDING,
        forward=plan.id,
        plan=plan.id,
        started_at=now,
        updated_at=now,
    )


def _spoken_of(plan: Plan, contents: Mapping[Digest, bytes]) -> Mapping[Digest, bytes]:
    """The bytes a plan needs: contents of resources and operations, and archives that came with the repository."""
    named = {content.blob for resource in plan.unit.resources for content in resource.contents.values()}
    applied = (target for step in plan.steps if isinstance(step, Apply) for target in step.targets)
    named.update(blobs_of(operation for target in applied for operation in target.operations))
    named |= {
        value for resource in plan.unit.resources for value in resource.attributes.values() if isinstance(value, str)
    }
    return {each: contents[each] for each in named if each in contents}


def _findings(assessment: Assessment, standing: Standing) -> Sequence[Event]:
    found: list[Event] = []
    if assessment.forgotten:
        found.append(ResourcesApplied(unit=assessment.unit, removed=assessment.forgotten))
    unit = assessment.effective or assessment.wanted
    again = rewritten(assessment.wanted, standing.of(assessment.unit).owned) if assessment.wanted else ()
    if again:
        found.append(ResourcesApplied(unit=assessment.unit, applied=again))
    event = Assessed(
        unit=assessment.unit,
        commit=unit.commit if unit else "",
        digest=unit.digest if unit else "",
        version=unit.version if unit else "",
        in_sync=assessment.in_sync,
        waiting=assessment.waiting,
        drifted=assessment.drifted,
        unseen=tuple(f"{each.target}: {each.reason}" for each in assessment.unseen),
        rejected=assessment.rejected.digest if assessment.rejected else None,
        plan=as_asked(assessment.plan).id if assessment.plan and any(map(_asks, assessment.gates)) else "",
    )
    if event != standing.of(assessment.unit).assessed:
        found.append(event)
    return [*found, *assessment.notices]


def _asks(gate: GateState) -> bool:
    """Whether people are asked, or were; what they said is about just that plan."""
    return gate.kind in (GateKind.APPROVAL, GateKind.GUARDRAIL) and gate.stands in (GateWord.PENDING, GateWord.CLOSED)
