"""The desk that a command asks: the daemon's, or the journal itself where no daemon answers."""

import os
import pwd
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from reconciler.cli.options import Reach
from reconciler.model.access import Identity, Login

if TYPE_CHECKING:
    from reconciler.model.asking import Request, Ruling
    from reconciler.model.assessment import Review
    from reconciler.model.identity import UnitId
    from reconciler.ports.desk import Doorway

MAX_AUTHOR = 64


@asynccontextmanager
async def at_desk(reach: Reach) -> "AsyncIterator[Doorway]":
    """Open the doorway for the time of the block; raises SettingsError, JournalUnavailable."""
    from reconciler.daemon.doorway import on_journal
    from reconciler.daemon.settings import Settings

    async with on_journal(Settings.load(reach.config)) as doorway:
        yield doorway


class Reviews(Protocol):
    """What tells what would be done."""

    async def review(self, revision: str | None) -> "Review":
        """Return what would follow from the revision, or from the newest commit; raise SourceError, NothingToDo."""
        ...


@asynccontextmanager
async def reviewing(reach: Reach) -> AsyncIterator[Reviews]:
    """Open what tells what would be done, also where nobody has kept the fleet yet; raises as above."""
    from reconciler.daemon.settings import Settings
    from reconciler.daemon.wiring import looking

    async with looking(Settings.load(reach.config)) as look:
        yield look


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
