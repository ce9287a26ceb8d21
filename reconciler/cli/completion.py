"""What the shell offers while a command line is typed."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from reconciler.daemon.doorway import JOURNAL
from reconciler.daemon.settings import Settings, SettingsError
from reconciler.ports.journal import JournalUnavailable
from reconciler.store.journal import SqliteStore


def units(config: Path | None) -> Sequence[str]:
    """Return the names of all units that the journal knows; none when it or the settings cannot be read."""
    try:
        return asyncio.run(_known(Settings.load(config)))
    except (SettingsError, JournalUnavailable):
        return ()


async def _known(settings: Settings) -> Sequence[str]:
    store = SqliteStore.open_read_only(settings.state_dir / JOURNAL)
    try:
        return await store.history.units()
    finally:
        await store.close()
