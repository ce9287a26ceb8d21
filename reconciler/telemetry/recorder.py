"""Spans of what the journal does not know: passes, and calls of targets. They wait here, not for ever and not all."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.ports.clock import Clock
from reconciler.telemetry import table
from reconciler.telemetry.meter import Meter, Taking
from reconciler.telemetry.span import Context, Span, Value, below, of_id, of_rollout, of_transaction, parsed

ROOM = 4096
"""So many spans wait at most; then the oldest is thrown away, and counted."""

WAKES_FOR = timedelta(minutes=1)
"""So long after somebody came with a trace of theirs a pass that begins something counts as theirs."""

SLOW = timedelta(seconds=5)
"""A pass that takes longer is told of, though it did nothing."""

_ROLLOUTS = 4096

# What a call of a host is a part of. Only telemetry reads it: it tells no one else anything.
_within: ContextVar[Context | None] = ContextVar("within", default=None)


@dataclass(slots=True)
class _Pass:
    context: Context
    began: datetime
    rollouts: list[str] = field(default_factory=list)


class Recorder:
    """Remembers spans until they are taken. ``wanted`` is False where nobody takes them: then they only are timed."""

    def __init__(self, clock: Clock, meter: Meter, *, wanted: bool) -> None:
        self.meter = meter
        self._clock = clock
        self._wanted = wanted
        self._spans: deque[Span] = deque()
        self._pass: _Pass | None = None
        self._wakers: deque[tuple[datetime, Context]] = deque(maxlen=16)
        self._began_by: OrderedDict[str, tuple[Context, ...]] = OrderedDict()

    def taken(self) -> list[Span]:
        """Return what is there, once."""
        spans, self._spans = list(self._spans), deque()
        return spans

    def woken(self, traceparent: str) -> None:
        """Somebody came with this W3C ``traceparent``, and the next pass may be because of it."""
        if self._wanted and (context := parsed(traceparent)):
            self._wakers.append((self._clock.now(), context))

    def began(self, rollout: str) -> None:
        """The pass under way has begun a rollout."""
        if not self._wanted or self._pass is None:
            return
        self._pass.rollouts.append(rollout)
        self._began_by[rollout] = (self._pass.context, *self._recent())
        while len(self._began_by) > _ROLLOUTS:
            self._began_by.popitem(last=False)

    def began_by(self, rollout: str) -> tuple[Context, ...]:
        """Return the pass that began a rollout, and who woke it; nothing when this process did not begin it."""
        return self._began_by.get(rollout, ())

    @contextmanager
    def passing(self) -> Iterator[Taking]:
        """Time a pass. It is told of when it began something, failed, or was slow: most do nothing."""
        self._pass = passing = _Pass(of_id(self._clock.new_id()), self._clock.now())
        with self.meter.timed(table.PASS_DURATION) as taking:
            try:
                yield taking
            except Exception as error:
                self._passed(passing, taking, str(error))
                raise
            self._passed(passing, taking, None)

    @contextmanager
    def applying(self, transaction: str, target: str) -> Iterator[None]:
        """Time a transaction on a target; calls of hosts within are below it."""
        step = of_transaction(transaction) if self._wanted else None
        if step is None:
            yield
            return
        context = below(step, self._clock.new_id())
        token = _within.set(context)
        try:
            with self._spanned("apply target", context, step, {"reconciler.target": target}):
                yield
        finally:
            _within.reset(token)

    @contextmanager
    def calling(self, operation: str, host: str) -> Iterator[None]:
        """Time a call of a host over SSH."""
        within = _within.get()
        with self.meter.timed(table.SSH_DURATION, operation):
            if within is None or not self._wanted:
                yield
                return
            context = below(within, self._clock.new_id())
            said: dict[str, Value] = {"server.address": host, "network.protocol.name": "ssh"}
            with self._spanned(f"ssh {operation}", context, within, said):
                yield

    @contextmanager
    def _spanned(self, name: str, context: Context, parent: Context, said: dict[str, Value]) -> Iterator[None]:
        began, failed = self._clock.now(), None
        try:
            yield
        except BaseException as error:
            said["error.type"] = type(error).__name__
            failed = str(error)
            raise
        finally:
            span = Span(
                name=name,
                context=context,
                parent=parent,
                began=began,
                ended=self._clock.now(),
                attributes=said,
                failed=failed,
                outward=True,
            )
            self._keep(span)

    def _passed(self, passing: _Pass, taking: Taking, failed: str | None) -> None:
        self._pass = None
        ended = self._clock.now()
        wrong = failed is not None and taking.outcome != "nothing"
        if not self._wanted or not (passing.rollouts or wrong or ended - passing.began > SLOW):
            return
        links = (*self._recent(), *(of_rollout(each) for each in passing.rollouts))
        if passing.rollouts:
            self._wakers.clear()
        span = Span(
            name="pass",
            context=passing.context,
            began=passing.began,
            ended=ended,
            attributes={"reconciler.rollouts": len(passing.rollouts)},
            links=tuple(links),
            failed=failed if wrong else None,
        )
        self._keep(span)

    def _recent(self) -> tuple[Context, ...]:
        since = self._clock.now() - WAKES_FOR
        return tuple(context for at, context in self._wakers if at >= since)

    def _keep(self, span: Span) -> None:
        if len(self._spans) >= ROOM:
            self._spans.popleft()
            self.meter.add(table.DROPPED, "traces")
        self._spans.append(span)
