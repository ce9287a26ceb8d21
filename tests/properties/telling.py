"""A tale told: played on a simulated fleet, and what was against the rules in it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from reconciler.model.analysis import Query
from reconciler.model.change import Cause
from reconciler.model.event import (
    AbortRequested,
    DecisionTaken,
    Event,
    Paused,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    SnapshotTaken,
    VerdictGiven,
)
from reconciler.model.health import HealthCheck
from reconciler.model.policy import BlueGreen
from reconciler.model.rollout import Decided, Decision, Rollout, State
from reconciler.model.target import Sort, Target
from reconciler.model.traffic import Member
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason
from reconciler.ports.errors import Unreachable
from reconciler.ports.metrics import NoData, Reading, Value
from reconciler.simulate.answers import SimHooks, SimMetrics
from reconciler.simulate.commits import SimCommits
from reconciler.simulate.controller import Controller, Surroundings
from reconciler.simulate.journal import MemoryJournal
from reconciler.simulate.loop import LoopClock, run
from reconciler.simulate.routers import SimRouters
from reconciler.simulate.world import Fault, SimWorld
from tests import factory
from tests.factory import SHOP
from tests.properties.kind import KINDS
from tests.properties.referee import Referee
from tests.properties.requests import at_the_end, left_alone, spared
from tests.properties.tale import CHECK, Tale, contents, desired, shop

HORIZON = timedelta(hours=3)
QUIET = timedelta(seconds=2)
PATIENCE = 10
DECIDED_BY_PEOPLE = {Reason.PROMOTION, Reason.APPROVAL, Reason.ANALYSIS, Reason.UNCLEAR}
DECISIONS = {
    "promote": Decided.PROMOTE,
    "fully": Decided.PROMOTE_FULLY,
    "approve": Decided.APPROVE,
    "reject": Decided.REJECT,
}


@dataclass(frozen=True)
class Told:
    """How it ended: what is on each host, and what was against the rules.

    ``state`` is that of the newest rollout that somebody asked for: a crash may leave requests for a heal to send.
    """

    versions: dict[str, str]
    state: State | None
    verdicts: dict[str, Verdict]
    rollouts: int
    wrong: tuple[str, ...]
    transcript: tuple[str, ...]


def told(tale: Tale) -> Told:
    """Play the tale from its beginning to its end."""
    return run(_Stage(tale).play())


def _asked_for(journal: MemoryJournal) -> State | None:
    asked = [each for each in journal.rollouts.values() if each.cause is not Cause.DRIFT]
    return max(asked, key=lambda each: (each.started_at, each.id)).state if asked else None


class _Stage:
    def __init__(self, tale: Tale) -> None:
        self.tale = tale
        self.chance = Random(tale.seed)
        self.asked = 0
        clock = LoopClock(factory.NOW)
        self.referee = Referee(watches=not tale.reloads)
        journal = MemoryJournal(self.referee.heard)
        self.referee.journal = journal
        hosts = SimWorld(clock, takes=tale.takes, told=self.referee.told, ails=self._ails)
        hosts.faults = {host: list(faults) for host, faults in tale.faults.items()}
        self.around = Surroundings(
            clock=clock,
            journal=journal,
            hosts=hosts,
            routers=SimRouters(clock, self._serves, lambda _: None),
            metrics=SimMetrics(self._figure),
            hooks=SimHooks(),
            commits=SimCommits(),
            kinds=KINDS,
        )
        self.referee.routers = self.around.routers
        self.controller = Controller(self.around, tale.deaths)

    async def play(self) -> Told:
        await self._before()
        this = asyncio.current_task()
        living = asyncio.create_task(self.controller.live(lambda: [this]))
        try:
            for at, act in sorted(self._acts(), key=lambda each: each[0]):
                await self._until(at, living)
                await act()
                self.controller.ring()
            await self._rest(living)
            await self._end()
        finally:
            living.cancel()
            others = asyncio.all_tasks() - {this}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        return await self._told()

    async def _until(self, at: timedelta, living: asyncio.Task[None]) -> None:
        wait = (factory.NOW + at - self.around.clock.now()).total_seconds()
        await asyncio.wait([living], timeout=max(0.0, wait))
        if living.done():
            living.result()

    async def _rest(self, living: asyncio.Task[None]) -> None:
        """Until nothing more follows by itself, or for so long that nothing more will."""
        while self.around.clock.now() < factory.NOW + HORIZON:
            await asyncio.wait([living], timeout=QUIET.total_seconds())
            if living.done():
                living.result()
            if self.controller.at_rest and not self._waits():
                return
            await self._decided()
        self.referee.wrong.append("it never came to an end")

    async def _decided(self) -> None:
        """Somebody decides what waits for a person, after a while and some way or other."""
        rollout = (await self.around.journal.standing()).of(SHOP).rollout
        waiting = rollout.waiting if rollout else None
        if waiting is None or waiting.reason not in DECIDED_BY_PEOPLE:
            self.asked = 0
            return
        self.asked += 1
        if self.asked % PATIENCE == 0:
            say = self.chance.choice(
                ("promote", "promote", "approve", "approve", "approve", "fully", "reject", "abort")
            )
            await self._say(say, self.chance.choice(("ann", "bob")))
            self.controller.ring()

    def _waits(self) -> bool:
        review = self.controller.review
        if review is None:
            return True
        restless = ((each.waiting and each.waiting.until) or each.unseen for each in review.assessments)
        return bool(review.interrupted) or any(restless)

    async def _before(self) -> None:
        if self.tale.fresh:
            return
        unit = shop(self.tale, "1")
        self.around.hosts.state = {
            host: {one.id: one for one in unit.resources if one.id.target == host} for host in self.tale.hosts
        }
        good = VerdictGiven(unit=SHOP, digest=unit.digest, verdict=Verdict.GOOD, reason="", commit=unit.commit)
        owned = tuple(Owned(resource=one, created=True) for one in unit.resources)
        self.around.journal.know(contents(unit))
        await self.around.journal.append(
            [good, SnapshotTaken(unit=unit), ResourcesApplied(unit=SHOP, applied=owned)], factory.NOW
        )

    def _acts(self):
        for at, version in self.tale.commits:
            yield at, self._act(self.around.commits.come, desired(self.tale, version))
        for one in self.tale.away:
            yield one.since, self._act(self.around.hosts.down.add, one.host)
            yield one.until, self._act(self.around.hosts.down.discard, one.host)
        for at in self.tale.reloads:
            yield at, self._act(self.around.routers.reload, "lb-1")
        for said in self.tale.persons:
            yield said.at, lambda what=said.what: self._say(what)

    def _act(self, do, *args):
        async def act() -> None:
            do(*args)

        return act

    async def _say(self, what: str, author: str = "ann") -> None:
        who = {"author": author, "reason": "so"}
        rollout = (await self.around.journal.standing()).of(SHOP).rollout
        event: Event
        match what:
            case "pause" | "pause everything":
                event = Paused(unit=SHOP if what == "pause" else None, **who)
            case "resume" | "resume everything":
                event = Resumed(unit=SHOP if what == "resume" else None, **who)
            case "retry":
                event = RetryRequested(unit=SHOP, **who)
            case _ if rollout is None:
                return
            case "abort" | "leave":
                event = AbortRequested(unit=SHOP, rollout=rollout.id, leave=what == "leave", **who)
            case _:
                event = self._decision(DECISIONS[what], rollout, author)
        await self.around.journal.append([event], self.around.clock.now())

    def _decision(self, decided: Decided, rollout: Rollout, author: str) -> Event:
        now = self.around.clock.now()
        about = {"rollout": rollout.id, "plan": rollout.plan, "index": rollout.cursor}
        return DecisionTaken(unit=SHOP, decision=Decision(decided=decided, at=now, author=author, reason="so", **about))

    def _ails(self, target: str, check: HealthCheck) -> str | None:
        version = self._version(target, check.slot)
        return "HTTP 500" if target in self.tale.sick.get(version, ()) else None

    def _serves(self, member: Member) -> bool:
        check = replace(CHECK, slot=member.slot)
        if self._version(member.target, member.slot) == "nothing":
            return False
        return not (self.around.hosts.trouble(member.target, member.slot) or self._ails(member.target, check))

    def _side(self, member: Member, targets: Mapping[str, Target]) -> tuple[Sort, str]:
        strategy, sort = self.tale.policy.strategy, self.tale.sort(member.target)
        here = {name for name in self.tale.hosts if self.tale.sort(name) is sort}
        two = len({targets[name].labels["side"] for name in here}) > 1
        by_label = targets[member.target].labels["side"] if isinstance(strategy, BlueGreen) and two else ""
        return sort, member.slot or by_label

    def _figure(self, query: Query) -> Reading:
        """A figure is bad as soon as anybody has the version that makes it so."""
        there = {self._version(host, slot) for host in self.tale.hosts for slot in self.tale.slots or ("",)}
        kinds = {self.tale.figures.get(version, "good") for version in there}
        if "away" in kinds:
            raise Unreachable("cannot reach prometheus: no route to host")
        return NoData("no series") if "none" in kinds else Value(0.2 if "bad" in kinds else 0.01)

    def _version(self, target: str, slot: str | None = None) -> str:
        there = self.around.hosts.state.get(target, {}).values()
        of_slot = [one for one in there if slot is None or one.slot in ("", slot)]
        # A slot that is not there yet answers for nobody, whatever else is.
        if slot and not any(one.slot == slot for one in of_slot):
            return "nothing"
        versions = {str(one.attributes["version"]).partition(" ")[0] for one in of_slot if not slot or one.slot}
        return versions.pop() if len(versions) == 1 else "nothing" if not versions else "mixed"

    async def _end(self) -> None:
        """What holds when nothing more follows."""
        standing = (await self.around.journal.standing()).of(SHOP)
        wrong = self.referee.wrong
        if self.around.hosts.repeats:
            wrong.append(f"asked for twice: {self.around.hosts.repeats[0]}")
        versions = {self._version(host, slot) for host in self.tale.hosts for slot in self.tale.slots or (None,)}
        found = next(iter(self.controller.review.assessments)) if self.controller.review else None
        if found is None:
            wrong.append("nobody ever passed")
            return
        untold = standing.rollout is None and not found.waiting and not found.rejected and found.in_sync
        if len(versions) > 1 and (untold or standing.assessed is None):
            wrong.append(f"versions {sorted(versions)}, and nobody says so: {standing.assessed}")
        if found.plan and found.plan.changes and not found.waiting:
            wrong.append(f"the last pass plans {len(found.plan.changes)} changes")
        failures = [each for rollout in self.around.journal.rollouts.values() for each in rollout.failures]
        unclear = {each.target for each in failures if not each.known}
        if found.waiting and found.waiting.reason in (Reason.REJECTED, Reason.HELD):
            # A host takes back what was cut off there. An API keeps its part, and what is held is left as it is.
            cut = {name for name, faults in self.tale.faults.items() if Fault.CUT_OFF in faults}
            unclear |= {name for name in cut if self.tale.sort(name) is not Sort.HOST}
        if any(self._version(name) == "mixed" for name in {*self.tale.hosts} - unclear if not self.tale.slots):
            wrong.append("a host is half-way")
        if self.tale.routed and not (found.waiting and self.tale.reloads):
            unit, hosts = shop(self.tale, "1"), desired(self.tale, "1").targets
            sides = {one: self._side(one, hosts) for one in unit.traffic.members}
            well = [one for one in sides if self._serves(one)]
            wrong += at_the_end(unit.traffic, standing, self.around.routers, sides)
            wrong += left_alone(standing, sides, well, spared(standing, self.around.journal.plans, unit.traffic))
        held = standing.rollout or found.waiting
        newest = self.tale.commits[-1][1]
        if not held and versions not in ({newest}, {self._good(standing)}):
            wrong.append(f"ends with {sorted(versions)}, neither new nor good, and nothing is told")

    def _good(self, standing) -> str:
        return standing.last_good.unit.version if standing.last_good else "nothing"

    async def _told(self) -> Told:
        standing = (await self.around.journal.standing()).of(SHOP)
        return Told(
            versions={host: self._version(host) for host in self.tale.hosts},
            state=_asked_for(self.around.journal),
            verdicts={each.commit: each.verdict for each in standing.verdicts.values()},
            rollouts=len(self.around.journal.rollouts),
            wrong=tuple(self.referee.wrong),
            transcript=tuple(f"{entry.at:%H:%M:%S} {_line(entry.event)}" for entry in self.around.journal.entries),
        )


def _line(event: Event) -> str:
    parts = (getattr(event, name, None) for name in ("before", "after", "what", "detail", "reason", "verdict"))
    return " ".join([event.event, *(str(part) for part in parts if part)])
