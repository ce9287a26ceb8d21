"""What reads the journal beside the loop: the record, notices, telemetry. None of it is waited for by what decides."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

from reconciler.daemon.auditing import auditing
from reconciler.daemon.logs import log
from reconciler.daemon.notifying import notifying
from reconciler.daemon.sources import Keeping, Sources
from reconciler.daemon.telling import telling
from reconciler.ports.journal import JournalUnavailable

TRY_AGAIN = timedelta(seconds=5)


@asynccontextmanager
async def reading(sources: Sources) -> AsyncIterator[None]:
    """Have every reader read for the time of the block."""
    tasks = [asyncio.create_task(_kept(name, keep, sources), name=name) for name, keep in _readers(sources)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _readers(sources: Sources) -> Iterator[tuple[str, Keeping]]:
    yield from auditing(sources)
    yield from notifying(sources)
    yield from telling(sources)


async def _kept(name: str, keep: Keeping, sources: Sources) -> None:
    while True:
        try:
            await keep()
            return
        except JournalUnavailable as error:
            log.error("the journal cannot be read now; it is tried again", reader=name, error=str(error))
        except Exception as error:  # noqa: BLE001 - a bug of a reader must not end the daemon, which keeps the fleet
            log.error("internal error: a reader of the journal has ended; it begins again", reader=name, exc_info=error)
        await sources.world.clock.sleep(TRY_AGAIN)
