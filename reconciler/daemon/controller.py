"""Who we are to hosts and other controllers: an id that lasts as long as the state folder, and this machine's name."""

import re
import socket
from pathlib import Path

from reconciler.ports.clock import Clock
from reconciler.providers.transaction.holder import Holder

_FILE = "controller"
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def controller(state_dir: Path, known_from: Path, clock: Clock) -> Holder:
    """Return who we are; an id that ``known_from`` does not have yet is made and kept in ``state_dir``.

    The two differ only for a person who looks beside the daemon, and has to look as the daemon does.
    """
    name = _NOT_IN_A_NAME.sub("-", socket.gethostname()).strip(".-_") or "unnamed"
    return Holder(_kept(known_from) or _kept(state_dir) or _made(state_dir, clock), name[:100])


def known_controller(state_dir: Path) -> str:
    """Return the id of the controller with that state folder, ``unnamed`` before it was first there."""
    return _kept(state_dir) or "unnamed"


def _kept(folder: Path) -> str | None:
    try:
        return (folder / _FILE).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _made(folder: Path, clock: Clock) -> str:
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    made = f"ctl-{clock.new_id()}"
    new = folder / f"{_FILE}.new"
    new.write_text(f"{made}\n", encoding="utf-8")
    new.replace(folder / _FILE)
    return made
