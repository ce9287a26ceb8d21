"""Hosts that are folders, and every shell that a host may have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import unavailable
from tests.kinds.host import Sh, home, shell


@pytest.fixture(scope="session")
def programs_for_everybody() -> Iterator[Path]:
    with home() as folder:
        yield folder


@pytest.fixture(params=["dash", "bash", "busybox"])
def sh(request: pytest.FixtureRequest, programs_for_everybody: Path) -> Sh:
    found = shell(request.param, programs_for_everybody)
    if found is None:
        unavailable(f"the machine has no {request.param}")
        raise AssertionError
    return found


@pytest.fixture
def root() -> Iterator[Path]:
    with home() as folder:
        yield folder
