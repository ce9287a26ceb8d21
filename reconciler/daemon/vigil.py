"""Checks that go on after the rollout: of every unit at rest, on every target, for as long as it is at rest."""

import asyncio
import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.daemon.logs import log
from reconciler.execute.printed import held
from reconciler.model.assessment import Assessment
from reconciler.model.event import Condition, Event, HealthChanged
from reconciler.model.health import HealthCheck, hiding
from reconciler.model.identity import UnitId
from reconciler.model.policy import OnUnhealthy
from reconciler.model.resource import Unknown
from reconciler.model.target import Target
from reconciler.model.unit import Unit
from reconciler.policy.vigil import rejected, to_come
from reconciler.ports.clock import Clock
from reconciler.ports.errors import WorldError
from reconciler.ports.journal import Journal, JournalUnavailable
from reconciler.ports.targets import Targets
from reconciler.verify import vigil
from reconciler.verify.vigil import Watched

MOST_AT_ONCE = 64
"""So many targets are asked side by side; the others wait for their turn."""

_TICK = timedelta(seconds=1)

Key: TypeAlias = tuple[UnitId, str]


@dataclass(slots=True)
class _Kept:
    """A target of a unit at rest, and what is written down of it.

    A unit that is at rest anew has others, so an answer that is late finds itself out.
    """

    unit: Unit
    target: Target
    watched: Watched | None = None
    told: Condition = Condition.HEALTHY

    @property
    def checks(self) -> tuple[HealthCheck, ...]:
        """The unit's checks that are asked of targets of this sort."""
        return tuple(each for each in self.unit.health if each.on is self.target.sort)


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    key: Key
    kept: _Kept = field(compare=False)


class Vigil:
    """Asks the checks of units at rest, side by side and spread over their period; writes down what changes."""

    def __init__(self, journal: Journal, targets: Targets, clock: Clock) -> None:
        self._journal = journal
        self._targets = targets
        self._clock = clock
        self._kept: dict[Key, _Kept] = {}
        self._due: list[_Due] = []
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._written: dict[Key, Condition] = {}
        self._last = clock.now()

    def tend(self, assessments: Iterable[Assessment], targets: Mapping[str, Target]) -> None:
        """Take over what a pass found at rest; what is not among it any more is left alone."""
        before, self._kept = self._kept, {}
        for unit in _at_rest(assessments):
            for name in unit.targets:
                key, target = (unit.id, name), targets.get(name)
                if target is None:
                    continue
                kept = before.get(key)
                if kept is None or kept.target != target or kept.unit.digest != unit.digest:
                    kept = _Kept(unit, target)
                    heapq.heappush(
                        self._due, _Due(self._clock.now() + _spread(key, unit.policy.vigil.period), key, kept)
                    )
                kept.unit = unit
                self._kept[key] = kept

    async def keep(self, ring: Callable[[], None]) -> None:
        """Ask whatever is due, until cancelled; ring when something has to be decided."""
        self._written = await self._recalled()
        async with asyncio.TaskGroup() as group:
            while True:
                now = self._keep_time()
                while self._due and self._due[0].at <= now:
                    due = heapq.heappop(self._due)
                    if self._kept.get(due.key) is due.kept:
                        await self._room.acquire()
                        group.create_task(self._turn(due, ring))
                rest = min((each.at - self._clock.now() for each in self._due[:1]), default=_TICK)
                await self._clock.sleep(max(timedelta(0), min(rest, _TICK)))

    def _keep_time(self) -> datetime:
        """Return the time; when the clock was set back, what is due comes no later for it."""
        now = self._clock.now()
        if now < self._last:
            for each in self._due:
                each.at -= self._last - now
        self._last = now
        return now

    async def _turn(self, due: _Due, ring: Callable[[], None]) -> None:
        kept, pause = due.kept, due.kept.unit.policy.vigil.period
        try:
            pause = await self._ask(due.key, kept, ring)
        except JournalUnavailable as error:
            log.error("how the app does cannot be written down now", unit=str(kept.unit.id), error=str(error))
        except Exception:  # noqa: BLE001 - the outermost place of a task; nothing may be lost
            log.exception("internal error; the checks are asked again later", unit=str(kept.unit.id))
        finally:
            self._room.release()
        if self._kept.get(due.key) is kept:
            heapq.heappush(self._due, _Due(self._clock.now() + self._clock.jitter(pause), due.key, kept))

    async def _ask(self, key: Key, kept: _Kept, ring: Callable[[], None]) -> timedelta:
        unit, checks, now = kept.unit, kept.checks, self._clock.now()
        if not checks:
            return unit.policy.vigil.period
        secrets = frozenset(held(unit.resources, [kept.target]))
        answers = await asyncio.gather(*(self._targets.check(kept.target, hiding(each, secrets)) for each in checks))
        if kept.watched is None:
            kept.told = self._written.pop(key, kept.told)
            kept.watched = vigil.begin(kept.target.name, checks, kept.told, now)
        after = vigil.heard(kept.watched, checks, dict(enumerate(answers)), now)
        # Nobody knows how the app does on a target that cannot be reached: what was known of it stays.
        known = after.condition is not Condition.UNHEALTHY or await self._is_there(kept)
        if known and self._kept.get(key) is kept:
            kept.watched = after
            await self._tell(kept, after, ring)
        return vigil.rest(after, checks, unit.policy.vigil.period)

    async def _is_there(self, kept: _Kept) -> bool:
        """Whether the target can be seen at all: what the unit has there says so, whatever its sort."""
        there = [each for each in kept.unit.resources if each.id.target == kept.target.name]
        try:
            survey = await self._targets.survey(kept.target, there)
        except WorldError:
            return False
        return not any(isinstance(survey.of(each.id), Unknown) for each in there)

    async def _tell(self, kept: _Kept, watched: Watched, ring: Callable[[], None]) -> None:
        """Write down what is new. Only then is the journal read: most answers say what the one before has said."""
        condition, unhealthy = watched.condition, self._unhealthy(kept.unit)
        new = condition is not None and condition is not kept.told
        if not new and not (unhealthy and kept.unit.policy.vigil.on_unhealthy is OnUnhealthy.REVERT):
            return
        standing, now = await self._journal.standing(), self._clock.now()
        known = standing.of(kept.unit.id)
        if known.rollout is not None or to_come(kept.unit, known):
            return
        events: list[Event] = []
        if new and condition is not None:
            events.append(
                HealthChanged(
                    unit=kept.unit.id, target=kept.target.name, condition=condition, detail=watched.detail, since=now
                )
            )
        if verdict := rejected(kept.unit, standing, unhealthy, now):
            events.append(verdict)
        if events:
            await self._journal.append(events, now)
            kept.told = condition or kept.told
            ring()

    async def _recalled(self) -> dict[Key, Condition]:
        """What an earlier process has written down; without it, everything is thought to do well until it is asked."""
        try:
            standing = await self._journal.standing()
        except JournalUnavailable:
            return {}
        return {
            (unit, target): told.condition
            for unit, known in standing.units.items()
            for target, told in known.health.items()
        }

    def _unhealthy(self, unit: Unit) -> Mapping[str, str]:
        here = ((target, self._kept.get((unit.id, target))) for target in unit.targets)
        watched = ((target, kept.watched) for target, kept in here if kept is not None and kept.watched is not None)
        return {target: each.detail for target, each in watched if each.condition is Condition.UNHEALTHY}


def _at_rest(assessments: Iterable[Assessment]) -> Iterator[Unit]:
    """Yield the units that nobody changes now, as they are held to. What has no checks needs no vigil."""
    for each in assessments:
        begins = each.plan is not None and each.waiting is None
        # What was not looked at and waits for nothing has a rollout in hand, which asks by itself.
        in_hand = not each.looked and each.waiting is None
        if each.effective and each.effective.health and not (begins or in_hand or each.signal):
            yield each.effective


def _spread(key: Key, period: timedelta) -> timedelta:
    """A part of the period, the same each time: a fleet that is at rest at once is not asked at once."""
    part = int.from_bytes(hashlib.sha256(f"{key[0]}/{key[1]}".encode()).digest()[:4], "big") / 2**32
    return period * part
