"""The daemon's life: take the state folder, wire, loop; on SIGHUP once more from the settings; on SIGTERM leave."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.api.webhooks import webhooks
from reconciler.daemon.door import keep_door
from reconciler.daemon.evidence import reading
from reconciler.daemon.forges import Forging, forging
from reconciler.daemon.lifetime import lifetime
from reconciler.daemon.logs import log, set_up
from reconciler.daemon.loop import Parts, loop
from reconciler.daemon.pull_requests import Wording
from reconciler.daemon.pulse import Pulse
from reconciler.daemon.routes_watch import RoutesSeen, RoutesWatch
from reconciler.daemon.settings import Settings, SettingsError
from reconciler.daemon.sightings import keep_sightings
from reconciler.daemon.systemd import notify
from reconciler.daemon.traced import passing
from reconciler.daemon.vigil import Vigil
from reconciler.daemon.wake import every, on, touched
from reconciler.daemon.watch import Watch
from reconciler.daemon.wiring import Acting, acting
from reconciler.daemon.world import World
from reconciler.desired.remote import remote
from reconciler.desired.watch import changes
from reconciler.ports.journal import JournalUnavailable

BROKEN_RESTS = timedelta(minutes=1)
FIRST_LOOK = timedelta(seconds=3)
"""So long Git may take before the first pass: what came while nobody was here must not look like drift from then."""


async def serve(settings: Settings, reload: Callable[[], Settings], wording: Wording) -> None:
    """Run until SIGTERM or SIGINT; raise AlreadyRunning when another process has the state folder.

    ``wording`` is how pull requests are told.
    """
    stop, again = asyncio.Event(), asyncio.Event()
    with _signals({signal.SIGTERM: stop.set, signal.SIGINT: stop.set, signal.SIGHUP: again.set}):
        while not stop.is_set():
            again.clear()
            await _until_either(settings, stop, again, wording)
            if again.is_set() and not stop.is_set():
                settings = _reloaded(settings, reload)


async def _until_either(settings: Settings, stop: asyncio.Event, again: asyncio.Event, wording: Wording) -> None:
    async with (
        acting(settings) as parts,
        lifetime(parts.sources, stop.is_set),
        _watching(settings, parts) as world,
        forging(settings, parts.foresight, parts.past, wording) as forges,
        reading(parts.sources),
        asyncio.TaskGroup() as group,
    ):
        leave, pulse = asyncio.Event(), Pulse(parts.world.clock)
        look = group.create_task(refreshed(parts))
        watchers = [look, *(group.create_task(each) for each in _watchers(settings, parts))]
        # What one unit has there is not all that is to be watched there: passes decide that.
        vigil = Vigil(world.journal, parts.world.targets, world.clock)
        watchers += [group.create_task(pulse.feed()), group.create_task(vigil.keep(parts.wake.ring))]
        keeping = keep_sightings(parts.watchable, parts.sightings, world.clock)
        watchers.append(group.create_task(keeping))
        hooks = webhooks(forges.webhooks)
        watchers.append(group.create_task(keep_door(settings, parts, pulse, [hooks])))
        watchers += [group.create_task(each) for each in _of_forges(forges, parts)]
        told = {stop: "STOPPING=1", again: "RELOADING=1"}
        watchers += [group.create_task(_passing_on(each, word, leave, parts)) for each, word in told.items()]
        await asyncio.wait([look], timeout=FIRST_LOOK.total_seconds())
        notify("READY=1", "STATUS=looking at the fleet for the first time")
        log.info("ready", git=remote(settings.git.url).shown, branch=settings.git.branch, state=str(settings.state_dir))
        timed = partial(passing, parts.sources.recorder)
        await loop(Parts(world, parts.hands, parts.wake, vigil, timed), pulse, leave)
        for watcher in watchers:
            watcher.cancel()


@asynccontextmanager
async def _watching(settings: Settings, parts: Acting) -> AsyncIterator[World]:
    """Have hosts watch themselves for the time of the block, if that is wanted; the world is the one for passes."""
    period = settings.drift.watch_period
    if period is None:
        yield parts.world
        return
    world = parts.world
    watch = Watch(parts.watchable, lambda: world.commits.targets, parts.wake.ring, period, world.clock)
    seen = RoutesSeen(world.routers)
    routes = RoutesWatch(lambda: world.commits.newest.desired, seen, parts.wake.ring, world.clock)
    keeping = asyncio.create_task(routes.keep(), name="routes watch")
    try:
        yield replace(world, targets=watch, routers=seen)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await watch.close()


async def _passing_on(event: asyncio.Event, word: str, leave: asyncio.Event, parts: Acting) -> None:
    await event.wait()
    notify(word)
    leave.set()
    parts.wake.ring()


def _watchers(settings: Settings, parts: Acting) -> Iterator[Coroutine[Any, Any, None]]:
    clock, repository = parts.world.clock, Path(settings.git.url)

    async def look_at_fleet() -> None:
        parts.wake.ring()

    async def look_at_git() -> None:
        await refreshed(parts)

    yield every(settings.drift.interval, look_at_fleet, clock)
    yield every(settings.git.poll, look_at_git, clock)
    yield on(lambda: touched(settings.state_dir / "wake"), look_at_fleet, clock)
    # A person may have let a rewritten branch by. Beside the pass: a remote that hangs holds up no other decision.
    yield on(lambda: touched(settings.state_dir / "wake"), look_at_git, clock)
    if repository.is_dir():
        yield on(lambda: changes(repository), look_at_git, clock)
    yield _try_broken_again(parts)


def _of_forges(forges: Forging, parts: Acting) -> Iterator[Coroutine[Any, Any, None]]:
    yield forges.look_when_rung(partial(refreshed, parts))
    if forges.requests:
        yield forges.requests.keep()


async def refreshed(parts: Acting) -> None:
    """Ask Git what is new, beside the passes; ring when it says something else than before, and for approvals there.

    A commit does not wait for the approvals to be read.
    """
    before = parts.world.commits.newest
    try:
        try:
            await parts.world.commits.refresh()
        finally:
            if parts.world.commits.newest != before:
                parts.wake.ring()
        if await parts.approvals.take():
            parts.wake.ring()
    except JournalUnavailable as error:
        log.error("what Git says cannot be written down now; it is looked at again later", error=str(error))


async def _try_broken_again(parts: Acting) -> None:
    """A bug may have been a passing one; but never try in a circle."""
    while True:
        await parts.world.clock.sleep(BROKEN_RESTS)
        parts.hands.broken.clear()


def _reloaded(settings: Settings, reload: Callable[[], Settings]) -> Settings:
    try:
        settings = reload()
    except SettingsError as error:
        log.error("the new settings are wrong; going on with the old ones", reason=str(error))
        return settings
    set_up(settings.log)
    log.info("settings read again")
    return settings


@contextmanager
def _signals(actions: dict[signal.Signals, Callable[[], None]]) -> Iterator[None]:
    running = asyncio.get_running_loop()
    for number, action in actions.items():
        running.add_signal_handler(number, action)
    try:
        yield
    finally:
        for number in actions:
            running.remove_signal_handler(number)
