"""Rollouts under way: each driven to where it rests, its lease kept meanwhile, and stopped when it is told to."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from reconciler.execute import ending
from reconciler.execute.entry import picked_up
from reconciler.execute.moves import Recover, Rest, Sleep
from reconciler.execute.stepper import Stepper
from reconciler.execute.world import World
from reconciler.model.plan import Plan
from reconciler.model.rollout import TRANSITIONS, Decision, Rollout, Trigger
from reconciler.ports.journal import JournalUnavailable, Lease, LeaseLost, RolloutLog

T = TypeVar("T")

LEASE = timedelta(seconds=30)
"""How long a claim lasts when nobody renews it."""

RENEW_EVERY = LEASE / 3
TRY_AGAIN = timedelta(seconds=1)
"""How soon the journal is tried again when it could not be used."""

UPHOLD_EVERY = timedelta(seconds=5)
"""How often it is looked whether requests are sent as they shall be, while a rollout waits."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a rollout was told from outside; a decision comes without a trigger of its own."""

    trigger: Trigger
    reason: str
    decision: Decision | None = None


@dataclass(slots=True)
class _Run:
    """A rollout that is being driven here: what it was told, and a bell that ends its waits."""

    told: list[_Told] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    uphold_at: datetime | None = None


class Driver:
    """Drives rollouts. ``owner`` tells this process from others that share the journal.

    Every method that drives raises LeaseLost when the rollout is in another's hands, KeyError when there is none, and
    JournalUnavailable when the journal cannot be used for longer than a lease lasts. What is under way when that
    happens, or when the task is cancelled, is looked at again by whoever drives the rollout next.
    """

    def __init__(self, log: RolloutLog, world: World, owner: str) -> None:
        self._log = log
        self._clock = world.clock
        self._owner = owner
        self._stepper = Stepper(log, world)
        self._runs: dict[str, _Run] = {}
        self._parked = False

    async def run(self, rollout: str) -> Rollout:
        """Drive the rollout until it has ended, is paused, or needs the plan of its revert; return it as it is then.

        After ``park`` it is returned unfinished at the next boundary between two steps, at once while it waits.
        """
        with self._under_way(rollout) as run:
            return await self._to_rest(rollout, run)

    async def stop(self, rollout: str, trigger: Trigger, reason: str) -> None:
        """Supersede, abort, take back, pause or resume the rollout, or say that nothing can take it back (NO_REVERT).

        Takes effect at the next boundary between two steps, at once while it waits; a transaction on a host is never
        cut. When the rollout is driven here, its ``run`` returns then; otherwise it is driven to that boundary now.
        What its state does not know any more is moot.
        """
        await self._tell(rollout, _Told(trigger, reason))

    async def decide(self, rollout: str, decision: Decision) -> None:
        """Tell the rollout what a person has decided about a step of its plan; what was told before is moot."""
        await self._tell(rollout, _Told(Trigger.DECIDE, decision.reason, decision))

    async def resume(self, rollout: str, reason: str) -> Rollout:
        """Lift the pause and drive on; a revert that was paused needs a new plan then."""
        await self.stop(rollout, Trigger.RESUME, reason)
        return await self.run(rollout)

    async def revert(self, rollout: str, plan: Plan) -> Rollout:
        """Store the plan that takes the rollout back, and drive it to its end.

        One that does not need it any more, because it was told something meanwhile, is left as it is.
        """
        while told := self._runs.get(rollout):
            await told.over.wait()
        with self._under_way(rollout) as run:
            await self._hold(rollout, lambda lease: self._take_back(rollout, plan, lease))
            return await self._to_rest(rollout, run)

    def park(self) -> None:
        """Let every ``run`` return as soon as no transaction is under way; what waits is left for the next start."""
        self._parked = True
        for run in self._runs.values():
            run.bell.set()

    async def _tell(self, rollout: str, told: _Told) -> None:
        if run := self._runs.get(rollout):
            run.told.append(told)
            run.bell.set()
            return
        with self._under_way(rollout) as run:
            run.told.append(told)
            while run.told:
                await self._hold(rollout, lambda lease: self._obey(rollout, run, lease))

    @contextmanager
    def _under_way(self, rollout: str) -> Iterator[_Run]:
        if rollout in self._runs:
            raise RuntimeError(f"internal error: rollout {rollout} is driven already")
        run = self._runs[rollout] = _Run()
        try:
            yield run
        finally:
            del self._runs[rollout]
            run.over.set()

    async def _to_rest(self, name: str, run: _Run) -> Rollout:
        while True:
            result = await self._hold(name, lambda lease: self._drive(name, run, lease))
            # It may have been told something while its lease was given back.
            if not run.told:
                return result

    async def _drive(self, name: str, run: _Run, lease: Lease) -> Rollout:
        known: tuple[Rollout, Plan] | None = await self._pick_up(name, lease)
        while True:
            try:
                # Under our lease the journal holds what we wrote last. It is read again where that is not certain.
                rollout, plan = known or await self._log.load(name)
                move, known = self._stepper.move(rollout, plan), None
                if run.told and not isinstance(move, Recover):
                    known = await self._signal(rollout, plan, run, lease), plan
                elif isinstance(move, Rest) or (self._parked and not isinstance(move, Recover)):
                    await self._stepper.leave(rollout, plan)
                    return rollout
                elif isinstance(move, Sleep):
                    upheld = partial(self._uphold, rollout, plan, run, lease)
                    await self._wait(run, move.until, upheld)
                else:
                    known = await self._stepper.make(move, rollout, plan, lease), plan
            except JournalUnavailable:
                # Nothing was written, so nothing is lost. It cannot go on for ever: the lease has to be renewed too.
                await self._clock.sleep(TRY_AGAIN)

    async def _obey(self, name: str, run: _Run, lease: Lease) -> Rollout:
        while True:
            rollout, plan, move = await self._stepper.next(name)
            if not isinstance(move, Recover):
                break
            await self._stepper.make(move, rollout, plan, lease)
        while run.told:
            rollout = await self._signal(rollout, plan, run, lease)
        await self._stepper.leave(rollout, plan)
        return rollout

    async def _signal(self, rollout: Rollout, plan: Plan, run: _Run, lease: Lease) -> Rollout:
        told, now = run.told[0], self._clock.now()
        if told.decision:
            entry = ending.decided(rollout, plan, told.decision, now)
        else:
            entry = ending.signalled(rollout, plan, told.trigger, told.reason, now)
        after = await self._stepper.write(lease, entry) if entry else rollout
        del run.told[0]
        return after

    async def _take_back(self, name: str, plan: Plan, lease: Lease) -> Rollout:
        rollout, _ = await self._log.load(name)
        if Trigger.REVERT_PLANNED not in TRANSITIONS[rollout.state]:
            return rollout
        return await self._stepper.write(lease, ending.revert_planned(rollout, plan, self._clock.now()), plan)

    async def _pick_up(self, name: str, lease: Lease) -> tuple[Rollout, Plan]:
        rollout, plan = await self._log.load(name)
        picked = picked_up(rollout, plan, self._clock.now())
        return (await self._stepper.write(lease, picked) if picked else rollout), plan

    async def _uphold(self, rollout: Rollout, plan: Plan, run: _Run, lease: Lease) -> None:
        """See to it now and then that no load balancer has forgotten what it was told."""
        now = self._clock.now()
        if not rollout.routing or plan.router is None:
            run.uphold_at = None
        elif run.uphold_at is None or now >= run.uphold_at:
            await self._stepper.uphold(rollout, plan, lease)
            run.uphold_at = self._clock.now() + UPHOLD_EVERY

    async def _wait(self, run: _Run, until: datetime, upheld: Callable[[], Awaitable[None]]) -> None:
        run.bell.clear()
        if run.told or self._parked:
            return

        async def over() -> None:
            await upheld()
            next_look = min(until, run.uphold_at) if run.uphold_at else until
            await self._clock.sleep(next_look - self._clock.now())

        # Whatever is told ends it at once, also while a load balancer lets us wait.
        await _first(over(), _rung(run.bell))

    async def _hold(self, name: str, work: Callable[[Lease], Awaitable[Rollout]]) -> Rollout:
        """Do the work while a lease on the rollout is held, and end it at once when the lease is lost."""
        now = self._clock.now()
        lease = await self._log.claim(name, self._owner, now, now + LEASE)
        if lease is None:
            raise LeaseLost(f"rollout {name} is in the hands of another process")
        result = await _first(work(lease), self._keep(lease, now + LEASE))
        # Courtesy only: it would run out by itself.
        with suppress(LeaseLost, JournalUnavailable):
            await self._log.renew(lease, self._clock.now())
        return result

    async def _keep(self, lease: Lease, until: datetime) -> Rollout:
        while True:
            await self._clock.sleep(RENEW_EVERY)
            now = self._clock.now()
            try:
                await self._log.renew(lease, now + LEASE)
                until = now + LEASE
            except JournalUnavailable:
                if now + RENEW_EVERY >= until:
                    raise


async def _rung(bell: asyncio.Event) -> None:
    await bell.wait()


async def _first(one: Awaitable[T], other: Awaitable[T]) -> T:
    """Return what the first of the two to end returns, or raise what it raised; the other is cancelled."""
    tasks = (asyncio.ensure_future(one), asyncio.ensure_future(other))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        return next(task for task in tasks if task in done).result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
