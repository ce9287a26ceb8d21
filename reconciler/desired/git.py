"""Commits from Git: an own bare mirror, read through the git command line. Work trees never count.

git runs with none of the machine's or the user's settings, no hooks, no prompts and only plain transports. The
one thing it is told to trust is the repository that the settings name: it may belong to another user.
"""

import asyncio
import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from reconciler.desired.load import Invalid
from reconciler.model.problem import Problem
from reconciler.ports.source import Commit, SourceError

_SAFE = (
    *("-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never", "-c", "core.fsmonitor=false"),
    *("-c", "i18n.logOutputEncoding=UTF-8", "-c", "gc.autoDetach=false", "-c", "core.quotePath=false"),
    *("-c", "fetch.recurseSubmodules=false", "-c", "core.filesRefLockTimeout=5000"),
)
_BRANCH = "refs/reconciler/branch"
_KEPT = "refs/reconciler/kept"
_ASKED = "refs/reconciler/asked"
_NAME = re.compile(r"\w[\w./+-]*")  # what is a branch, a tag or an id, and nothing more in a refspec
_SIZE_LIMIT = 512 * 1024 * 1024
_ADVICE = ("Please make sure", "and the repository exists", "hint:", "Could not read from remote repository")
_NOT_PLAIN = {"120000": "a symbolic link", "160000": "a submodule"}


class NotPlain(Invalid, SourceError):
    """A commit whose folders hold something that is not a plain file: it is refused whole, as any other mistake."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    blob: str
    size: int


@dataclass(slots=True)
class GitSource:
    """A Git repository by URL or local path, mirrored into ``mirror``, a folder that only we use.

    ``folders`` are the folders that are read, ``.`` for all. ``ssh_command`` is what ssh runs as; ``credentials`` a
    file in the format of ``git credential-store`` for https. ``limit`` bounds every call of git, in seconds.
    """

    url: str
    branch: str
    folders: Sequence[str]
    mirror: Path
    ssh_command: str | None = None
    credentials: Path | None = None
    limit: float = 60.0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)
    _prepared: bool = False

    async def head(self) -> Commit:
        """Fetch, and return the newest commit of the branch; raise SourceError."""
        async with self._one_at_a_time:
            await self._prepare()
            refspec = f"+refs/heads/{self.branch}:{_BRANCH}"
            await self._fetch(f"cannot fetch {self.branch} from {self.shown_url}", refspec)
        return await self.resolve(_BRANCH)

    async def resolve(self, revision: str) -> Commit:
        """Return the commit a revision names: an id, its start, or the branch, as the mirror knows them.

        Any other branch or tag is fetched for this; raise SourceError.
        """
        await self._prepare()
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
        async with self._one_at_a_time:
            await self._fetch(f"there is no commit {revision} in {self.shown_url}", f"+{revision}:{asked}")
        return await self._commit(revision, asked)

    async def read(self, commit: str) -> Mapping[str, bytes]:
        """Return the files of the folders at the commit; raise SourceError, NotPlain for links and submodules."""
        await self._prepare()
        folders = [] if "." in self.folders else [f":(top,literal){folder.strip('/')}" for folder in self.folders]
        listing = await self._git(
            f"cannot read {commit[:12]}",
            *("ls-tree", "-r", "-l", "-z", "--full-tree", "--end-of-options", commit, *folders),
        )
        entries = _entries(listing)
        if sum(entry.size for entry in entries) > _SIZE_LIMIT:
            raise SourceError(f"the folders of {commit[:12]} hold more than {_SIZE_LIMIT // 1024 // 1024} MiB")
        asked = "".join(f"{entry.blob}\n" for entry in entries).encode()
        answer = await self._git(f"cannot read {commit[:12]}", "cat-file", "--batch", given=asked)
        return dict(_files(entries, answer))

    async def keep(self, commit: str) -> None:
        """Pin the commit by a ref of ours, so that it stays whatever happens to the branch; raise SourceError."""
        await self._prepare()
        await self._git(f"cannot keep {commit[:12]}", "update-ref", "--", f"{_KEPT}/{commit}", commit)

    @property
    def shown_url(self) -> str:
        """The URL without what is secret in it."""
        parts = urlsplit(self.url)
        if not parts.password:
            return self.url
        return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{parts.netloc.rpartition('@')[2]}"))

    async def _fetch(self, doing: str, refspec: str) -> None:
        options = ("--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options")
        await self._git(doing, "fetch", *options, self.url, refspec)

    async def _commit(self, shown: str, wanted: str) -> Commit:
        answer = await self._git(
            f"there is no commit {shown} in the branch {self.branch} of {self.shown_url}",
            *("log", "-1", "--no-show-signature", "--format=%H%x00%s", "--end-of-options"),
            *(f"{wanted}^{{commit}}", "--"),
        )
        commit, _, subject = answer.decode(errors="replace").rstrip("\n").partition("\0")
        return Commit(commit, subject)

    async def _prepare(self) -> None:
        """Make the mirror when there is none (git does nothing to one that is there), and say what it may trust."""
        if self._prepared:
            return
        try:
            self.mirror.mkdir(parents=True, exist_ok=True)
            trusted = [self.url, f"{self.url.rstrip('/')}/.git"] if Path(self.url).is_absolute() else []
            quoted = (each.replace("\\", "\\\\").replace('"', '\\"') for each in trusted)
            self._trust.write_text("[safe]\n" + "".join(f'\tdirectory = "{each}"\n' for each in quoted))
        except OSError as error:
            raise SourceError(f"cannot make the Git mirror {self.mirror}: {error.strerror}") from error
        await self._git(f"cannot make the Git mirror {self.mirror}", "init", "--quiet", "--bare", "--template=", ".")
        self._prepared = True

    @property
    def _trust(self) -> Path:
        """A file and not an option: git does not hand options down to the process that serves a local repository."""
        return self.mirror / "reconciler.gitconfig"

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SSH_ASKPASS"))}
        return inherited | {
            "GIT_DIR": str(self.mirror),
            "GIT_CONFIG_GLOBAL": str(self._trust),
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
            "GIT_SSH_COMMAND": self.ssh_command or "ssh -oBatchMode=yes -oConnectTimeout=15",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C.UTF-8",
        }

    async def _git(self, doing: str, *arguments: str, given: bytes = b"") -> bytes:
        """Run git and return what it printed; SourceError starts with ``doing``."""
        stored = ("-c", "credential.helper=", "-c", f"credential.helper=store --file='{self.credentials}'")
        options = (*_SAFE, *(stored if self.credentials else ()))
        try:
            process = await asyncio.create_subprocess_exec(
                *("git", *options, *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=self.mirror,
                env=self._environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise SourceError(f"{doing}: cannot run git: {error.strerror}") from error
        try:
            async with asyncio.timeout(self.limit):
                output, errors = await process.communicate(given)
        except TimeoutError:
            raise SourceError(f"{doing}: git took longer than {self.limit:g} s") from None
        finally:
            if process.returncode is None:
                _kill(process.pid)
                await process.wait()
        if process.returncode:
            raise SourceError(f"{doing}: {_reason(errors, process.returncode).replace(self.url, self.shown_url)}")
        return output


def _kill(leader: int) -> None:
    """End git with the ssh or the server that it started."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _reason(errors: bytes, status: int) -> str:
    """What git says that tells the cause: its first complaint, without the advice around it."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines()]
    plain = [line.removeprefix("fatal: ").removeprefix("error: ") for line in lines]
    telling = [line for line in plain if line and not line.startswith(_ADVICE)]
    return "; ".join(telling[:3]) or f"git ended with status {status}"


def _entries(listing: bytes) -> list[_Entry]:
    entries = []
    problems = []
    for line in listing.split(b"\0")[:-1]:
        facts, _, raw = line.partition(b"\t")
        mode, _, blob, size = facts.decode().split()
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


def _files(entries: Sequence[_Entry], answer: bytes) -> Iterator[tuple[str, bytes]]:
    """Cut the answer of ``cat-file --batch``: for each a line ``<id> blob <size>``, the bytes, a newline."""
    start = 0
    for entry in entries:
        end = answer.index(b"\n", start)
        if answer[start:end] != f"{entry.blob} blob {entry.size}".encode():
            raise SourceError(f"the Git mirror is damaged: {answer[start:end].decode(errors='replace')}")
        yield entry.path, answer[end + 1 : end + 1 + entry.size]
        start = end + 1 + entry.size + 1
