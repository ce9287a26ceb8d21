"""A scenario played from its beginning to its end: the same planner and executor on hosts that are not there."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reconciler.diff.stated import stated
from reconciler.model.duration import format_duration
from reconciler.model.event import Event, ResourcesApplied, RolloutMoved, SnapshotTaken, VerdictGiven
from reconciler.model.identity import UnitId
from reconciler.model.rollout import Rollout
from reconciler.model.unit import Desired, Unit
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason
from reconciler.ports.kind import Kind
from reconciler.ports.targets import Transaction
from reconciler.simulate import transcript
from reconciler.simulate.answers import SimHooks, SimMetrics
from reconciler.simulate.commits import SimCommits
from reconciler.simulate.controller import Controller, Surroundings
from reconciler.simulate.figures import Figures
from reconciler.simulate.fleet import Fleet
from reconciler.simulate.happen import Acts
from reconciler.simulate.journal import Entry, MemoryJournal
from reconciler.simulate.loop import LoopClock, run
from reconciler.simulate.moments import Moments
from reconciler.simulate.repository import Repository
from reconciler.simulate.routers import SimRouters
from reconciler.simulate.scenario import Happening, ScenarioSpec
from reconciler.simulate.world import SimWorld

BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
LOOKS_EVERY = timedelta(seconds=5)
NOTHING_MORE = timedelta(minutes=15)
"""A story is over when nothing was written down for so long, and nothing is under way or still to happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended with one unit; ``took`` is until its last rollout was over, ``down`` the most targets at once."""

    unit: Unit
    rollout: Rollout | None
    versions: Mapping[str, str]
    down: int
    took: timedelta


@dataclass(slots=True)
class Played:
    """The story, line by line, and its end. ``missed`` are happenings whose moment never came."""

    lines: list[str] = field(default_factory=list)
    ended: dict[UnitId, Ended] = field(default_factory=dict)
    missed: list[Happening] = field(default_factory=list)


def play(spec: ScenarioSpec, folder: Path, kinds: Mapping[str, Kind]) -> Played:
    """Play the scenario; folders in it are relative to ``folder``. Raises Invalid for what a commit asks wrongly."""
    return run(_Stage(spec, folder, kinds).play())


class _Stage:
    def __init__(self, spec: ScenarioSpec, folder: Path, kinds: Mapping[str, Kind]) -> None:
        self.spec = spec
        self.played = Played(missed=list(spec.happens))
        clock = LoopClock(BEGINS)
        hosts = SimWorld(clock, takes=spec.change_takes, told=self._hosts_say)
        self.fleet = Fleet(hosts, spec.seed)
        hosts.ails, hosts.whose = self.fleet.ails, self.fleet.whose
        routers = SimRouters(clock, self.fleet.member_serves, self._balancer_says)
        journal = MemoryJournal(self._heard)
        self.figures = Figures(journal)
        self.around = Surroundings(
            clock=clock,
            journal=journal,
            hosts=hosts,
            routers=routers,
            metrics=SimMetrics(self.figures.answer),
            hooks=SimHooks(),
            commits=SimCommits(),
            kinds=stated(kinds),
        )
        self.repository = Repository(folder / spec.repository, kinds, dict(spec.deployed))
        self.controller = Controller(self.around)
        self.acts = Acts(self.around, self.fleet, self.figures, self.controller, self.repository)
        self.acts.say, self.acts.folder = self._say, folder
        self.moments = Moments(spec.happens, self._comes)
        self.down: dict[UnitId, int] = {}
        self.over: dict[UnitId, timedelta] = {}
        self.written = BEGINS
        self.coming: list[asyncio.Task[None]] = []

    async def play(self) -> Played:
        await self._before()
        this = asyncio.current_task()
        living = asyncio.create_task(self.controller.live(lambda: (*self.coming, *((this,) if this else ()))))
        self.coming += [asyncio.create_task(self._at(each, each.at or timedelta(0))) for each in self._timed()]
        try:
            await self._until_the_end(living)
        finally:
            others = asyncio.all_tasks() - {this}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        await self._end()
        return self.played

    def _timed(self) -> Iterator[Happening]:
        yield from (each for each in self.spec.happens if each.at is not None)
        if not any(each.commit for each in self.spec.happens):
            yield Happening.model_validate({"at": "0s", "commit": {}})

    async def _before(self) -> None:
        """What runs when the story begins: good, and ours."""
        desired = self.acts.checked(self.repository.commit())
        if not self.spec.fresh:
            self.fleet.learn(desired)
            await self._deployed(desired)
        if self.spec.deployed or self.spec.fresh:
            self.repository.versions.clear()

    async def _deployed(self, desired: Desired) -> None:
        for unit in desired.units.values():
            for resource in unit.resources:
                self.around.hosts.state.setdefault(resource.id.target, {})[resource.id] = resource
            owned = tuple(Owned(resource=resource, created=True) for resource in unit.resources)
            good = VerdictGiven(
                unit=unit.id, digest=unit.digest, verdict=Verdict.GOOD, reason="deployed", commit=unit.commit
            )
            events: list[Event] = [good, SnapshotTaken(unit=unit), ResourcesApplied(unit=unit.id, applied=owned)]
            self.around.journal.know(desired.contents)
            await self.around.journal.append(events, BEGINS)
        self.around.commits.come(desired)

    async def _at(self, happening: Happening, wait: timedelta) -> None:
        await self.around.clock.sleep(wait)
        self.played.missed = [each for each in self.played.missed if each is not happening]
        await self.acts.do(happening)
        self._measure()
        self.controller.ring()

    def _comes(self, happening: Happening) -> None:
        self.coming.append(asyncio.create_task(self._at(happening, happening.after)))

    async def _until_the_end(self, living: asyncio.Task[None]) -> None:
        while self.around.clock.now() - BEGINS < self.spec.limit:
            await asyncio.wait([living], timeout=LOOKS_EVERY.total_seconds())
            if living.done():
                living.result()
            if self.controller.at_rest and not self._to_come() and self._nothing_more():
                return
        self._say("", f"the story is cut off here (limit {format_duration(self.spec.limit)})")

    def _to_come(self) -> bool:
        for task in self.coming:
            if task.done():
                task.result()
        return any(not task.done() for task in self.coming)

    def _nothing_more(self) -> bool:
        review = self.controller.review
        found = [each.waiting for each in review.assessments if each.waiting] if review else []
        if any(each.reason is Reason.WINDOW and each.until for each in found):
            return False  # It opens, however long that takes.
        waits = (
            review is None
            or bool(review.interrupted)
            or any((each.waiting and each.waiting.until) or each.unseen for each in review.assessments)
        )
        return not waits or self.around.clock.now() - self.written > NOTHING_MORE

    def _heard(self, entry: Entry) -> None:
        if entry.at > BEGINS or isinstance(entry.event, RolloutMoved):
            self.written = entry.at
        text = transcript.told(entry.event)
        unit = getattr(entry.event, "unit", None)
        if text and not (entry.at == BEGINS and isinstance(entry.event, VerdictGiven)):
            self.played.lines.append(transcript.line(entry.at - BEGINS, str(unit or ""), text))
        if isinstance(entry.event, RolloutMoved):
            self.over[entry.event.unit] = entry.at - BEGINS
        self.moments.heard(entry.event, self.around.journal)

    def _say(self, about: str, text: str) -> None:
        self.played.lines.append(transcript.line(self.around.clock.now() - BEGINS, about, text))

    def _hosts_say(self, what: str, target: str, transaction: Transaction | None) -> None:
        if what in ("changes", "done", "lost"):
            self._measure()

    def _balancer_says(self, name: str) -> None:
        self._measure()

    def _measure(self) -> None:
        """Keep the worst availability, and notice the weights that moments wait for."""
        for known in self.fleet.units.values():
            unit = known[0]
            out = len(unit.targets) - self.fleet.available(unit, self.around.routers)
            self.down[unit.id] = max(self.down.get(unit.id, 0), out)
            self.moments.weighs(unit.id, self.fleet.share(unit, unit.version, self.around.routers))

    async def _end(self) -> None:
        standing = await self.around.journal.standing()
        desired = self.around.commits.newest.desired
        for unit in desired.units.values() if desired else ():
            known = standing.of(unit.id)
            self.played.ended[unit.id] = Ended(
                unit=unit,
                rollout=known.rollout or known.last,
                versions=self.fleet.versions(unit),
                down=self.down.get(unit.id, 0),
                took=self.over.get(unit.id, timedelta(0)),
            )
