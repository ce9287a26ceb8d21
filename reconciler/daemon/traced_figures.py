"""What a daemon's telemetry is made with: what is timed, and what its journal says of itself."""

from collections.abc import Sequence
from importlib.metadata import version

from reconciler.daemon.telemetry_settings import TelemetrySettings
from reconciler.ports.clock import Clock
from reconciler.store.journal import SqliteStore
from reconciler.telemetry.figures import Figures
from reconciler.telemetry.meter import Meter
from reconciler.telemetry.own import Own, own
from reconciler.telemetry.recorder import Recorder
from reconciler.telemetry.sample import Sample


def recorder(settings: TelemetrySettings, clock: Clock) -> Recorder:
    """Return what remembers spans, where somebody takes them, and counts."""
    return Recorder(clock, Meter(), wanted=bool(settings.otlp) and settings.traces)


def figures(meter: Meter, store: SqliteStore, clock: Clock) -> Figures:
    """Return all figures of a daemon with that journal."""

    async def beside() -> Sequence[Sample]:
        journal = await store.figures()
        daemon = Own(
            now=clock.now(),
            version=version("reconciler"),
            newest=journal.newest,
            size=journal.size,
            deliveries=journal.deliveries,
            oldest=journal.oldest,
            signed=journal.signed,
            signed_at=journal.signed_at,
        )
        return tuple(own(daemon))

    return Figures(meter, beside)
