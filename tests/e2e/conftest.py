"""The worlds in which the real program is tried: loopback hosts of a test's own, and a repository."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.loopback import serving
from tests.e2e.world import World


@contextmanager
def made_world(folder: Path, *names: str) -> Iterator[World]:
    """Have a world for the time of the block; fixtures of a module or a test are made of it."""
    with serving(folder / "fleet", names) as there:
        yield World(folder, there, names)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One host, web-1, and nothing to do yet."""
    with made_world(tmp_path, "web-1") as made:
        yield made


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[World]:
    """Two hosts, web-1 and web-2, and nothing to do yet."""
    with made_world(tmp_path, "web-1", "web-2") as made:
        yield made
