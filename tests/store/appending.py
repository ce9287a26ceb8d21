"""``python -m tests.store.appending JOURNAL``: writes entries until it is killed, and says when it has begun."""

import asyncio
import sys
from pathlib import Path

from reconciler.model.event import Paused, Resumed
from reconciler.store.journal import SqliteStore
from tests.factory import NOW, SHOP


async def write(path: Path) -> None:
    """Write one entry after the other, sometimes several at once."""
    store = await SqliteStore.open(path)
    paused, resumed = Paused(unit=SHOP, author="ann", reason="x"), Resumed(unit=SHOP, author="ann", reason="y")
    while True:
        await asyncio.gather(store.append([paused], NOW), store.append([resumed, paused, resumed], NOW))
        sys.stdout.write("more\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1])))
