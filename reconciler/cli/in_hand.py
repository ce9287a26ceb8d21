"""What a person decides about the rollout in hand: found, checked, and written down. Shared by four commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.cli.errors import Failure
from reconciler.cli.journal import author, decide, picture, reading
from reconciler.cli.units import find_unit
from reconciler.control.steps import steps
from reconciler.control.where import paused, place
from reconciler.daemon.settings import Settings
from reconciler.model.event import DecisionTaken
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan, Step
from reconciler.model.record import Picture
from reconciler.model.rollout import Decided, Decision, Rollout, State


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """The rollout of a unit that has not ended, the plan it executes, and what the journal says beside."""

    settings: Settings
    picture: Picture
    unit: UnitId
    rollout: Rollout
    plan: Plan

    @property
    def step(self) -> Step | None:
        """The step in hand; None after the last."""
        cursor = self.rollout.cursor
        return self.plan.steps[cursor] if cursor < len(self.plan.steps) else None

    @property
    def where(self) -> str:
        """The step in hand in words: ``step 3 of 9 (pause 5m)``."""
        told = tuple(steps(self.plan))
        cursor = self.rollout.cursor
        return f"step {cursor + 1} of {len(told)} ({told[cursor]})" if cursor < len(told) else "the end of its steps"

    async def say(self, decided: Decided, reason: str) -> None:
        """Write down that the caller decides so about the step in hand, and wake the daemon."""
        decision = Decision(
            rollout=self.rollout.id,
            plan=self.rollout.plan,
            index=self.rollout.cursor,
            decided=decided,
            author=author(),
            reason=reason,
            at=self.picture.now,
        )
        await decide(self.settings, [DecisionTaken(unit=self.unit, decision=decision)])


async def find_in_hand(config: Path | None, text: str, verb: str) -> InHand:
    """Return the rollout of the unit that a person means; Failure, with what to do, when there is none."""
    settings = Settings.load(config)
    async with reading(settings) as store:
        seen = await picture(store, settings.state_dir)
    unit = find_unit(text, seen.standing.units)
    rollout = seen.standing.of(unit).rollout
    if rollout is None:
        state = place(seen, unit).word
        raise Failure(f"{unit} has no rollout under way (state: {state}); there is nothing to {verb}")
    return InHand(settings=settings, picture=seen, unit=unit, rollout=rollout, plan=seen.plans[rollout.plan])


def refuse_unless_running(found: InHand, verb: str) -> None:
    """Raise Failure, with what to do, when nothing can be decided about the rollout's steps now."""
    if pause := paused(found.picture, found.unit):
        resume = f"reconciler resume{f' {found.unit}' if pause.unit else ''}"
        raise Failure(f"{found.unit} is paused by {pause.author}; lift that first: {resume}")
    match found.rollout.state:
        case State.RUNNING:
            return
        case State.PENDING:
            raise Failure(f"the rollout of {found.unit} has not begun yet; there is nothing to {verb} before it has")
        case _:
            raise Failure(
                f"{found.unit} is being taken back ({found.rollout.reason}); a revert waits for nobody. "
                f"To see it: reconciler explain {found.unit}"
            )


def refuse_unless_waiting(found: InHand, kinds: Sequence[type], hint: str) -> None:
    """Raise Failure, with what to do, unless the step in hand is one of these."""
    if not isinstance(found.step, tuple(kinds)):
        raise Failure(f"{found.unit} is at {found.where}, which does not wait for that; {hint}")
