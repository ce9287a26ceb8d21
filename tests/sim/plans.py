"""Plans made by hand, without the planner: each target has one thing, of the version that is rolled out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from reconciler.model.canonical import Digest, digest, digest_bytes
from reconciler.model.change import Action, Cause, Change
from reconciler.model.content import Content
from reconciler.model.health import HttpCheck, Timing
from reconciler.model.identity import UnitId
from reconciler.model.operation import WriteFile
from reconciler.model.plan import Apply, Confirm, Drain, LeftOut, Plan, Probe, Shift, Step, TargetChanges
from reconciler.model.policy import DEFAULT_POLICY, RolloutPolicy
from reconciler.model.resource import Resource
from reconciler.model.rollout import Rollout, State
from reconciler.model.step import Bake
from reconciler.model.traffic import HaproxyRouter, Member, Share
from reconciler.model.unit import Unit
from tests import factory

SECOND = timedelta(seconds=1)
CHECK = HttpCheck(
    port=8080,
    path="/healthz",
    timing=Timing(initial_delay=SECOND, period=5 * SECOND, failure_threshold=3, success_threshold=2),
)


def blob(version: str) -> bytes:
    return f"version = {version}\n".encode()


def contents(version: str) -> dict[Digest, bytes]:
    return {digest_bytes(blob(version)): blob(version)}


def shop(version: str, targets: Sequence[str], policy: RolloutPolicy = DEFAULT_POLICY) -> Unit:
    """A unit whose digest tells its version."""
    resources = tuple(_thing(version, target) for target in targets)
    return replace(
        factory.unit(*resources, version=version, policy=policy, health=(CHECK,)),
        commit=f"commit-{version}",
        digest=digest(f"shop {version}"),
    )


def of(unit: UnitId, shop: Unit) -> Unit:
    """The same for another unit."""
    resources = tuple(replace(one, id=replace(one.id, unit=unit)) for one in shop.resources)
    return replace(shop, id=unit, resources=resources)


def plan(unit: Unit, steps: Sequence[Step], cause: Cause = Cause.COMMIT, left_out: tuple[LeftOut, ...] = ()) -> Plan:
    made = Plan(
        id="",
        unit=unit,
        cause=cause,
        parent=None,
        observation=digest("what was seen"),
        targets=tuple(factory.host(target) for target in unit.targets),
        steps=tuple(steps),
        left_out=left_out,
    )
    return replace(made, id=digest(f"{cause} {unit.id} {unit.digest} {steps}"))


def at_once(unit: Unit, cause: Cause = Cause.COMMIT, action: Action = Action.UPDATE) -> Plan:
    return plan(unit, batch(unit, 1, unit.targets, action), cause)


def rolling(unit: Unit, pause: timedelta = 60 * SECOND) -> Plan:
    steps: list[Step] = []
    for number, target in enumerate(unit.targets, start=1):
        if steps:
            steps.append(Bake(pause))
        steps += batch(unit, number, [target])
    return plan(unit, steps)


def routed(plan: Plan) -> Plan:
    """The plan with two load balancers in front of its targets."""
    members = tuple(Member(target, target) for target in plan.unit.targets)
    router = HaproxyRouter(hosts=("lb-1", "lb-2"), backend="shop", members=members)
    return replace(plan, router=router, balancers=tuple(factory.host(name) for name in router.hosts))


def canary(unit: Unit, *waits: Step) -> Plan:
    """The first target drained, changed and given its part of the requests; then the waits, then the rest."""
    first, *rest = unit.targets
    part = tuple(Share(target, 10 if target == first else 90) for target in unit.targets)
    steps = [
        Drain(1, (first,), 30 * SECOND),
        *batch(unit, 1, [first]),
        Shift(part, "10% to the canary"),
        *waits,
        Drain(2, tuple(rest), 30 * SECOND),
        *batch(unit, 2, rest),
        Confirm(2, unit.targets),
        Shift(tuple(Share(target, 100) for target in unit.targets), "as before"),
    ]
    return routed(plan(unit, steps))


def batch(unit: Unit, number: int, targets: Sequence[str], action: Action = Action.UPDATE) -> list[Step]:
    changes = tuple(changing(unit, target, action) for target in targets)
    return [Apply(number, changes), Probe(number, tuple(targets), unit.health)]


def changing(unit: Unit, target: str, action: Action = Action.UPDATE) -> TargetChanges:
    mine = [one for one in unit.resources if one.id.target == target]
    changes = tuple(Change(resource=one.id, action=action, cause=Cause.COMMIT) for one in mine)
    operations = tuple(WriteFile("/etc/shop", one.contents["content"], "0644") for one in mine)
    return TargetChanges(target, changes, operations)


def pending(plan: Plan, id: str, at: datetime) -> Rollout:  # noqa: A002
    return Rollout(
        id=id,
        unit=plan.unit_id,
        cause=plan.cause,
        commit=plan.unit.commit,
        version=plan.unit.version,
        digest=plan.unit.digest,
        state=State.PENDING,
        forward=plan.id,
        plan=plan.id,
        started_at=at,
        updated_at=at,
    )


def _thing(version: str, target: str) -> Resource:
    name = digest_bytes(blob(version))
    content = Content(name, name, len(blob(version)))
    return replace(factory.thing("shop", target, version=version), contents={"content": content})
