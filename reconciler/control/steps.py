"""The steps of a plan in plain words, with their numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from reconciler.control.clean import clean, shortened
from reconciler.control.phrases import count, listed
from reconciler.model.analysis import Analysis
from reconciler.model.change import Cause
from reconciler.model.duration import format_duration
from reconciler.model.guard import Guard
from reconciler.model.identity import UnitId
from reconciler.model.plan import Apply, Confirm, Drain, Mirror, Plan, Probe, Shift, Step, Stop, TargetChanges
from reconciler.model.policy import OnFailure
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook, HttpHook
from reconciler.model.traffic import Share

NAMED_IN_BATCH = 8
NAMED_SERVERS = 3
MAX_QUERY = 100


def steps(plan: Plan) -> Iterator[str]:
    """Yield one line a step, in order."""
    batches = {step.batch: {each.target for each in step.targets} for step in plan.steps if isinstance(step, Apply)}
    for step in plan.steps:
        yield _step(step, batches, plan.unit_id)


def _step(step: Step, batches: Mapping[int, set[str]], unit: UnitId) -> str:
    match step:
        case Apply() | Stop() | Probe() | Confirm():
            return _on_targets(step, batches)
        case Drain() | Shift() | Mirror():
            return _of_traffic(step)
        case Bake():
            return f"wait {format_duration(step.duration)}"
        case Analyse() | AwaitPromotion() | AwaitApproval() | CallHook():
            return _waits(step, unit)
        case _:
            assert_never(step)


def _on_targets(step: Apply | Stop | Probe | Confirm, batches: Mapping[int, set[str]]) -> str:
    match step:
        case Apply():
            slot = f", slot {clean(step.slot)}" if step.slot else ""
            return f"batch {step.batch} of {max(batches)}{slot}: {_named(step.targets)}{_guarded(step.targets)}"
        case Stop():
            return f"stop it on {_named(step.targets)}: down there until its batch is done{_guarded(step.targets)}"
        case Probe():
            # After a ring all of it is asked, not its last batch alone.
            whole = batches.get(step.batch, set(step.targets)) == set(step.targets)
            return f"health of {f'batch {step.batch}' if whole else listed(step.targets, NAMED_IN_BATCH)}"
        case Confirm():
            names = listed(step.targets, NAMED_IN_BATCH)
            return f"look again at {names}: everything is still as planned"
        case _:
            assert_never(step)


def _named(targets: Sequence[TargetChanges]) -> str:
    return listed([each.target for each in targets], NAMED_IN_BATCH)


def _guarded(targets: Sequence[TargetChanges]) -> str:
    guards: dict[Guard, list[str]] = {}
    for each in targets:
        if each.guard:
            guards.setdefault(each.guard, []).append(each.target)
    told = (_guard(guard, names, every=len(names) == len(targets)) for guard, names in guards.items())
    return "".join(f"; {each}" for each in told)


def _guard(guard: Guard, names: Sequence[str], *, every: bool) -> str:
    who = "each host undoes" if every and len(names) > 1 else f"{listed(names, NAMED_IN_BATCH)} undo"
    who = f"{names[0]} undoes" if len(names) == 1 else who
    reboot = ", also after a reboot" if guard.persistent else ""
    return f"{who} it unless a new connection confirms it within {format_duration(guard.within)}{reboot}"


def _of_traffic(step: Drain | Shift | Mirror) -> str:
    match step:
        case Drain():
            servers = listed(step.servers, NAMED_SERVERS)
            return f"drain {servers}: no new requests; {format_duration(step.within)} at most for those under way"
        case Shift():
            note = f"{clean(step.note)}: " if step.note else ""
            return f"requests: {note}{shares(step.shares)}"
        case Mirror(servers, 0):
            return f"no more copies of requests to {listed(servers, NAMED_SERVERS)}"
        case Mirror():
            return f"copies of {step.percent}% of the requests to {listed(step.servers, NAMED_SERVERS)}"
        case _:
            assert_never(step)


def shares(of: Sequence[Share]) -> str:
    """Return who gets which part of the requests, in percent; servers with the same part stand together."""
    total = sum(each.weight for each in of)
    parts: dict[int, list[str]] = {}
    for each in of:
        parts.setdefault(each.weight, []).append(each.server)
    if len(parts) == 1 and len(of) > NAMED_SERVERS and total:
        return f"the same part to each of {len(of)} servers"
    told = (
        f"{_percent(weight, total)} {'each ' if len(names) > 1 and weight else ''}to {listed(names, NAMED_SERVERS)}"
        for weight, names in parts.items()
    )
    return ", ".join(told)


def _percent(weight: int, total: int) -> str:
    part = 100 * weight / total if total else 0
    return "none" if part == 0 else f"{part:.0f}%" if part == round(part) else f"{part:.1f}%"


def _waits(step: Analyse | AwaitPromotion | AwaitApproval | CallHook, unit: UnitId) -> str:
    match step:
        case Analyse():
            judged = "" if step.passes_at is None else f"; together they pass with {step.passes_at} of 100 points"
            told = "; ".join(analysis(each) for each in step.analyses)
            return f"analyse {told}{judged}; when unclear a person decides, {format_duration(step.within)} at most"
        case AwaitPromotion():
            return f"wait for a promotion (reconciler promote {unit}), {format_duration(step.within)} at most"
        case AwaitApproval():
            who = f" of {listed(step.approvers, NAMED_IN_BATCH)}" if step.approvers else ""
            within = format_duration(step.within)
            return f"wait for {count(step.count, 'approval')}{who} (reconciler approve {unit}), {within} at most"
        case CallHook():
            where = "" if isinstance(step.hook, HttpHook) else ", run on the first host"
            tries = f"{step.attempts} tries of {format_duration(step.hook.timeout)} at most"
            return f"ask {clean(str(step.hook))}{where}; {tries}"
        case _:
            assert_never(step)


def analysis(of: Analysis) -> str:
    """Return what is measured, how often, and how it is judged."""
    times = "until the rollout ends" if of.count is None else count(of.count, "time")
    first = f" after {format_duration(of.initial_delay)}" if of.initial_delay else ""
    every = f" every {format_duration(of.interval)}" if of.count != 1 else ""
    query = shortened(clean(str(of.query)), MAX_QUERY)
    return f"{clean(of.name)} ({query}){first}{every}, {times}: {', '.join(_judged(of))}"


def _judged(of: Analysis) -> Iterator[str]:
    if of.success:
        yield f"good when {clean(of.success)}"
    if of.failure:
        yield f"bad when {clean(of.failure)}"
    if compared := of.comparison:
        yield (
            f"bad when {compared.direction} of {compared.effect:.0%} or more against the old version is"
            f" {compared.confidence:.0%} sure, from {compared.minimum} samples on"
        )
    yield f"fails with more than {of.failure_limit} bad"
    if of.inconclusive_limit:
        yield f"unclear with more than {of.inconclusive_limit} unclear"


def on_failure(plan: Plan) -> str:
    """Return what happens when it fails."""
    policy = plan.policy
    deadline = f"no progress for {format_duration(policy.progress_deadline)} is a failure"
    if plan.cause is Cause.REVERT:
        return f"hold, since a revert is not reverted; {format_duration(policy.revert_within)} for health"
    match policy.on_failure:
        case OnFailure.REVERT:
            return f"revert to the last known good; {deadline}"
        case OnFailure.HOLD:
            return f"stop and hold for a person; {deadline}"
        case OnFailure.CONTINUE:
            return f"go on with the next batch; {deadline}"
        case _:
            assert_never(policy.on_failure)
