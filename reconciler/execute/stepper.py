"""One move of a rollout: load it, ask what is next, do that, write it down. All else is in pure functions."""

from collections.abc import Mapping
from contextlib import aclosing
from typing import assert_never

from reconciler.execute import ending, entry
from reconciler.execute.effects import Effects, blobs_of, transaction, transaction_id
from reconciler.execute.entry import Entry
from reconciler.execute.move import (
    Ask,
    Begin,
    End,
    Fail,
    Finish,
    GiveUp,
    Move,
    Perform,
    Recover,
    Rest,
    Sleep,
    Start,
    next_move,
)
from reconciler.execute.outcome import Outdated
from reconciler.execute.recovery import Again
from reconciler.model.plan import Plan, Probe, TargetChanges
from reconciler.model.rollout import Rollout
from reconciler.ports.clock import Clock
from reconciler.ports.journal import JournalUnavailable, Lease, RolloutLog
from reconciler.ports.kind import Kind
from reconciler.ports.targets import Targets
from reconciler.verify import health as verify


class Stepper:
    """One move of one rollout at a time, journalled. It remembers nothing: what is next is read from the journal."""

    def __init__(self, log: RolloutLog, targets: Targets, kinds: Mapping[str, Kind], clock: Clock) -> None:
        self._log = log
        self._effects = Effects(targets, kinds)
        self._clock = clock

    async def advance(self, rollout: str, lease: Lease) -> Rollout:
        """Make exactly one move and return the rollout after it; the same one when there is nothing to do now.

        Raises LeaseLost, JournalUnavailable; what was done and not written down is looked at again by the next call.
        """
        found, plan, move = await self.next(rollout)
        return await self.make(move, found, plan, lease)

    async def next(self, rollout: str) -> tuple[Rollout, Plan, Move]:
        """Return the rollout, its plan and the next move; KeyError when there is no such rollout."""
        found, plan = await self._log.load(rollout)
        return found, plan, next_move(found, plan, self._clock.now())

    async def make(self, move: Move, rollout: Rollout, plan: Plan, lease: Lease) -> Rollout:
        """Make the move."""
        match move:
            case Rest() | Sleep():
                return rollout
            case Perform(_, targets):
                return await self._perform(rollout, plan, targets, lease)
            case Recover(_, targets):
                return await self._recover(rollout, plan, targets, lease)
            case Ask(step, due):
                answers = await self._effects.ask(plan, step, due)
                return await self.write(lease, entry.asked(rollout, plan, answers, self._clock.now()))
            case _:
                return await self.write(lease, self._decided(move, rollout, plan))

    def _decided(self, move: Start | Begin | GiveUp | End | Finish | Fail, rollout: Rollout, plan: Plan) -> Entry:
        now = self._clock.now()
        match move:
            case Start():
                return ending.started(rollout, now)
            case Begin(step, targets):
                progress = verify.begin(targets, step.checks, now) if isinstance(step, Probe) else ()
                return entry.begun(rollout, plan, progress, now)
            case GiveUp(failures):
                return entry.given_up(rollout, plan, failures, now)
            case End():
                return entry.ended(rollout, plan, now)
            case Finish():
                return ending.finished(rollout, plan, now)
            case Fail(reason):
                return ending.failed(rollout, plan, reason, now)
            case _:
                assert_never(move)

    async def write(self, lease: Lease, what: Entry, plan: Plan | None = None) -> Rollout:
        """Write it to the journal and return the rollout as it is then."""
        await self._log.record(lease, what.rollout, what.events, what.rollout.updated_at, plan)
        return what.rollout

    async def _perform(self, rollout: Rollout, plan: Plan, targets: tuple[TargetChanges, ...], lease: Lease) -> Rollout:
        intended = await self.write(lease, entry.begun(rollout, plan, (), self._clock.now()))
        return await self._change(intended, plan, targets, lease)

    async def _recover(self, rollout: Rollout, plan: Plan, targets: tuple[TargetChanges, ...], lease: Lease) -> Rollout:
        outcomes = await self._effects.look(plan, targets, transaction_id(rollout, plan))
        known = await self.write(lease, entry.recovered(rollout, plan, outcomes, self._clock.now()))
        again = tuple(one for one in targets if isinstance(outcomes[one.target], Again))
        return await self._change(known, plan, again, lease)

    async def _change(self, rollout: Rollout, plan: Plan, targets: tuple[TargetChanges, ...], lease: Lease) -> Rollout:
        contents = await self._log.contents(blobs_of(targets))
        wanted = {one.target: transaction(rollout, plan, one, contents) for one in targets}
        trouble: JournalUnavailable | None = None
        outdated: list[str] = []
        async with aclosing(self._effects.change(plan, wanted)) as waves:
            async for wave in waves:
                outdated += [one.reason for one in wave.values() if isinstance(one, Outdated)]
                try:
                    rollout = await self.write(lease, entry.applied(rollout, plan, wave, self._clock.now()))
                except JournalUnavailable as error:
                    # A transaction is never cut short for this: the others go on, these will be looked at again.
                    trouble = error
        if trouble:
            raise trouble
        if outdated:
            return await self.write(lease, ending.outdated(rollout, "; ".join(outdated), self._clock.now()))
        return rollout
