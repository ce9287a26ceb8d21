"""A unit that is no longer in Git. That may be a mistake, so nothing is taken away before a person says so."""

from reconciler.model.assessment import Assessment, Signal
from reconciler.model.change import Cause
from reconciler.model.difference import Orphan
from reconciler.model.resource import PruneMode
from reconciler.model.rollout import Trigger
from reconciler.model.standing import UnitStanding
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.plan.governed import governed
from reconciler.plan.pause import stopped, waits
from reconciler.plan.planner import Material, build
from reconciler.plan.situation import Situation
from reconciler.policy.removal import GONE, tombstone


def assess_removed(known: UnitStanding, situation: Situation) -> Assessment:
    """Return the plan that takes away what we brought, and that it waits for a person to accept it.

    What was there before us, and what says ``prune: keep``, is no longer ours at once; what is gone already, or on a
    host that left Git too, is forgotten.
    """
    unit = tombstone(known.unit, situation.desired.commit)
    diff = situation.diff(known.unit)
    leaves = tuple(each for each in diff.orphans if each.owned.brought and not _kept(each))
    found = tuple(each.owned.resource.id for each in diff.orphans if each not in leaves)
    away = tuple(each for each in sorted(known.owned) if each.target not in situation.desired.targets)
    paused = known.paused or situation.standing.paused
    signal, plan, waiting = None, None, None
    if known.rollout and known.rollout.digest != GONE:
        reason = f"{known.unit} is no longer in Git"
        signal = Signal(rollout=known.rollout.id, trigger=Trigger.SUPERSEDE, reason=reason)
    elif known.rollout is not None:
        signal = stopped(known.rollout, paused)
        waiting = waits(paused) if paused and not signal else None
    elif leaves:
        material = Material(
            unit=unit, cause=Cause.COMMIT, parent=None, differing=(), delete=leaves, left_out=diff.unseen
        )
        plan = build(material, situation.survey, situation.desired.targets, situation.kinds)
        waiting = _stays(known, len(leaves))
        if known.accepted and known.accepted.plan == plan.id:
            # Policies speak of units in Git; what people have locked stays locked.
            waiting = waits(paused) if paused else governed(plan, situation).waiting
    else:
        waiting = WaitingOn(Reason.REMOVED, "no longer in Git; nothing that can be seen now is left of it")
    return Assessment(
        unit=known.unit,
        wanted=None,
        effective=None,
        looked=False,
        plan=plan,
        signal=signal,
        waiting=waiting,
        unseen=diff.unseen,
        forgotten=(*diff.gone, *found, *away),
    )


def _kept(orphan: Orphan) -> bool:
    return orphan.owned.resource.prune is PruneMode.KEEP


def _stays(known: UnitStanding, created: int) -> WaitingOn:
    things = "1 resource stays" if created == 1 else f"{created} resources stay"
    return WaitingOn(
        Reason.REMOVED,
        f"no longer in Git; its {things} in place. To take them away: "
        f"reconciler plan --unit {known.unit} --out FILE, reconciler apply FILE",
    )
