from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.daemon.fleet import Fleet, opened


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[Fleet]:
    async with opened(tmp_path) as made:
        yield made
