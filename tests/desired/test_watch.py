"""A commit wakes the loop within a second, wherever its refs are kept."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.desired.watch import changes, git_folder
from reconciler.ports.source import SourceError
from tests.desired.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "fleet")
    repository.commit("first")
    return repository


async def started(path: Path) -> tuple[AsyncIterator[None], "asyncio.Task[None]"]:
    """Watch, and be sure that the watch is on: a ref that is moved until it is seen."""
    watch = changes(path)
    first = asyncio.ensure_future(anext(watch))
    probe = git_folder(path) / "refs" / "heads" / "probe"
    for number in range(200):
        await asyncio.to_thread(probe.write_text, f"{number}")
        done, _ = await asyncio.wait([first], timeout=0.05)
        if done:
            break
    await first
    probe.unlink()
    await asyncio.wait_for(anext(watch), 5)
    return watch, asyncio.ensure_future(anext(watch))


@pytest.mark.parametrize("how", ["a work tree", "a bare repository", "another work tree of it"])
async def test_a_commit_is_seen_within_a_second(repository: Repository, tmp_path: Path, how: str) -> None:
    paths = {
        "a work tree": repository.path,
        "a bare repository": tmp_path / "bare",
        "another work tree of it": tmp_path / "w",
    }
    repository.git("worktree", "add", "--quiet", "-b", "other", str(tmp_path / "w"))
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    watch, seen = await started(paths[how])

    if how == "a bare repository":
        repository.commit("second")
        await asyncio.to_thread(repository.git, "push", "--quiet", str(tmp_path / "bare"), "main")
    else:
        await asyncio.to_thread(repository.commit, "second")

    await asyncio.wait_for(seen, 1)
    await watch.aclose()  # type: ignore[attr-defined]


async def test_packed_refs_are_seen(repository: Repository) -> None:
    watch, seen = await started(repository.path)

    await asyncio.to_thread(repository.git, "pack-refs", "--all")

    await asyncio.wait_for(seen, 1)
    await watch.aclose()  # type: ignore[attr-defined]


def test_a_folder_that_is_no_repository_is_told(tmp_path: Path) -> None:
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / ".git").write_text("gitdir: /nowhere\n")

    for folder in (tmp_path, tmp_path / "none", tmp_path / "wrong"):
        with pytest.raises(SourceError, match="is not a Git repository"):
            git_folder(folder)
