"""(the state to hold to, what differs, policy) → plan. Pure: the same world gives the same plan, with the same id."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from reconciler.model.analysis import Analysis
from reconciler.model.canonical import Digest, digest, plain
from reconciler.model.change import Cause
from reconciler.model.identity import ResourceId
from reconciler.model.plan import Apply, Confirm, Drain, Plan, Probe, Step, Stop
from reconciler.model.resource import Observation, Present, Survey, Unknown
from reconciler.model.step import Analyse
from reconciler.model.target import Target
from reconciler.plan.leg import Leg, leg
from reconciler.plan.material import Material as Material
from reconciler.plan.notes import notes
from reconciler.plan.roster import names
from reconciler.plan.strategies.repeats import without_repeats
from reconciler.plan.tiers import parts
from reconciler.ports.kind import Kind


def build(material: Material, survey: Survey, targets: Mapping[str, Target], kinds: Mapping[str, Kind]) -> Plan:
    """Return the plan; one without changes only asks whether the unit is healthy. Raises plan.order.Cycle."""
    unit = material.unit
    legs = _aware([leg(part, survey, targets, kinds) for part in parts(material, targets)])
    walked = [tuple(each.steps()) for each in legs]
    changes = any(each.roster.targets for each in legs) or material.cause is Cause.REVERT
    asked = () if changes else (tuple(each.question()) for each in legs)
    used = sorted(frozenset().union(*(each.used for each in legs)))
    router = unit.traffic if any(each.roster.balance for each in legs) else None
    plan = Plan(
        id="",
        unit=unit,
        cause=material.cause,
        parent=material.parent,
        observation=observed(survey, _looked_at(material)),
        targets=tuple(targets[target] for target in used),
        steps=tuple(without_repeats(_numbered([*walked, *asked]))),
        left_out=material.left_out,
        kept=material.kept,
        fences={target: ground.fence for target in used if (ground := survey.grounds.get(target)) and ground.fence},
        router=router,
        balancers=tuple(targets[each] for each in router.hosts) if router else (),
        background=_background(material, legs),
        tiers=tuple(each.tier(steps) for each, steps in zip(legs, walked, strict=True) if each.material.unit.targets),
        notes=tuple(dict.fromkeys(note for each in legs for note in notes(each))),
    )
    return identified(plan)


def identified(plan: Plan) -> Plan:
    """Return the plan with its id, which follows from all else that is in it."""
    return replace(plan, id=digest(plain(plan)).removeprefix("sha256:")[:16])


def _aware(legs: Sequence[Leg]) -> Sequence[Leg]:
    """Return the legs, each knowing who serves on the targets of the others while it is on its way."""
    found = []
    for index, each in enumerate(legs):
        balance = each.roster.balance
        if balance:
            before = (other.roster.balance.live for other in legs[:index] if other.roster.balance)
            after = (other.roster.balance.serving for other in legs[index + 1 :] if other.roster.balance)
            balance = replace(balance, elsewhere=frozenset().union(*before, *after))
        found.append(replace(each, roster=replace(each.roster, balance=balance)))
    return found


def _numbered(tiers: Iterable[Sequence[Step]]) -> Iterator[Step]:
    """Number batches over all tiers."""
    begun = 0
    for steps in tiers:
        most = 0
        for step in steps:
            if isinstance(step, Apply | Stop | Probe | Confirm | Drain):
                most = max(most, step.batch)
                yield replace(step, batch=begun + step.batch)
            else:
                yield step
        begun += most


def _background(material: Material, legs: Sequence[Leg]) -> tuple[Analysis, ...]:
    """Analyses go on during what is new: a heal and a revert bring what was good already."""
    begun = [each for each in legs if each.roster.targets]
    if material.cause is not Cause.COMMIT or not begun or all(each.roster.first for each in begun):
        return ()
    # Requests are what monitoring knows most of: where they go to somebody, those are compared.
    served = [each.roster for each in legs if each.roster.balance] or [each.roster for each in legs]
    new = [server for each in served for server in each.servers(frozenset(names(each.targets)))]
    old = [server for each in served for server in each.servers(each.reach - frozenset(names(each.targets)))]
    found = legs[0].roster.compared(Analyse(material.unit.policy.background), sorted(new), sorted(old))
    return found.analyses if isinstance(found, Analyse) else ()


def observed(survey: Survey, resources: Iterable[ResourceId]) -> Digest:
    """Return the digest of what was seen of the resources: it changes when the world does.

    How something does, and why it cannot be seen, is not what it is.
    """
    return digest({str(each): plain(_bare(survey.of(each))) for each in sorted(set(resources))})


def _bare(seen: Observation) -> Observation:
    if isinstance(seen, Unknown):
        return Unknown("")
    return replace(seen, status={}) if isinstance(seen, Present) and seen.status else seen


def _looked_at(material: Material) -> Iterable[ResourceId]:
    return chain(
        (resource.id for resource in material.unit.resources), (each.owned.resource.id for each in material.delete)
    )
