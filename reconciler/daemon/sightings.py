"""What was seen is written down beside the passes, for those who ask from another process."""

from datetime import timedelta

from reconciler.daemon.logs import log
from reconciler.ports.clock import Clock
from reconciler.ports.journal import JournalUnavailable
from reconciler.ports.sightings import SightingLog
from reconciler.providers.remembering import Remembering

PERIOD = timedelta(seconds=1)
"""How much later than it was seen something is written down, at most, while the journal can be used."""


async def keep_sightings(seen: Remembering, kept: SightingLog, clock: Clock) -> None:
    """Write down what was seen, until cancelled. What cannot be written comes again with the next look."""
    while True:
        await clock.sleep(PERIOD)
        await write_down(seen, kept)


async def write_down(seen: Remembering, kept: SightingLog) -> None:
    """Write down what was seen since the last time."""
    taken = seen.taken()
    try:
        if taken.new or taken.again:
            await kept.remember(taken.new, taken.again)
        if taken.facts:
            await kept.put_facts(taken.facts)
    except JournalUnavailable as error:
        log.warning("what was seen cannot be written down now", error=str(error))
