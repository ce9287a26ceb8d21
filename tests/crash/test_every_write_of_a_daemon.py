"""The real daemon is killed before or after every single write of its journal; the next one comes to the same end."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import made_world
from tests.e2e.documents import check, file
from tests.e2e.world import LIMIT, World

WRITES_AT_LEAST = 6
WRITES_AT_MOST = 60
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with made_world(tmp_path, "web-1") as made:
        made.settings(drift={"watch": False})
        yield made


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rollout_is_finished_by_the_next_daemon_and_nothing_is_done_twice(world: World, when: str) -> None:
    _commit(world, "0")
    world.settled()
    for number in range(1, WRITES_AT_MOST):
        commit = _commit(world, str(number))
        died = _died(world, when, number, commit)
        said = world.reconciler("run", "--once")
        assert said.status == 0, f"{when} write {number}: {said.text}"
        assert (world.home() / "shop.txt").read_text() == f"{number}\n"
        assert _runs(world) == [str(each) for each in range(number + 1)], f"{when} write {number}"
        assert world.unit()["state"] == "in sync"
        if not died:
            break
    assert WRITES_AT_LEAST < number < WRITES_AT_MOST - 1
    history = world.reconciler("history", "--limit", "100").out
    assert history.count("succeeded") == number + 1, history


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_revert_is_finished_by_the_next_daemon_and_nothing_is_done_twice(world: World, when: str) -> None:
    _commit(world, "good")
    world.settled()
    runs = ["good"]
    for number in range(1, WRITES_AT_MOST):
        commit = _commit(world, f"bad-{number}")
        runs += [f"bad-{number}", "good"]
        died = _died(world, when, number, commit)
        said = world.reconciler("run", "--once")
        assert said.status in (3, 4), f"{when} write {number}: {said.text}"
        assert (world.home() / "shop.txt").read_text() == "good\n"
        assert _runs(world) == runs, f"{when} write {number}"
        assert world.unit()["rejected"], f"{when} write {number}"
        if not died:
            break
    assert WRITES_AT_LEAST < number < WRITES_AT_MOST - 1


def _commit(world: World, version: str) -> str:
    """An app that keeps a list of what was run on the host, and is healthy unless its version begins with bad."""
    note = {"name": "note", "script": f"echo {version} >>{world.home()}/runs", "onChange": ["file:~/shop.txt"]}
    return world.app(file(f"{version}\n"), {"command": note}, version=version, health=[check("! grep -q bad shop.txt")])


def _runs(world: World) -> list[str]:
    return (world.home() / "runs").read_text().split()


def _died(world: World, when: str, number: int, commit: str) -> bool:
    """Run the daemon until it dies at the write; return whether it did, or came to the end without so many writes."""
    with (world.folder / "dying.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.dying", when, str(number)],
            cwd=ROOT,
            env=world.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            world.until(lambda: _over(process) or _at_its_end(world, commit), f"{when} write {number}")
            process.terminate()
            status = process.wait(LIMIT)
        finally:
            process.kill()
    assert status in (0, -signal.SIGKILL), (world.folder / "dying.log").read_text()
    return status != 0


def _over(process: "subprocess.Popen[bytes]") -> bool:
    """Give the process a second to die. Asking the journal more often would cost more than the rollout does."""
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        return False
    return True


def _at_its_end(world: World, commit: str) -> bool:
    unit = world.unit()
    return bool(unit) and unit["rollout"] is None and (world.in_sync_at(commit)() or commit in str(unit["rejected"]))
