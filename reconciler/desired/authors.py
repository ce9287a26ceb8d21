"""Who wrote what a commit brings: addresses of authors, committers and co-authors, read from the mirror."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.desired.git_line import GitLine
from reconciler.ports.source import SourceError

MOST = 2000
"""Of more commits than these nobody can say who wrote them; that is said, and nobody is taken for a stranger."""

_REMEMBERED = 1000
_ADDRESS = re.compile(r"<([^<>\s]+)>")
_FORMAT = "--format=%x00%ae%n%ce%n%(trailers:key=Co-authored-by,valueonly)"


@dataclass(frozen=True, slots=True)
class GitAuthors:
    """Reads authors once for each pair of commits. ``folders`` are those that count, ``.`` for all."""

    git: GitLine
    folders: Sequence[str]
    _known: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict, repr=False, compare=False)

    async def authors(self, commit: str, since: str) -> frozenset[str]:
        """Return the addresses, in small letters, of who wrote what came after ``since`` up to the commit.

        Where ``since`` is empty it is what the commit brought to its first parent. Raises SourceError when that cannot
        be told.
        """
        key = (commit, since)
        if key not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = await self._read(commit, since or await self._parent(commit))
        return self._known[key]

    async def _read(self, commit: str, since: str) -> frozenset[str]:
        # All of them: what was undone again, or was merged, was written by somebody.
        paths = () if "." in self.folders else tuple(f":(top,literal){folder.strip('/')}" for folder in self.folders)
        told = await self.git(
            f"cannot read who wrote {commit[:12]}",
            *("log", "--full-history", "--no-show-signature", f"--max-count={MOST + 1}", _FORMAT),
            *("--end-of-options", commit, *((f"^{since}",) if since else ()), "--", *paths),
        )
        found = told.decode(errors="replace").split("\0")[1:]
        if len(found) > MOST:
            raise SourceError(f"there are more than {MOST} commits since {since[:8]}: too many to say who wrote them")
        return frozenset(address.casefold() for each in found for address in addresses(each))

    async def _parent(self, commit: str) -> str:
        what = f"cannot read the history of {commit[:12]}"
        told = await self.git(what, "rev-list", "--parents", "--max-count=1", "--end-of-options", commit, "--")
        _, *parents = told.decode("ascii").split()
        return parents[0] if parents else ""


def addresses(commit: str) -> Sequence[str]:
    """Return the addresses that git told of a commit: the author's, the committer's, those in its trailers."""
    author, committer, *others = commit.splitlines()
    named = [address for line in others for address in _ADDRESS.findall(line)]
    return [each.strip() for each in (author, committer, *named) if each.strip()]
