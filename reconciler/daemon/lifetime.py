"""Writes down that the daemon began and ended, and under which settings; signs the record at both."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.metadata import version

from reconciler.daemon.checkpoints import Checkpoints, sign_or_tell
from reconciler.daemon.controller import controller
from reconciler.daemon.logs import log
from reconciler.daemon.settings_told import changed, told
from reconciler.daemon.sources import Sources
from reconciler.model.deed import Started, Stopped
from reconciler.ports.journal import JournalUnavailable


@asynccontextmanager
async def lifetime(sources: Sources, leaving: Callable[[], bool]) -> AsyncIterator[None]:
    """Write down the beginning of the block, and its end in order where the daemon is ``leaving`` then.

    A journal that cannot be written to is told in the log: the fleet is kept until it can, as always.
    """
    checkpoints = Checkpoints(sources.settings, sources.store.checkpoints, sources.world.clock)
    with _told_in_the_log():
        await _append(sources, await _started(sources))
        await sign_or_tell(checkpoints)
    yield
    with _told_in_the_log():
        if leaving():
            await _append(sources, Stopped(reason="it was asked to stop"))
        await sign_or_tell(checkpoints)


@contextmanager
def _told_in_the_log() -> Iterator[None]:
    try:
        yield
    except JournalUnavailable as error:
        log.error("the journal cannot be used now; that the daemon began or ended is not in it", error=str(error))


async def _append(sources: Sources, deed: Started | Stopped) -> None:
    await sources.world.journal.append([deed], sources.world.clock.now())


async def _started(sources: Sources) -> Started:
    settings = sources.settings
    now = told(settings)
    before = await sources.store.history.newest_of(Started)
    holder = controller(settings.state_dir, settings.state_dir, sources.world.clock)
    return Started(
        version=version("reconciler"),
        controller=holder.id,
        settings=now,
        changed=changed(before.settings, now) if before else (),
    )
