"""The rollouts that are being executed now, one task each."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from reconciler.daemon.fetches import Fetches
from reconciler.daemon.logs import log
from reconciler.daemon.proofs import Proofs
from reconciler.execute.driver import Driver
from reconciler.model.assessment import Signal
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, State, Trigger
from reconciler.ports.errors import WorldError
from reconciler.ports.journal import JournalUnavailable, LeaseLost

WayBack = Callable[[Rollout], Awaitable[Plan | None]]
"""Plans how a rollout that has failed is taken back, at once; None leaves it to the next pass."""


async def a_pass_will_say(rollout: Rollout) -> Plan | None:
    """Leave it to the next pass, which the end of every rollout rings for."""
    return None


class Hands:
    """Runs rollouts side by side and rings when one of them has come to an end or needs a decision."""

    def __init__(self, driver: Driver, ring: Callable[[], None], way_back: WayBack = a_pass_will_say) -> None:
        self._driver = driver
        self._ring = ring
        self._way_back = way_back
        self._leaving = False
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.fetches = Fetches(ring)
        """Archives that are on their way here."""
        self.proofs = Proofs(ring)
        """Archives that are verified."""
        self.broken: dict[str, Exception] = {}
        """Rollouts that met a bug of ours, and which. They are not taken up again until this is cleared."""

    def take_up(self, rollout: str) -> None:
        """Execute the rollout, unless that is being done already. Also how a crashed daemon's rollouts go on."""
        self._start(rollout, lambda: self._run(rollout))

    async def _run(self, rollout: str) -> Rollout:
        rested = await self._driver.run(rollout)
        if rested.state is not State.REVERT_NEEDED or self._leaving:
            return rested
        plan = await self._way_back(rested)
        return await self._driver.revert(rollout, plan) if plan else rested

    def revert(self, rollout: str, plan: Plan) -> None:
        """Take the rollout back by the plan."""
        self._start(rollout, lambda: self._driver.revert(rollout, plan))

    async def signal(self, signal: Signal) -> None:
        """Tell a rollout what a pass concluded about it."""
        if signal.trigger is Trigger.RESUME:
            self._start(signal.rollout, lambda: self._driver.resume(signal.rollout, signal.reason))
        elif signal.rollout in self._tasks:
            await self._tell(signal)
        else:
            self._start(signal.rollout, lambda: self._tell(signal))

    async def _tell(self, signal: Signal) -> None:
        if signal.decision:
            await self._driver.decide(signal.rollout, signal.decision)
        else:
            await self._driver.stop(signal.rollout, signal.trigger, signal.reason)

    def look_again(self) -> None:
        """Ring for another pass."""
        self._ring()

    def settle(self, target: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have a change that was cut off on the target taken back, and look again when that is done."""
        name = f"settling {target}"
        if name not in self._tasks:
            log.warning("a change was cut off there; it is taken back", host=target)
            self._tasks[name] = asyncio.create_task(self._settle(name, work), name=name)

    async def _settle(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        done = False
        try:
            await work()
            done = True
        except WorldError as error:
            log.error("a change that was cut off cannot be taken back now; it will be tried again", error=str(error))
        finally:
            del self._tasks[name]
            if done:
                self._ring()

    @property
    def busy(self) -> bool:
        """Whether anything is being executed."""
        return bool(self._tasks) or self.fetches.busy or self.proofs.busy

    async def park(self) -> None:
        """Let every rollout finish the step in hand and stop there; the journal knows where it was."""
        self._leaving = True
        self._driver.park()
        await self.fetches.stop()
        await self.proofs.stop()
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    def _start(self, rollout: str, work: Callable[[], Coroutine[Any, Any, Rollout | None]]) -> None:
        if rollout in self._tasks or rollout in self.broken:
            return
        task = asyncio.create_task(self._work(rollout, work), name=f"rollout {rollout}")
        self._tasks[rollout] = task

    async def _work(self, rollout: str, work: Callable[[], Coroutine[Any, Any, Rollout | None]]) -> None:
        ring = False
        # What is logged in this task is about this rollout.
        structlog.contextvars.bind_contextvars(rollout=rollout)
        try:
            await work()
            ring = True
        except LeaseLost:
            log.warning("another process has taken over the rollout", rollout=rollout)
        except (JournalUnavailable, WorldError) as error:
            log.error("the rollout cannot go on now; it will be taken up again", rollout=rollout, error=str(error))
        except Exception as bug:  # noqa: BLE001 - the outermost place of a task; nothing may be lost
            self.broken[rollout] = bug
            log.exception("internal error; the rollout stays where it is for now", rollout=rollout)
        finally:
            del self._tasks[rollout]
            # What failed would fail again at once: it waits for the next pass that something else wakes.
            if ring or rollout in self.broken:
                self._ring()
