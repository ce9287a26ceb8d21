import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.api.world import World, opened, prepared


@pytest.fixture(scope="session")
def prepared_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    asyncio.run(prepared(folder))
    return folder


@pytest.fixture
async def world(tmp_path: Path, prepared_once: Path) -> AsyncIterator[World]:
    shutil.copytree(prepared_once, tmp_path, dirs_exist_ok=True)
    async with opened(tmp_path) as made:
        yield made


@pytest.fixture
def running(tmp_path: Path, prepared_once: Path) -> Iterator[tuple[asyncio.Runner, World]]:
    """A world for tests that are not themselves asynchronous, with what runs it."""
    shutil.copytree(prepared_once, tmp_path, dirs_exist_ok=True)
    with asyncio.Runner() as runner:
        context = opened(tmp_path)
        yield runner, runner.run(context.__aenter__())
        runner.run(context.__aexit__(None, None, None))
