"""Counts what the journal says from now on. It begins anew with each process, as Prometheus expects of counters."""

from datetime import timedelta

from reconciler.daemon.sources import Sources
from reconciler.daemon.telling_past import Past
from reconciler.model.change import Cause
from reconciler.model.deed import NoticeDropped
from reconciler.model.event import Assessed, CommitAccepted, CommitRefused, Event, Healed, RolloutMoved, StepEnded
from reconciler.model.identity import UnitId
from reconciler.model.record import Entry
from reconciler.model.rollout import ENDS, State
from reconciler.model.word import AccessRefused
from reconciler.telemetry import table
from reconciler.telemetry.story import HALTS, Story, left_open

_READ = frozenset(
    {
        *("step_ended", "rollout_moved", "assessed", "healed", "commit_accepted", "commit_refused"),
        *("access_refused", "notice_dropped"),
    }
)
_BATCH = 500
_SELDOM = timedelta(minutes=1)


class Counts:
    """Reads the journal from the end it had at first."""

    def __init__(self, sources: Sources) -> None:
        self._store = sources.store
        self._meter = sources.recorder.meter
        self._bell = sources.news.reader()
        self._past = Past(sources.store)
        self._number: int | None = None
        self._drifted: dict[UnitId, frozenset[str]] = {}
        self._expected: set[str] = set()
        self._following = sources.world.commits

    async def keep(self) -> None:
        """Count until cancelled."""
        if self._number is None:
            standing = await self._store.standing()
            known = {unit: each.assessed for unit, each in standing.units.items() if each.assessed}
            self._drifted = {unit: frozenset(each.drifted) for unit, each in known.items()}
            for unit in known:
                self._expect(unit.environment)
            self._number = await self._store.history.newest()
        while True:
            for entry in (entries := await self._store.told.since(self._number, _READ, _BATCH)):
                await self._count(entry)
                self._number = entry.number
            self._expect_channels()
            if len(entries) < _BATCH:
                await self._bell.heard(_SELDOM)

    def _expect(self, environment: str) -> None:
        """Show what must not happen as 0 before it does: of a series that begins with 1 nobody sees the increase."""
        if environment in self._expected:
            return
        self._expected.add(environment)
        for cause in Cause:
            for outcome in (State.REVERTED, State.REVERT_FAILED):
                self._meter.add(table.ROLLOUTS, environment, cause.value, outcome.value, many=0)

    def _expect_channels(self) -> None:
        desired = self._following.newest.desired
        for channel in desired.notifications.channels if desired else ():
            self._meter.add(table.NOTICES_DROPPED, channel, many=0)

    async def _count(self, entry: Entry) -> None:
        event = entry.event
        match event:
            case StepEnded(record=record):
                took = (record.ended_at or entry.at) - record.started_at
                sort = await self._past.sort(event.rollout, record)
                self._meter.observe(table.STEP_DURATION, took.total_seconds(), sort, record.state.value)
            case RolloutMoved() if State(event.after) in HALTS:
                await self._count_halt(entry, event)
            case _:
                self._count_plainly(event)

    def _count_plainly(self, event: Event) -> None:
        meter = self._meter
        match event:
            case Assessed(unit=unit):
                self._expect(unit.environment)
                drifted = frozenset(event.drifted)
                if new := drifted - self._drifted.get(unit, frozenset()):
                    meter.add(table.DRIFT_FOUND, unit.environment, many=len(new))
                self._drifted[unit] = drifted
            case Healed(unit=unit):
                meter.add(table.DRIFT_HEALED, unit.environment, many=len(event.mended))
            case CommitAccepted():
                meter.add(table.COMMITS, "accepted")
            case CommitRefused():
                meter.add(table.COMMITS, "refused")
            case AccessRefused():
                meter.add(table.ACCESS_REFUSED)
            case NoticeDropped():
                meter.add(table.NOTICES_DROPPED, event.channel)
            case _:
                pass

    async def _count_halt(self, entry: Entry, event: RolloutMoved) -> None:
        meter, past = self._meter, self._past
        # One that went well has left no step open, and nothing had to be restored.
        moves = () if event.after == State.SUCCEEDED else await past.moves(event.rollout)
        for started, at, _ in left_open(moves):
            if at.number == entry.number:
                took = (entry.at - started.record.started_at).total_seconds()
                meter.observe(table.STEP_DURATION, took, await past.sort(event.rollout, started.record), "failed")
        rollout = await past.rollout(event.rollout) if event.after in ENDS else None
        if rollout is None:
            return
        environment, outcome = event.unit.environment, event.after
        meter.add(table.ROLLOUTS, environment, rollout.cause.value, outcome)
        meter.observe(table.ROLLOUT_DURATION, (entry.at - rollout.started_at).total_seconds(), environment, outcome)
        failed_at = Story(rollout, moves, ()).failed_at
        if outcome == State.REVERTED and failed_at:
            meter.observe(table.RESTORE_DURATION, (entry.at - failed_at).total_seconds(), environment)
