"""Counts what happens, since the daemon began, in a registry of its own."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, disable_created_metrics

from reconciler.ports.errors import WorldError
from reconciler.telemetry import table
from reconciler.telemetry.table import Figure

# A second series beside each counter says when it began; process_start_time_seconds says it for all.
disable_created_metrics()  # type: ignore[no-untyped-call]

_WORDS = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(slots=True)
class Taking:
    """How something that is timed ended, in one word; ``ok`` unless somebody says otherwise."""

    outcome: str = "ok"


class Meter:
    """The figures of ``table.COUNTED``. Every method returns at once and may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        for figure in table.COUNTED:
            if figure.sort == "counter":
                self._counters[figure.name] = Counter(
                    figure.exposed, figure.told, figure.labels, registry=self.registry
                )
            else:
                self._histograms[figure.name] = Histogram(
                    figure.exposed, figure.told, figure.labels, buckets=figure.buckets, registry=self.registry
                )
        # A rate of what has never happened is 0 and not nothing.
        for outcome in ("accepted", "refused"):
            self.add(table.COMMITS, outcome, many=0)
        for signal in ("traces", "metrics", "logs"):
            self.add(table.DROPPED, signal, many=0)

    def add(self, figure: Figure, *labels: str, many: int = 1) -> None:
        """Count so many more; ``labels`` are their values in the order of the figure's."""
        counter = self._counters[figure.name]
        (counter.labels(*labels) if labels else counter).inc(many)

    def observe(self, figure: Figure, seconds: float, *labels: str) -> None:
        """Take one duration into account."""
        histogram = self._histograms[figure.name]
        (histogram.labels(*labels) if labels else histogram).observe(max(0.0, seconds))

    @contextmanager
    def timed(self, figure: Figure, *labels: str) -> Iterator[Taking]:
        """Take into account how long the block takes, in the running loop's time; with how it ended, if it says that.

        An error of the world is told by its name (``timed_out``), a bug as ``failed``.
        """
        time, taking = asyncio.get_running_loop().time, Taking()
        began = time()
        try:
            yield taking
        except BaseException as error:
            if taking.outcome == "ok":
                taking.outcome = _word(error)
            raise
        finally:
            ended = (*labels, taking.outcome) if "outcome" in figure.labels else labels
            self.observe(figure, time() - began, *ended)


def _word(error: BaseException) -> str:
    if isinstance(error, WorldError):
        return _WORDS.sub("_", type(error).__name__).lower()
    return "cancelled" if isinstance(error, asyncio.CancelledError) else "failed"
