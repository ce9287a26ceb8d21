"""Journals in files, made as the daemon would, and read again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

from reconciler.model.event import Event
from reconciler.store.journal import SqliteStore
from tests.cli.examples import NOW, SHOP

Run = Callable[..., Result]


def journal(state: Path, *events: Event) -> None:
    """Make a journal with the events, as the daemon would."""

    async def append() -> None:
        store = await SqliteStore.open(state / "journal.db")
        await store.append(events, NOW)
        await store.close()

    state.mkdir(exist_ok=True)
    asyncio.run(append())


def events_of_shop(state: Path) -> list[Event]:
    async def read() -> list[Event]:
        store = SqliteStore.open_read_only(state / "journal.db")
        entries = await store.history.of_unit(SHOP)
        await store.close()
        return [each.event for each in entries]

    return asyncio.run(read())
