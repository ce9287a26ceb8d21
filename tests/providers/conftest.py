"""Shells to try scripts on, dash and busybox, each with a home of its own."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import unavailable
from tests.kinds import host
from tests.providers.local_shell import DASH, LocalShell
from tests.providers.machine import Machine, release


@pytest.fixture
def home() -> Iterator[Path]:
    """A home in memory where that can be had.

    No test cuts the power, and on a busy disk every fsync takes its time; busybox cannot be kept from its own ``sync``.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="rcl-home-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder) / "home"


@pytest.fixture(scope="session")
def programs() -> Iterator[Path]:
    with host.home() as folder:
        yield folder


@pytest.fixture(params=["dash", "busybox"])
def shell(request: pytest.FixtureRequest, home: Path, programs: Path) -> LocalShell:
    if request.param == "dash":
        return LocalShell(home, *DASH)
    found = host.shell("busybox", programs)
    if found is None:
        unavailable("busybox-static cannot be had here")
        raise AssertionError
    return LocalShell(home, found.command, found.programs)


@pytest.fixture
def machine(shell: LocalShell, tmp_path: Path) -> Machine:
    tars = {
        "one": release(tmp_path / "one.tar", {"bin/shop": b"one"}),
        "two": release(tmp_path / "two.tar", {"bin/shop": b"two"}),
    }
    return Machine(shell, tars)
