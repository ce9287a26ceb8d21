"""A simulated fleet: what is on each target, and what goes wrong with it when."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from reconciler.model.ground import Ground, Running
from reconciler.model.health import CheckResult, ExecCheck, HealthCheck, HidingCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.model.target import Target, all_or_nothing
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Busy, Halfway, Refused, Stale, Unreachable
from reconciler.ports.targets import Transaction


class Fault(StrEnum):
    """What can go wrong with one call."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    DIES_BEFORE = "dies before the effect"
    DIES_AFTER = "dies after the effect"
    GOES_AWAY = "dies after the effect, and is down from then on"
    RUNS_ON = "the connection is lost, the effect comes later"
    CUT_OFF = "the connection is lost, the effect is half-way"
    HALFWAY = "a part of it is done and stays, the rest is refused"


RUNS_FOR = timedelta(seconds=20)
"""How long after the loss of the connection what runs on takes effect."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A transaction that took effect."""

    at: datetime
    target: str
    id: str


def nothing_ails(target: str, check: HealthCheck) -> str | None:
    """Find every target well."""
    return None


def nobody_knows(target: str, check: HealthCheck) -> UnitId | None:
    """Know no unit."""
    return None


def nobody_listens(what: str, target: str, transaction: Transaction | None) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class SimWorld:
    """Implements ``ports.targets.Targets``. What is no host does what it is asked for one by one, and again when asked.

    ``faults`` are those of the next calls to ``apply`` by target, first to last; ``down`` are targets nobody reaches;
    ``unhealthy`` are attribute values that make every check fail on the target that has them;
    ``repeats`` are transactions that were asked for again after they had taken effect (what only takes away may be);
    ``foreign`` has the newest token of another controller by target. A change takes ``takes``; ``stopped`` are targets
    on which the app was stopped. ``whose`` says of which unit a check is, ``ails`` why a check fails beside that.
    ``told`` hears "seen", "unseen", "begins", "changes", "done" and "lost" as they happen.
    """

    clock: Clock
    state: dict[str, dict[ResourceId, Resource]] = field(default_factory=dict)
    faults: dict[str, list[Fault | None]] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    unhealthy: set[str] = field(default_factory=set)
    effects: list[Applied] = field(default_factory=list)
    repeats: list[Applied] = field(default_factory=list)
    foreign: dict[str, int] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    takes: timedelta = timedelta(0)
    stopped: set[str] = field(default_factory=set)
    changing: dict[str, frozenset[UnitId]] = field(default_factory=dict)
    whose: Callable[[str, HealthCheck], UnitId | None] = nobody_knows
    ails: Callable[[str, HealthCheck], str | None] = nothing_ails
    told: Callable[[str, str, Transaction | None], None] = nobody_listens
    _running: dict[str, tuple[datetime, Target, Transaction]] = field(default_factory=dict)
    _halves: dict[str, tuple[str, dict[ResourceId, Resource]]] = field(default_factory=dict)
    _known: dict[str, set[str]] = field(default_factory=dict)

    async def survey(self, host: Target, resources: Sequence[Resource]) -> Survey:
        """Look; of a target that is down nothing is known."""
        self.calls.append(("survey", host.name))
        self._run_on(host.name)
        self.told("unseen" if host.name in self.down else "seen", host.name, None)
        seen = {resource.id: self._seen(host, resource) for resource in resources}
        tells = host.name not in self.down and all_or_nothing(host)
        return Survey(seen, grounds={host.name: self._ground(host.name)} if tells else {})

    async def apply(self, host: Target, transaction: Transaction) -> None:
        """Do it, or fail as the next fault says."""
        self.calls.append(("apply", host.name))
        self.told("begins", host.name, transaction)
        try:
            await self._apply(host, transaction)
        except Unreachable:
            self.told("lost", host.name, transaction)
            raise
        self.told("done", host.name, transaction)

    async def _apply(self, host: Target, transaction: Transaction) -> None:
        planned = self.faults.get(host.name, [])
        fault = planned.pop(0) if planned else None
        if host.name in self.down or fault is Fault.UNREACHABLE:
            raise Unreachable(f"cannot reach {host.name}: no route to host")
        if fault is Fault.REFUSED:
            raise Refused(f"{host.name} refused: the disk is full")
        if fault is Fault.DIES_BEFORE:
            raise Unreachable(f"lost the connection to {host.name}")
        self._run_on(host.name)
        self._lock(host.name, transaction)
        if fault is Fault.RUNS_ON:
            self._running[host.name] = (self.clock.now() + RUNS_FOR, host, transaction)
            raise Unreachable(f"lost the connection to {host.name}")
        if fault in (Fault.CUT_OFF, Fault.HALFWAY):
            self._take_half_effect(host, transaction, fault)
        if self.takes:
            await self._take_time(host, transaction)
        self._take_effect(host, transaction)
        if fault is Fault.GOES_AWAY:
            self.down.add(host.name)
        if fault in (Fault.DIES_AFTER, Fault.GOES_AWAY):
            raise Unreachable(f"lost the connection to {host.name}")

    async def check(self, host: Target, check: HealthCheck) -> CheckResult:
        """Answer as the values there are."""
        self.calls.append(("check", host.name))
        self._run_on(host.name)
        check = check.plain if isinstance(check, HidingCheck) else check
        there = host.name not in self.down
        if there and isinstance(check, ExecCheck) and check.command == ("true",):
            return CheckResult(healthy=True, detail="exit 0")
        unit = self.whose(host.name, check)
        trouble = self.trouble(host.name, check.slot, unit) or self.ails(host.name, check)
        return CheckResult(healthy=not trouble, detail=trouble or "HTTP 200", asked=there)

    def trouble(self, target: str, slot: str = "", unit: UnitId | None = None) -> str | None:
        """Return why the unit, or that slot of it, does not answer well on the target; None when it does."""
        if target in self.down:
            return "no route to host"
        changing = self.changing.get(target)
        if target in self.stopped or (changing is not None and (unit is None or unit in changing)):
            return "connection refused"
        there = self.state.get(target, {}).values()
        texts = (one.attributes.values() for one in there if one.slot in ("", slot))
        values = {value for each in texts for value in each if isinstance(value, str)}
        bad = values & self.unhealthy
        return f"HTTP 500 ({min(map(str, bad))})" if bad else None

    def looks(self) -> Mapping[str, Mapping[str, object]]:
        """Return the whole fleet as plain values, to compare two of them."""
        return {
            name: {one.id.ref: dict(one.attributes) for one in there.values()} for name, there in self.state.items()
        }

    def cut_off(self, target: str, transaction: str) -> None:
        """Leave a change of that name half-way: everything there is gone until it is taken back."""
        self._halves[target] = (transaction, self.state.pop(target, {}))

    def _take_half_effect(self, host: Target, transaction: Transaction, fault: Fault) -> None:
        """A host takes its half back before anything else is done there; of anything else it stays."""
        there = self.state.setdefault(host.name, {})
        if all_or_nothing(host):
            self._halves[host.name] = (transaction.id, dict(there))
        there.update({one.id: one for one in transaction.after[:1]})
        if fault is Fault.HALFWAY and not all_or_nothing(host):
            raise Halfway(f"{host.name} did a part of it: the rest was refused")
        raise Unreachable(f"lost the connection to {host.name}")

    async def _take_time(self, host: Target, transaction: Transaction) -> None:
        """A change goes on when nobody listens any more; it is half-way when the target goes away meanwhile."""
        target, over = host.name, self.clock.now() + self.takes
        self.changing[target] = frozenset(one.id.unit for one in transaction.after if not one.slot)
        self.told("changes", target, transaction)
        try:
            await self.clock.sleep(self.takes)
        except asyncio.CancelledError:
            self._running[target] = (over, host, transaction)
            raise
        finally:
            self.changing.pop(target, None)
        if target in self.down:
            if all_or_nothing(host):
                self._halves[target] = (transaction.id, dict(self.state.setdefault(target, {})))
            raise Unreachable(f"lost the connection to {target}")

    def _run_on(self, target: str) -> None:
        if target in self._running and self._running[target][0] <= self.clock.now():
            _, host, transaction = self._running.pop(target)
            self._take_effect(host, transaction)

    def _lock(self, target: str, transaction: Transaction) -> None:
        if target in self._running:
            raise Busy(f"{target}: another change runs there")
        if transaction.fence is not None and self.foreign.get(target, 0) > transaction.fence:
            raise Stale(f"{target}: ctl-b (host x) has changed this host since it was looked at; look again")
        if target in self._halves:
            self.state[target] = self._halves.pop(target)[1]

    def _ground(self, target: str) -> Ground:
        running = self._running.get(target)
        return Ground(
            fence=self.foreign.get(target, 0),
            interrupted=(self._halves[target][0],) if target in self._halves else (),
            running=Running(transaction=running[2].id, ours=True, by="us") if running else None,
        )

    def _seen(self, host: Target, resource: Resource) -> Observation:
        if host.name in self.down:
            return Unknown(f"cannot reach {host.name}")
        there = self.state.get(host.name, {}).get(resource.id)
        if there is None:
            return Absent()
        stopped = host.name in self.stopped and "running" in there.attributes
        return Present({**there.attributes, "running": False} if stopped else there.attributes)

    def _take_effect(self, host: Target, transaction: Transaction) -> None:
        target = host.name
        known = self._known.setdefault(target, set())
        if transaction.id in known and all_or_nothing(host):
            if transaction.after:
                self.repeats.append(Applied(self.clock.now(), target, transaction.id))
            return
        known.add(transaction.id)
        there = self.state.setdefault(target, {})
        gone = [each for each in there if each.ref in transaction.removed]
        for each in gone:
            del there[each]
        there.update({one.id: one for one in transaction.after})
        if transaction.after:
            self.stopped.discard(target)
        elif transaction.operations and not transaction.removed:
            self.stopped.add(target)
        self.effects.append(Applied(self.clock.now(), target, transaction.id))
