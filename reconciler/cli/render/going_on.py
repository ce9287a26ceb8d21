"""What a rollout does now, what it waits for and until when, how far it is, and what a person can say to it."""

from collections.abc import Iterator
from datetime import datetime

from reconciler.cli.render.lines import unbroken
from reconciler.cli.render.words import in_future
from reconciler.control.clean import clean
from reconciler.control.steps import steps
from reconciler.model.event import Pinned
from reconciler.model.plan import Plan, Step
from reconciler.model.record import Picture
from reconciler.model.rollout import Rollout, State
from reconciler.model.step import Analyse, AwaitApproval, AwaitPromotion, Bake, CallHook
from reconciler.model.waiting import FOR_PEOPLE, Reason, WaitingOn

_REVERTS = frozenset({State.REVERT_NEEDED, State.REVERTING, State.REVERT_PAUSED})


def in_hand(picture: Picture, rollout: Rollout) -> tuple[Plan, Step] | None:
    """Return the plan and its step in hand; None when the plan is not known or all of it is done."""
    plan = picture.plans.get(rollout.plan)
    return (plan, plan.steps[rollout.cursor]) if plan and rollout.cursor < len(plan.steps) else None


def percent(picture: Picture, rollout: Rollout) -> int | None:
    """Return how much of the plan is done, by its steps; None when nobody knows."""
    plan = picture.plans.get(rollout.plan)
    return round(100 * min(rollout.cursor, len(plan.steps)) / len(plan.steps)) if plan and plan.steps else None


def going_on(picture: Picture, rollout: Rollout) -> Iterator[str]:
    """Yield sentences on a rollout that waits for somebody, or is taken back; what just goes on needs none."""
    name = clean(str(rollout.unit))
    if rollout.state in _REVERTS:
        why = f": {clean(rollout.reason)}" if rollout.reason else ""
        yield f"{name} is being taken back{why}."
    if rollout.not_upheld:
        yield f"{name}: nobody can see to how requests are sent now: {clean(rollout.not_upheld)}."
    if rollout.waiting is None:
        return
    waits = f"{clean(rollout.waiting.detail)}{until_when(rollout.waiting, picture.now)}"
    if rollout.waiting.reason not in FOR_PEOPLE:
        yield f"{name} waits ({rollout.waiting.reason}): {waits}."
        return
    where = _where(picture, rollout)
    say = "; ".join(unbroken(command) for command, _ in ways(picture, rollout))
    yield f"{name} waits for a person{where}: {waits}. To decide: {say}"


def until_when(waiting: WaitingOn, now: datetime) -> str:
    """Return in words what the end of the wait means, with a separator before it; empty when it has none."""
    if waiting.until is None:
        return ""
    when = in_future(waiting.until, now)
    match waiting.reason:
        case Reason.TIME:
            return f"; it goes on {when}"
        case Reason.ANALYSIS:
            return f"; the next figure is asked for {when}"
        case _:
            return f"; {when} at the latest"


def _where(picture: Picture, rollout: Rollout) -> str:
    found = in_hand(picture, rollout)
    if found is None:
        return ""
    told = tuple(steps(found[0]))
    return f" at step {rollout.cursor + 1} of {len(told)}"


def ways(picture: Picture, rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Yield the commands by which a person decides about the rollout now, each with what it does."""
    name = clean(str(rollout.unit))
    found = in_hand(picture, rollout) if rollout.state is State.RUNNING else None
    match found[1] if found else None:
        case AwaitApproval():
            yield f"reconciler approve {name}", "says yes; enough different people have to"
            yield f"reconciler reject {name} --reason TEXT", "says no: the step fails"
        case Bake() | AwaitPromotion() | Analyse():
            yield f"reconciler promote {name}", "ends this wait; it goes on at once"
            yield f"reconciler reject {name} --reason TEXT", "says no: the step fails"
        case CallHook():
            yield f"reconciler reject {name} --reason TEXT", "says no: the step fails"
        case _:
            pass
    if rollout.state not in _REVERTS:
        yield f"reconciler abort {name}", "ends the rollout and takes it back; with --leave it stays as it is"


def held(pinned: Pinned) -> str:
    """Return that a person holds the unit, where and why, and how it ends."""
    name = clean(str(pinned.unit))
    why = f": {clean(pinned.reason)}" if pinned.reason else ""
    release = unbroken(f"reconciler release {name}")
    return f"{name} is held at {clean(pinned.named)} by {clean(pinned.author)}{why}. To follow Git again: {release}"
