"""What must be true of every plan before it is stored. A broken rule is a bug of the planner, not of the user."""

from collections import Counter
from collections.abc import Iterator

from reconciler.model.carried import archives_of, content_of
from reconciler.model.change import Cause
from reconciler.model.image import PullImage
from reconciler.model.operation import Operation
from reconciler.model.plan import Apply, Drain, Mirror, Plan, Probe, Shift, Stop


def problems(plan: Plan) -> tuple[str, ...]:
    """Return what is wrong with the plan; empty when it may be stored."""
    return (*_targets(plan), *_order(plan), *_asked(plan), *_operations(plan), *_requests(plan))


def _targets(plan: Plan) -> Iterator[str]:
    hosts = {host.name for host in plan.targets}
    out = {each.target for each in plan.left_out}
    applies = [step for step in plan.steps if isinstance(step, Apply)]
    times = Counter((target.target, step.slot) for step in applies for target in step.targets)
    for (target, slot), count in times.items():
        if count > 1:
            yield f"{target} is changed in {count} batches"
        if slot and (target, "") in times:
            yield f"{target} is changed as a whole and by slot"
        if target in out:
            yield f"{target} is changed though it was left out"
    for tier in plan.tiers if plan.cause is not Cause.REVERT else ():
        most = len(tier.targets) if tier.may_be_down is None else max(1, tier.may_be_down)
        here = (
            (step.batch, {each.target for each in step.targets} & {*tier.targets}) for step in applies if not step.slot
        )
        sizes = ((batch, len(targets)) for batch, targets in here)
        yield from (f"batch {batch} has {size} targets, and {most} may be down" for batch, size in sizes if size > most)
    stopped = {target.target for step in plan.steps if isinstance(step, Stop) for target in step.targets}
    probed = {target for step in plan.steps if isinstance(step, Probe) for target in step.targets}
    changed = {target for target, _ in times}
    yield from (f"{target} is not in the plan" for target in sorted({*changed, *probed, *stopped} - hosts))
    yield from (f"{target} is stopped and not changed after it" for target in sorted(stopped - changed))


def _order(plan: Plan) -> Iterator[str]:
    seen: set[str] = set()
    has_changes = any(isinstance(step, Apply) for step in plan.steps)
    for step in plan.steps:
        if isinstance(step, Apply):
            seen.update(target.target for target in step.targets)
        elif isinstance(step, Probe) and has_changes:
            yield from (f"{target} is probed before it is changed" for target in step.targets if target not in seen)
        elif isinstance(step, Stop):
            late = (target.target for target in step.targets if target.target in seen)
            yield from (f"{target} is stopped after it was changed" for target in late)


def _operations(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        if isinstance(step, Apply | Stop):
            for target in step.targets:
                if not target.operations:
                    yield f"{target.target} has changes and no operations"
                yield from _unresolved(target.operations)


def _unresolved(operations: tuple[Operation, ...]) -> Iterator[str]:
    for each in operations:
        content = content_of(each)
        if content and not content.digest.startswith(("sha256:", "keyed:")):
            yield f"{_about(each)} has content without a digest"
        if any(not artifact.digest.startswith("sha256:") for artifact in archives_of([each])):
            yield f"{_about(each)} has an artifact without a digest"
        if isinstance(each, PullImage) and "@sha256:" not in each.reference:
            yield f"the image {each.reference} has no digest"


def _about(operation: Operation) -> str:
    named = (getattr(operation, word, None) for word in ("path", "object", "reference", "user"))
    return next((str(each) for each in named if each), operation.op)


def _asked(plan: Plan) -> Iterator[str]:
    """Each sort of targets is asked its own checks."""
    sorts = {each.name: each.sort for each in plan.targets}
    for step in plan.steps:
        if isinstance(step, Probe):
            yield from (
                f"{target} is no {check.on} and is asked {check}"
                for target in step.targets
                for check in step.checks
                if sorts.get(target, check.on) is not check.on
            )


def _requests(plan: Plan) -> Iterator[str]:
    """Requests always go somewhere, and what was taken off is given back."""
    if plan.router is None:
        wrong = {step.step for step in plan.steps if isinstance(step, Shift | Drain | Mirror)}
        yield from (f"there is a step {each} and no router" for each in sorted(wrong))
        return
    servers = {member.server for member in plan.router.members}
    if {host.name for host in plan.balancers} != set(plan.router.hosts):
        yield "the load balancers are not the router's"
    drained: set[str] = set()
    idle: set[str] = set()
    for step in plan.steps:
        match step:
            case Drain(servers=named):
                drained.update(set(named) - idle)
                yield from (f"the router has no server {each}" for each in named if each not in servers)
            case Shift(shares=shares):
                told = {each.server for each in shares}
                drained -= told
                idle = (idle - told) | {each.server for each in shares if not each.weight}
                yield from (f"the router has no server {each.server}" for each in shares if each.server not in servers)
                if len({each.server for each in shares}) < len(shares):
                    yield "a server has two shares"
                if not any(each.weight > 0 for each in shares):
                    yield "requests are sent nowhere"
            case _:
                pass
    yield from (f"{each} is drained and gets no requests back" for each in sorted(drained))
