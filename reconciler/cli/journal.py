"""The journal as commands use it: opened for one question or one decision, then closed."""

import os
import pwd
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from reconciler.cli.errors import Failure
from reconciler.control.where import decided
from reconciler.daemon.exclusive import is_held
from reconciler.daemon.settings import Settings
from reconciler.model.event import Event
from reconciler.model.record import Picture
from reconciler.providers.clock import SystemClock
from reconciler.store.journal import SqliteStore

JOURNAL = "journal.db"
WAKE = "wake"
MAX_AUTHOR = 64


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[SqliteStore]:
    """Open the journal to look at it; raises JournalUnavailable."""
    store = SqliteStore.open_read_only(settings.state_dir / JOURNAL)
    try:
        yield store
    finally:
        await store.close()


async def picture(store: SqliteStore, state_dir: Path) -> Picture:
    """Return what the journal says now, and whether somebody is at work on it."""
    standing = decided(await store.standing())
    commits = await store.history.commits()
    running = [each.rollout for each in standing.units.values() if each.rollout]
    return Picture(
        standing=standing,
        accepted=commits.accepted,
        refused=commits.refused,
        refused_at=commits.refused_at,
        lost=commits.lost,
        lost_at=commits.lost_at,
        plans=await store.history.plans({each.plan for each in running}),
        now=SystemClock().now(),
        at_work=is_held(state_dir),
    )


async def decide(settings: Settings, events: Sequence[Event]) -> None:
    """Append a person's decision and wake the daemon; raises JournalUnavailable."""
    store = await SqliteStore.open(settings.state_dir / JOURNAL)
    try:
        await store.append(events, SystemClock().now())
    finally:
        await store.close()
    wake(settings.state_dir)


def wake(state_dir: Path) -> None:
    """Touch the file the daemon watches. Without it the decision is seen at the next pass anyway."""
    try:
        (state_dir / WAKE).touch()
    except OSError as error:
        raise Failure(
            f"the decision is in the journal, but the daemon was not woken: cannot touch {state_dir / WAKE}: "
            f"{error.strerror}; it acts on it at its next pass"
        ) from error


def author() -> str:
    """Return who decides: the person behind sudo, else the login name; only letters, digits and ``._-@``."""
    name = os.environ.get("SUDO_USER") or _login()
    kept = "".join(char for char in name if char.isalnum() or char in "._-@")
    return kept[:MAX_AUTHOR] or f"uid-{os.getuid()}"


def _login() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
