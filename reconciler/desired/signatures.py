"""The signature of a commit: cut out of the raw commit, then verified by ssh-keygen or gpg against lists of ours.

git's own answer is not asked for: it says "good" for every listed signer, whoever the commit names as its committer.
What is verified for the settings is the head of the branch: the tree that is applied hangs on it. What policies want of
the commits that lead to it is asked in ``signed_changes``.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from reconciler.desired.git_line import GitLine
from reconciler.policy.signers import Witness
from reconciler.policy.trust import Broken, Signature, Unsigned, distrust

_SIGNATURE = re.compile(rb"^gpgsig(?:-sha256)? (.*\n(?: .*\n)*)", re.MULTILINE)
_COMMITTER = re.compile(rb"^committer [^<>\n]*<([^<>\n]*)> [0-9]+ [-+][0-9]+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SignedCommit:
    """A raw commit taken apart: the committer's email, what was signed, and the signature, empty without one."""

    committer: str
    payload: bytes
    signature: bytes


class Signers(Protocol):
    """A list of those whose signatures count, of one sort of signature."""

    START: bytes

    async def examine(self, commit: SignedCommit, folder: Path) -> Signature:
        """Return what the signature is worth; ``folder`` is ours to work in. Raise SourceError."""
        ...


@dataclass(frozen=True, slots=True)
class Anybody:
    """Every commit is trusted: for settings that list no signers."""

    async def distrust(self, commit: str) -> str | None:
        """Return None."""
        del commit
        return None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Whatever a trusted commit changes is followed: for settings that set signer policies aside."""

    async def objection(self, head: str, accepted: str) -> str | None:
        """Return None."""
        del head, accepted
        return None


@dataclass(frozen=True, slots=True)
class Listed:
    """Only commits signed by their committer are trusted, with a key that one of the lists has for them."""

    git: GitLine
    signers: tuple[Signers, ...]

    async def distrust(self, commit: str) -> str | None:
        """Return why the commit is not trusted, None when it is; raise SourceError when that cannot be told."""
        seen = await self.witness(commit)
        return distrust(seen.signature, seen.committer)

    async def witness(self, commit: str) -> Witness:
        """Return what the commit's signature is worth, and who its committer is; raise SourceError."""
        raw = await self.git(f"cannot read {commit[:12]}", "cat-file", "commit", commit)
        taken = take_apart(raw)
        if isinstance(taken, Broken):
            return Witness(taken, "")
        return Witness(await self._examined(taken), taken.committer)

    async def _examined(self, commit: SignedCommit) -> Signature:
        if not commit.signature:
            return Unsigned()
        for each in self.signers:
            if commit.signature.startswith(each.START):
                return await each.examine(commit, self.git.mirror)
        start = commit.signature.split(b"\n", 1)[0].decode(errors="replace").strip("- ")
        return Broken(f"nobody is listed whose signatures start with {start!r:.60}")


def take_apart(raw: bytes) -> SignedCommit | Broken:
    """Take a raw commit apart; Broken when it can be read in more than one way."""
    head, separator, message = raw.partition(b"\n\n")
    head += b"\n"
    committers = [match[1] for match in _COMMITTER.finditer(head)]
    if len(committers) != 1 or head.count(b"\ncommitter ") != 1:
        return Broken("it does not name one committer")
    found = list(_SIGNATURE.finditer(head))
    if not found:
        return SignedCommit(committers[0].decode(errors="replace"), raw, b"")
    if len(found) > 1:
        return Broken("there is more than one signature")
    payload = head[: found[0].start()] + head[found[0].end() :]
    signature = b"\n".join(line.removeprefix(b" ") for line in found[0][1].split(b"\n"))
    return SignedCommit(committers[0].decode(errors="replace"), payload[:-1] + separator + message, signature)
