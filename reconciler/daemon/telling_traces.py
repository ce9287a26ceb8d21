"""Sends traces. What the journal knows is read from there, from where it was sent last: the journal is the queue."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from reconciler.daemon.logs import log
from reconciler.daemon.sources import Sources
from reconciler.daemon.telling_past import Past
from reconciler.daemon.telling_sent import Signal
from reconciler.model.event import RolloutMoved, StepEnded
from reconciler.model.record import Entry
from reconciler.model.rollout import ENDS, State
from reconciler.telemetry import table
from reconciler.telemetry.span import Span
from reconciler.telemetry.story import HALTS, cut, left_open, root, step

READER = "traces"
OLDEST = timedelta(hours=1)
"""What a collector has not taken for so long is not sent any more: one that takes nothing must not hold up the new."""

GATHER = timedelta(seconds=1)
"""So long it is waited for more before the next request."""

_READ = frozenset({"step_ended", "rollout_moved"})
_BATCH = 200
_SELDOM = timedelta(seconds=15)
_SOON, _LATER = timedelta(seconds=2), timedelta(minutes=1)


class Traces:
    """Sends the spans of rollouts and steps, each when it has ended, and those of passes and calls beside them.

    A span that was sent and not written down as sent, because we were killed, is sent again: it has the same ids.
    """

    def __init__(self, sources: Sources, signal: Signal) -> None:
        self._sources = sources
        self._store, self._recorder = sources.store, sources.recorder
        self._clock = sources.world.clock
        self._signal = signal
        self._bell = sources.news.reader()
        self._past = Past(sources.store)

    async def keep(self) -> None:
        """Send until cancelled."""
        number = await self._store.readers.at(READER)
        if number is None:
            number = await self._store.history.newest()
            await self._store.readers.put(READER, number)
        while True:
            entries = await self._store.told.since(number, _READ, _BATCH)
            since = self._clock.now() - OLDEST
            told = [span for entry in entries if entry.at >= since for span in await self._spans(entry)]
            if beside := [*told, *self._recorder.taken()]:
                await self._sent(beside, entries[-1].at if entries else self._clock.now())
            if entries:
                number = entries[-1].number
            if told:
                await self._store.readers.put(READER, number)
            if len(entries) < _BATCH:
                await self._bell.heard(_SELDOM)
                await self._clock.sleep(GATHER)

    async def _spans(self, entry: Entry) -> Sequence[Span]:
        event = entry.event
        match event:
            case StepEnded():
                return [step(event, await self._past.sort(event.rollout, event.record))]
            case RolloutMoved() if State(event.after) in HALTS:
                return await self._halted(entry, event)
            case _:
                return []

    async def _halted(self, entry: Entry, event: RolloutMoved) -> Sequence[Span]:
        found = [
            cut(started, await self._past.sort(event.rollout, started.record), at.at, reason)
            for started, at, reason in left_open(await self._past.moves(event.rollout))
            if at.number == entry.number
        ]
        if event.after in ENDS and (story := await self._past.story(event)):
            found.append(root(story, self._recorder.began_by(event.rollout)))
        return found

    async def _sent(self, spans: Sequence[Span], newest: datetime) -> None:
        rest, meter = _SOON, self._recorder.meter
        while not await self._signal.send(lambda collector: collector.spans(spans)):
            if self._signal.hopeless or self._clock.now() - newest > OLDEST:
                meter.add(table.DROPPED, "traces", many=len(spans))
                why = "it will never take them" if self._signal.hopeless else "it has taken none for an hour"
                log.error("traces are thrown away by what the collector says", spans=len(spans), reason=why)
                return
            await self._clock.sleep(self._clock.jitter(rest))
            rest = min(2 * rest, _LATER)
