"""One move of a rollout: load it, ask what is next, do that, write it down. All else is in pure functions."""

from contextlib import aclosing
from typing import assert_never

from reconciler.execute import ending, entry
from reconciler.execute.effects import Effects, transaction, transaction_id
from reconciler.execute.entry import Entry
from reconciler.execute.move import next_move
from reconciler.execute.moves import (
    Ask,
    Begin,
    Call,
    Decided,
    Direct,
    End,
    Fail,
    Finish,
    GiveUp,
    Inspect,
    Measure,
    MeasureBeside,
    Move,
    PassOver,
    Perform,
    Recover,
    Rest,
    Sleep,
    Start,
    Watch,
)
from reconciler.execute.outcome import Outdated
from reconciler.execute.outside import Outside
from reconciler.execute.recovery import Again
from reconciler.execute.side_by_side import SideBySide
from reconciler.execute.world import World
from reconciler.execute.written import answered, changed, directed
from reconciler.model.carried import blobs_of
from reconciler.model.plan import Plan, TargetChanges
from reconciler.model.rollout import Rollout, State
from reconciler.ports.journal import JournalUnavailable, Lease, RolloutLog


class Stepper:
    """One move of one rollout at a time, journalled. It remembers nothing: what is next follows from what is there."""

    def __init__(self, log: RolloutLog, world: World) -> None:
        self._log = log
        side_by_side = SideBySide()
        self._effects = Effects(world.targets, world.kinds, world.outputs, side_by_side)
        self._outside = Outside(world.routers, world.metrics, world.hooks, world.outputs, side_by_side)
        self._clock = world.clock

    async def advance(self, rollout: str, lease: Lease) -> Rollout:
        """Make exactly one move and return the rollout after it; the same one when there is nothing to do now.

        Raises LeaseLost, JournalUnavailable; what was done and not written down is looked at again by the next call.
        """
        found, plan, move = await self.next(rollout)
        return await self.make(move, found, plan, lease)

    async def next(self, rollout: str) -> tuple[Rollout, Plan, Move]:
        """Return the rollout, its plan and the next move; KeyError when there is no such rollout."""
        found, plan = await self._log.load(rollout)
        return found, plan, self.move(found, plan)

    def move(self, rollout: Rollout, plan: Plan) -> Move:
        """Return the next move of a rollout that is as the journal has it."""
        return next_move(rollout, plan, self._clock.now())

    async def make(self, move: Move, rollout: Rollout, plan: Plan, lease: Lease) -> Rollout:
        """Make the move."""
        match move:
            case Rest() | Sleep():
                return rollout
            case Perform(_, targets):
                return await self._perform(rollout, plan, targets, lease)
            case Recover(_, targets):
                return await self._recover(rollout, plan, targets, lease)
            case Ask() | Inspect() | Direct() | Watch() | Measure() | MeasureBeside() | Call():
                return await self.write(lease, await self._answer(move, rollout, plan))
            case _:
                return await self.write(lease, self._decided(move, rollout, plan))

    async def leave(self, rollout: Rollout, plan: Plan) -> None:
        """Have requests sent as a rollout that ended early leaves them; a load balancer that is away is drift later."""
        if rollout.ended and rollout.state is not State.SUCCEEDED and rollout.routing:
            await self._outside.leave(plan, rollout.routing)

    async def uphold(self, rollout: Rollout, plan: Plan, lease: Lease) -> None:
        """Look whether requests are sent as the rollout has them sent, and have it so; written if that is news."""
        found = await self._outside.uphold(plan, rollout.routing)
        if told := entry.upheld(rollout, found, self._clock.now()):
            await self.write(lease, told)

    async def _answer(
        self, move: Ask | Inspect | Direct | Watch | Measure | MeasureBeside | Call, rollout: Rollout, plan: Plan
    ) -> Entry:
        jitter, now = self._clock.jitter, self._clock.now
        match move:
            case Ask(step, due):
                answers = await self._effects.ask(rollout, plan, step, due)
                return answered.asked(rollout, plan, answers, now())
            case Inspect(_, targets):
                seen = await self._effects.inspect(plan, targets)
                return answered.inspected(rollout, plan, seen, now(), jitter)
            case Direct() | Watch():
                routes = await self._outside.direct(plan, move)
                return directed.directed(rollout, plan, routes, now(), jitter)
            case Measure(due):
                figures = await self._outside.measure(plan, due)
                return answered.measured(rollout, plan, due, figures, now())
            case MeasureBeside(due):
                figures = await self._outside.measure(plan, due)
                return answered.measured_beside(rollout, plan, due, figures, now())
            case Call(step):
                said = await self._outside.call(rollout, plan, step)
                return answered.called(rollout, plan, said, now(), jitter)
            case _:
                assert_never(move)

    def _decided(self, move: Decided, rollout: Rollout, plan: Plan) -> Entry:  # noqa: PLR0911 - a case a move
        now = self._clock.now()
        match move:
            case Start():
                return ending.started(rollout, plan, now)
            case Begin(_, targets):
                return entry.begun(rollout, plan, targets, now)
            case GiveUp(failures):
                return entry.given_up(rollout, plan, failures, now)
            case PassOver(_, failure):
                return entry.passed_over(rollout, plan, failure, now)
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
        known = await self.write(
            lease, changed.recovered(rollout, plan, outcomes, self._clock.now(), self._clock.jitter)
        )
        again = tuple(one for one in targets if isinstance(outcomes[one.target], Again))
        return await self._change(known, plan, again, lease)

    async def _change(self, rollout: Rollout, plan: Plan, targets: tuple[TargetChanges, ...], lease: Lease) -> Rollout:
        contents = await self._log.contents(blobs_of(each for one in targets for each in one.operations))
        wanted = {one.target: transaction(rollout, plan, one, contents) for one in targets}
        trouble: JournalUnavailable | None = None
        outdated: list[str] = []
        async with aclosing(self._effects.change(rollout, plan, wanted)) as waves:
            async for wave in waves:
                outdated += [one.reason for one in wave.values() if isinstance(one, Outdated)]
                try:
                    known = changed.applied(rollout, plan, wave, self._clock.now(), self._clock.jitter)
                    rollout = await self.write(lease, known)
                except JournalUnavailable as error:
                    # A transaction is never cut short for this: the others go on, these will be looked at again.
                    trouble = error
        if trouble:
            raise trouble
        if outdated:
            return await self.write(lease, ending.outdated(rollout, plan, "; ".join(outdated), self._clock.now()))
        return rollout
