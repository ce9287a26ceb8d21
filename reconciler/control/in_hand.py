"""The rollout in hand that somebody wants to decide about: found and checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.control.asked import Asked
from reconciler.control.steps import steps
from reconciler.control.where import paused, place
from reconciler.model.asking import Refused
from reconciler.model.event import DecisionTaken
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan, Step
from reconciler.model.record import Picture
from reconciler.model.rollout import Decided, Decision, Rollout, State


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """The rollout of a unit that has not ended, the plan it executes, and what the journal says beside."""

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

    def decision(self, decided: Decided, reason: str, asked: Asked) -> DecisionTaken:
        """Return that somebody decides so about the step in hand."""
        decision = Decision(
            rollout=self.rollout.id,
            plan=self.rollout.plan,
            index=self.rollout.cursor,
            decided=decided,
            author=asked.author,
            reason=reason,
            at=asked.at,
            roles=asked.roles,
            emails=asked.who.emails,
            approves=decided is Decided.APPROVE or asked.may_approve,
        )
        return DecisionTaken(unit=self.unit, decision=decision)


def in_hand(picture: Picture, unit: UnitId, verb: str) -> InHand:
    """Return the rollout of the unit; Refused, with what to do, when there is none."""
    rollout = picture.standing.of(unit).rollout
    if rollout is None:
        state = place(picture, unit).word
        raise Refused(f"{unit} has no rollout under way (state: {state}); there is nothing to {verb}")
    return InHand(picture=picture, unit=unit, rollout=rollout, plan=picture.plans[rollout.plan])


def refuse_unless_running(found: InHand, verb: str) -> None:
    """Raise Refused, with what to do, when nothing can be decided about the rollout's steps now."""
    if pause := paused(found.picture, found.unit):
        resume = f"reconciler resume{f' {found.unit}' if pause.unit else ''}"
        raise Refused(f"{found.unit} is paused by {pause.author}; lift that first: {resume}")
    match found.rollout.state:
        case State.RUNNING:
            return
        case State.PENDING:
            raise Refused(f"the rollout of {found.unit} has not begun yet; there is nothing to {verb} before it has")
        case _:
            raise Refused(
                f"{found.unit} is being taken back ({found.rollout.reason}); a revert waits for nobody. "
                f"To see it: reconciler explain {found.unit}"
            )


def refuse_unless_waiting(found: InHand, kinds: Sequence[type], hint: str) -> None:
    """Raise Refused, with what to do, unless the step in hand is one of these."""
    if not isinstance(found.step, tuple(kinds)):
        raise Refused(f"{found.unit} is at {found.where}, which does not wait for that; {hint}")
