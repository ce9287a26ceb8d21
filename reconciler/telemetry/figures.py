"""All figures at one moment: what was counted, and what is read now. As Prometheus' text, or to be sent on."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from prometheus_client import Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

from reconciler.model.record import Picture
from reconciler.telemetry import table
from reconciler.telemetry.fleet import fleet
from reconciler.telemetry.meter import Meter
from reconciler.telemetry.sample import Sample

TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one daemon. ``beside`` reads what is no part of a picture of the fleet: the journal, the loop."""

    meter: Meter
    beside: Callable[[], Awaitable[Sequence[Sample]]]

    async def text(self, picture: Picture, more: Iterable[Sample] = ()) -> bytes:
        """Return them in the text format of Prometheus (0.0.4), ``more`` among them; raise JournalUnavailable."""
        samples = [*await self.beside(), *more]
        return await asyncio.to_thread(self._text, picture, samples)

    async def collected(self, picture: Picture) -> Sequence[Metric]:
        """Return them by figure; raise JournalUnavailable."""
        samples = await self.beside()
        return await asyncio.to_thread(lambda: list(_Both(self.meter, [*samples, *fleet(picture)]).collect()))

    def _text(self, picture: Picture, samples: Sequence[Sample]) -> bytes:
        return generate_latest(_Both(self.meter, [*samples, *fleet(picture)]))


@dataclass(frozen=True, slots=True)
class _Both:
    """What prometheus_client takes for a registry: it asks it for its metrics and for nothing else."""

    meter: Meter
    samples: Sequence[Sample]

    def collect(self) -> Iterator[Metric]:
        yield from self.meter.registry.collect()
        yield from families(self.samples)


def families(samples: Iterable[Sample]) -> Iterator[Metric]:
    """Yield the samples by figure, each figure once."""
    made = {figure.name: partial(GaugeMetricFamily, figure.exposed, figure.told) for figure in table.SHOWN}
    found: dict[str, GaugeMetricFamily] = {}
    for sample in samples:
        figure = sample.figure
        if figure.name not in found:
            found[figure.name] = made[figure.name](labels=figure.labels)
        found[figure.name].add_metric(sample.labels, float(sample.value))
    yield from found.values()
