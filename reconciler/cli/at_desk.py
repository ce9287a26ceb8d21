"""The desk that a command asks: the daemon's, or the journal itself where no daemon answers."""

import os
import pwd
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from reconciler.cli.options import Reach
from reconciler.model.access import Identity, Login
from reconciler.model.asking import HERE, Origin

if TYPE_CHECKING:
    from reconciler.daemon.settings import Settings
    from reconciler.model.asking import Request, Ruling
    from reconciler.model.assessment import Review
    from reconciler.model.identity import UnitId
    from reconciler.model.record import Picture
    from reconciler.ports.desk import Desk, Doorway

MAX_AUTHOR = 64


@asynccontextmanager
async def at_desk(reach: Reach) -> "AsyncIterator[Doorway]":
    """Open the doorway for the time of the block: that of the server, of the daemon here, or of its journal.

    Raises Failure, SettingsError, JournalUnavailable.
    """
    if reach.server:
        from reconciler.cli.remote import at_server

        async with at_server(reach.server, reach.token_file, author()) as doorway:
            yield doorway
        return
    from reconciler.daemon.settings import Settings

    settings = Settings.load(reach.config)
    async with AsyncExitStack() as stack:
        yield await _here(settings, stack)


async def _here(settings: "Settings", stack: AsyncExitStack) -> "Doorway":
    """While the daemon is at work, decisions are its own; what may be read here is read here, without a detour."""
    from reconciler.cli.daemon_socket import socket_of
    from reconciler.daemon.doorway import JOURNAL, on_journal

    socket = await socket_of(settings)
    if socket is None:
        return await stack.enter_async_context(on_journal(settings))
    from reconciler.cli.remote import over_socket

    daemon = await stack.enter_async_context(over_socket(socket.path, author()))
    if not os.access(settings.state_dir / JOURNAL, os.R_OK):
        return daemon
    here = await stack.enter_async_context(on_journal(settings))
    outlook = daemon.outlook if socket.ours else here.outlook
    return replace(here, desk=Split(here.desk, daemon.desk), outlook=outlook)


@dataclass(frozen=True, slots=True)
class Split:
    """A desk that reads here and has things decided by the daemon."""

    here: "Desk"
    daemon: "Desk"

    async def picture(self) -> "Picture":
        """Return how everything stands now."""
        return await self.here.picture()

    async def decide(self, request: "Request", who: Identity, origin: Origin = HERE) -> "Ruling":
        """Have what is asked for decided by the daemon, which knows by itself who comes, and from where."""
        return await self.daemon.decide(request, who)

    async def may(self, who: Identity, action: str, unit: "UnitId | None") -> bool:
        """Whether somebody may do that, as the daemon says."""
        return await self.daemon.may(who, action, unit)

    async def took(self, unit: "UnitId") -> "Mapping[str, timedelta]":
        """Return how long each sort of step took."""
        return await self.here.took(unit)


class Reviews(Protocol):
    """What tells what would be done."""

    async def review(self, revision: str | None) -> "Review":
        """Return what would follow from the revision, or from the newest commit; raise SourceError, NothingToDo."""
        ...


@asynccontextmanager
async def reviewing(reach: Reach) -> "AsyncIterator[Reviews]":
    """Open what tells what would be done, also where nobody has kept the fleet yet; raises as above."""
    if not reach.server:
        from reconciler.cli.daemon_socket import socket_of
        from reconciler.daemon.settings import Settings
        from reconciler.daemon.wiring import looking

        settings = Settings.load(reach.config)
        socket = await socket_of(settings)
        if socket is None or not socket.ours:
            async with looking(settings) as look:
                yield look
            return
    async with at_desk(reach) as doorway:
        yield doorway.outlook


async def ask(reach: Reach, text: str, request: "Callable[[UnitId], Request]") -> "Ruling":
    """Have what is asked for about the unit of that name decided; raises Refused, with what to do, and as above."""
    from reconciler.control.named import named

    async with at_desk(reach) as doorway:
        unit = named(text, (await doorway.desk.picture()).standing.units)
        return await doorway.desk.decide(request(unit), me())


async def ask_at_large(reach: Reach, request: "Request") -> "Ruling":
    """Have what is asked for decided; raises Refused, with what to do, and as above."""
    async with at_desk(reach) as doorway:
        return await doorway.desk.decide(request, me())


def me() -> Identity:
    """Return who decides: the person behind sudo, else the login name. The daemon knows better who comes to it."""
    return Identity(name=author(), login=Login.LOCAL, owner=True)


def author() -> str:
    """Return the name of who decides; only letters, digits and ``._-@``."""
    name = os.environ.get("SUDO_USER") or _login()
    kept = "".join(char for char in name if char.isalnum() or char in "._-@")
    return kept[:MAX_AUTHOR] or f"uid-{os.getuid()}"


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
