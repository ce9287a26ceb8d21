"""What must be true of every plan before it is stored. A broken rule is a bug of the planner, not of the user."""

from collections import Counter
from collections.abc import Iterator

from reconciler.model.operation import UnpackRelease, WriteFile
from reconciler.model.plan import Apply, Plan, Probe


def problems(plan: Plan) -> tuple[str, ...]:
    """Return what is wrong with the plan; empty when it may be stored."""
    return tuple(_problems(plan))


def _problems(plan: Plan) -> Iterator[str]:
    hosts = {host.name for host in plan.hosts}
    out = {each.target for each in plan.left_out}
    applies = [step for step in plan.steps if isinstance(step, Apply)]
    times = Counter(target.target for step in applies for target in step.targets)
    yield from (f"{target} is changed in {count} batches" for target, count in times.items() if count > 1)
    yield from (f"{target} is changed though it was left out" for target in times if target in out)
    probed = {target for step in plan.steps if isinstance(step, Probe) for target in step.targets}
    yield from (f"{target} has no host in the plan" for target in sorted({*times, *probed} - hosts))
    seen: set[str] = set()
    for step in plan.steps:
        if isinstance(step, Apply):
            seen.update(target.target for target in step.targets)
        elif isinstance(step, Probe) and applies:
            yield from (f"{target} is probed before it is changed" for target in step.targets if target not in seen)
    for step in applies:
        for target in step.targets:
            if not target.operations:
                yield f"{target.target} has changes and no operations"
            yield from _unresolved(target.operations)


def _unresolved(operations: tuple[object, ...]) -> Iterator[str]:
    for operation in operations:
        match operation:
            case WriteFile(path=path, content=content) if not content.digest.startswith(("sha256:", "keyed:")):
                yield f"{path} has content without a digest"
            case UnpackRelease(path=path, artifact=artifact) if not artifact.digest.startswith("sha256:"):
                yield f"{path} has an artifact without a digest"
            case _:
                pass
