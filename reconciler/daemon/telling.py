"""Puts together what reads the journal for telemetry: figures are counted, and sent with traces where wanted."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from reconciler.daemon.controller import known_controller
from reconciler.daemon.keeping import own_secrets
from reconciler.daemon.logs import log
from reconciler.daemon.picture import picture
from reconciler.daemon.sources import Keeping, Sources
from reconciler.daemon.telling_counts import Counts
from reconciler.daemon.telling_logs import Logs
from reconciler.daemon.telling_sent import Signal
from reconciler.daemon.telling_traces import Traces
from reconciler.ports.secrets import SecretMissing
from reconciler.telemetry import table
from reconciler.telemetry.sender import Sender

if TYPE_CHECKING:
    from reconciler.telemetry.otlp import Collector

_TICK = timedelta(seconds=1)


def telling(sources: Sources) -> Iterator[tuple[str, Keeping]]:
    """Yield the name of each reader, and what reads until it is cancelled."""
    wanted = sources.settings.telemetry
    yield "counts", Counts(sources).keep
    yield "loop lag", partial(_lag, sources)
    if not wanted.otlp:
        return
    sender = Sender(partial(_collector, sources))
    yield "sender", partial(_held, sender)
    meter = sources.recorder.meter
    if wanted.traces:
        yield "traces", Traces(sources, Signal("traces", sender, meter, wanted.otlp)).keep
    if wanted.metrics:
        yield "figures", partial(_figures, sources, Signal("metrics", sender, meter, wanted.otlp))
    if wanted.logs:
        yield "logs", Logs(sources, Signal("logs", sender, meter, wanted.otlp)).keep


def _collector(sources: Sources) -> "Collector | None":
    # Here, in the thread that sends: it takes a quarter of a second, and most daemons send nothing.
    from reconciler.telemetry.otlp import Collector, Whose  # noqa: PLC0415

    wanted, clock = sources.settings.telemetry, sources.world.clock
    secrets = own_secrets(sources.settings)
    try:
        headers = {name: secrets.value(reference) for name, reference in wanted.headers.items()}
    except SecretMissing as error:
        log.error("nothing is sent to the collector: a secret of telemetry.headers cannot be had", reason=str(error))
        return None
    instance = known_controller(sources.settings.state_dir)
    return Collector(wanted.otlp, headers, Whose(version=version("reconciler"), instance=instance, began=clock.now()))


async def _held(sender: Sender) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        sender.close()


async def _lag(sources: Sources) -> None:
    """Sleep for a second again and again, and see how much longer that was."""
    loop, clock, meter = asyncio.get_running_loop(), sources.world.clock, sources.recorder.meter
    while True:
        began = loop.time()
        await clock.sleep(_TICK)
        meter.observe(table.LOOP_LAG, loop.time() - began - _TICK.total_seconds())


async def _figures(sources: Sources, signal: Signal) -> None:
    clock = sources.world.clock
    while True:
        await clock.sleep(sources.settings.telemetry.every)
        now = clock.now()
        found = await sources.figures.collected(await picture(sources.store, now, at_work=True))
        await signal.send(lambda collector: collector.metrics(found, now))  # noqa: B023 - it is awaited here
