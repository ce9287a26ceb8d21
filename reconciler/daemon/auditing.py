"""Puts together what reads the journal for the record: it is signed, archived and sent on."""

from collections.abc import Iterator

from reconciler.daemon.archiving import archiving
from reconciler.daemon.checkpoints import Checkpoints, sign_or_tell
from reconciler.daemon.sending import sending
from reconciler.daemon.sources import Keeping, Sources


def auditing(sources: Sources) -> Iterator[tuple[str, Keeping]]:
    """Yield the name of each reader, and what reads until it is cancelled."""
    yield "checkpoints", _signing(sources)
    yield from sending(sources)
    yield from archiving(sources)


def _signing(sources: Sources) -> Keeping:
    clock, every = sources.world.clock, sources.settings.audit.checkpoint
    checkpoints = Checkpoints(sources.settings, sources.store.checkpoints, clock)

    async def keep() -> None:
        while True:
            await clock.sleep(every)
            await sign_or_tell(checkpoints)

    return keep
