"""Something happened to the refs of a local repository: a hint that wakes the loop, never more than that."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from watchfiles import Change, awatch

from reconciler.ports.source import SourceError

_TOGETHER_MS = 200
_STEP_MS = 50


async def changes(repository: Path) -> AsyncIterator[None]:
    """Yield soon after refs of a local repository have changed: bare or not, a work tree or the folder of one.

    Changes that come together are yielded once. Raises SourceError when there is no repository, or no longer.
    """
    folder = await asyncio.to_thread(git_folder, repository)
    try:
        async for _ in awatch(
            folder,
            watch_filter=_About(folder),
            debounce=_TOGETHER_MS,
            step=_STEP_MS,
            ignore_permission_denied=True,
        ):
            yield
    except OSError as error:
        raise SourceError(f"cannot watch {folder}: {error.strerror or error}") from error
    raise SourceError(f"{folder} can no longer be watched")


def git_folder(repository: Path) -> Path:
    """Return the folder that holds the refs of a repository; raise SourceError when it is none."""
    try:
        inner = repository / ".git"
        if inner.is_file():
            inner = repository / inner.read_text().removeprefix("gitdir:").strip()
        folder = inner if inner.is_dir() else repository
        common = folder / "commondir"
        if common.is_file():
            folder = folder / common.read_text().strip()
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return folder.resolve()
    except OSError as error:
        raise SourceError(f"cannot read the Git repository {repository}: {error.strerror}") from error
    raise SourceError(f"{repository} is not a Git repository")


class _About:
    """Whether a changed file holds refs; locks and objects do not."""

    def __init__(self, folder: Path) -> None:
        self.refs = tuple(f"{folder}/{name}/" for name in ("refs", "reftable"))
        self.files = {f"{folder}/HEAD", f"{folder}/packed-refs"}

    def __call__(self, _change: Change, path: str) -> bool:
        return (path.startswith(self.refs) or path in self.files) and not path.endswith(".lock")
