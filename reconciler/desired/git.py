"""Commits from Git: an own bare mirror, read through the git command line. Work trees never count."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.desired.git_line import GitLine
from reconciler.desired.load import Invalid
from reconciler.model.problem import Problem
from reconciler.ports.source import Commit, SourceError, TooLarge

_BRANCH = "refs/reconciler/branch"
_KEPT = "refs/reconciler/kept"
_ASKED = "refs/reconciler/asked"
_NAME = re.compile(r"\w[\w./+-]*")  # what is a branch, a tag or an id, and nothing more in a refspec
_SIZE_LIMIT = 512 * 1024 * 1024
_LISTING_LIMIT = 64 * 1024 * 1024
_MOST_FILES = 100_000
_SMALL = 64 * 1024
_FACTS = re.compile(rb"([0-7]{6}) [a-z]+ ([0-9a-f]+) +([0-9]{1,18}|-)")
_NOT_PLAIN = {"120000": "a symbolic link", "160000": "a submodule"}


class NotPlain(Invalid, SourceError):
    """A commit whose folders hold something that is not a plain file: it is refused whole, as any other mistake."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    blob: str
    size: int


@dataclass(frozen=True, slots=True)
class GitSource:
    """The branch of a Git repository. ``folders`` are the folders that are read, ``.`` for all.

    Small files that were read last are remembered by their blob, so that the next commit's reading fetches only what is
    new, and gives the very same bytes for what is not.
    """

    git: GitLine
    branch: str
    folders: Sequence[str]
    blobs: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    async def head(self) -> Commit:
        """Fetch, and return the newest commit of the branch; raise SourceError."""
        refspec = f"+refs/heads/{self.branch}:{_BRANCH}"
        await self.git.fetch(f"cannot fetch {self.branch} from {self.git.remote.shown}", refspec)
        return await self.resolve(_BRANCH)

    async def resolve(self, revision: str) -> Commit:
        """Return the commit a revision names: an id, its start, or the branch, as the mirror knows them.

        Any other branch or tag is fetched for this; raise SourceError.
        """
        name = re.match(r"[^~^@]*", revision)
        wanted = _BRANCH + revision[name.end() :] if name and name[0] in (self.branch, "HEAD") else revision
        if wanted.startswith("-") or not wanted.isprintable():
            raise SourceError(f"{revision!r} is not a revision")
        try:
            return await self._commit(revision, wanted)
        except SourceError:
            if wanted != revision or not _NAME.fullmatch(revision):
                raise
        # A branch under review, say: it is not followed, but a person asks for it.
        asked = f"{_ASKED}/{revision.replace('/', '%')}"
        await self.git.fetch(f"there is no commit {revision} in {self.git.remote.shown}", f"+{revision}:{asked}")
        return await self._commit(revision, asked)

    async def read(self, commit: str) -> Mapping[str, bytes]:
        """Return the files of the folders at the commit; raise SourceError, NotPlain for links and submodules.

        A commit that somebody proposes may be made to be endless (folders of folders of the same folder): TooLarge.
        """
        folders = [] if "." in self.folders else [f":(top,literal){folder.strip('/')}" for folder in self.folders]
        listing = await self.git(
            f"cannot read {commit[:12]}",
            *("ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", commit, *folders),
            most=_LISTING_LIMIT,
        )
        if listing.count(b"\0") > _MOST_FILES:
            raise TooLarge(f"the folders of {commit[:12]} hold more than {_MOST_FILES} files")
        entries = await asyncio.to_thread(_entries, listing)
        if sum(entry.size for entry in entries) > _SIZE_LIMIT:
            raise TooLarge(f"the folders of {commit[:12]} hold more than {_SIZE_LIMIT // 1024 // 1024} MiB")
        known = {entry.blob: self.blobs[entry.blob] for entry in entries if entry.blob in self.blobs}
        new = {entry.blob: entry for entry in entries if entry.blob not in known}
        asked = "".join(f"{blob}\n" for blob in new).encode()
        answer = await self.git(f"cannot read {commit[:12]}", "cat-file", "--batch", given=asked) if new else b""
        blobs = known | await asyncio.to_thread(_contents, new.values(), answer)
        self.blobs.clear()
        self.blobs.update({blob: data for blob, data in blobs.items() if len(data) <= _SMALL})
        return {entry.path: blobs[entry.blob] for entry in entries}

    async def keep(self, commit: str) -> None:
        """Pin the commit by a ref of ours, so that it stays whatever happens to the branch; raise SourceError."""
        await self.git(f"cannot keep {commit[:12]}", "update-ref", "--", f"{_KEPT}/{commit}", commit)

    async def contains(self, commit: str, earlier: str) -> bool:
        """Whether a commit is in the history of another; one that the mirror does not know is not. Raise SourceError.

        A commit contains itself.
        """
        try:
            known = await self._commit(earlier, earlier)
        except SourceError:
            return False
        missing = await self.git(
            f"cannot read the history of {commit[:12]}",
            *("rev-list", "--max-count=1", "--end-of-options", known.id, f"^{commit}", "--"),
        )
        return not missing

    async def _commit(self, shown: str, wanted: str) -> Commit:
        answer = await self.git(
            f"there is no commit {shown} in the branch {self.branch} of {self.git.remote.shown}",
            *("log", "-1", "--no-show-signature", "--format=%H%x00%s", "--end-of-options"),
            *(f"{wanted}^{{commit}}", "--"),
        )
        commit, _, subject = answer.decode(errors="replace").rstrip("\n").partition("\0")
        return Commit(commit, subject)


def _entries(listing: bytes) -> list[_Entry]:
    entries = []
    problems = []
    for line in listing.split(b"\0")[:-1]:
        facts, _, raw = line.partition(b"\t")
        found = _FACTS.fullmatch(facts)
        if found is None or (found[3] == b"-" and found[1].decode() not in _NOT_PLAIN):
            raise SourceError(f"git lists what makes no sense: {facts[:80]!r}")
        mode, blob, size = (each.decode() for each in found.groups())
        path = raw.decode(errors="backslashreplace")
        if mode in _NOT_PLAIN:
            message = f"this is {_NOT_PLAIN[mode]}; only plain files are read, so the commit is refused"
            problems.append(Problem(file=path, message=message))
        elif raw != path.encode():
            problems.append(Problem(file=path, message="the name of this file is not UTF-8, so the commit is refused"))
        else:
            entries.append(_Entry(path, blob, int(size)))
    if problems:
        raise NotPlain(tuple(problems))
    return entries


def _contents(entries: Iterable[_Entry], answer: bytes) -> dict[str, bytes]:
    """Cut the answer of ``cat-file --batch``: for each a line ``<id> blob <size>``, the bytes, a newline."""
    found = {}
    start = 0
    for entry in entries:
        head = f"{entry.blob} blob {entry.size}\n".encode()
        end = start + len(head) + entry.size
        if not answer.startswith(head, start) or answer[end : end + 1] != b"\n":
            said = answer[start : start + len(head)].decode(errors="replace")
            raise SourceError(f"the Git mirror is damaged: {said}")
        found[entry.blob] = answer[end - entry.size : end]
        start = end + 1
    return found
