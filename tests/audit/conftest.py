"""What tests of the record share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.store.journal import SqliteStore


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = await SqliteStore.open(path)
    yield store
    await store.close()
