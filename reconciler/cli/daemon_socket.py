"""The Unix socket of the daemon of this machine, if it is at work and answers there."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from reconciler.daemon.exclusive import is_held
from reconciler.daemon.settings import Settings

PATIENCE = 2.0
"""Seconds that a daemon of the same machine may take to let somebody in."""


@dataclass(frozen=True, slots=True)
class DaemonSocket:
    """Where it is; ``ours`` says that we are its owner, or root: the daemon then does for us whatever it can."""

    path: Path
    ours: bool


async def socket_of(settings: Settings) -> DaemonSocket | None:
    """Return the socket if somebody is at work and lets us in; None when the journal has to do."""
    path = settings.api.socket_in(settings.state_dir)
    if path is None or is_held(settings.state_dir) is False:
        return None
    try:
        owner = path.stat().st_uid
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_unix_connection(str(path))
    except (OSError, TimeoutError):
        # None there, a dead one, or one that is not for us: the journal says itself whether we may use it.
        return None
    writer.close()
    return DaemonSocket(path, os.geteuid() in (0, owner))
