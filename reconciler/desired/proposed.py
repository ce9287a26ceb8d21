"""Commits that somebody proposes: what the branch would hold with them, and one that takes another back.

All of it happens in the mirror, by git's plumbing: no work tree, no hook, and nothing of a commit is run.
"""

from dataclasses import dataclass

from reconciler.desired.git_line import GitLine
from reconciler.ports.source import SourceError

OURS = "reconciler/"
"""How the names of all branches start that we push; never another one is pushed to."""

_AUTHOR = ("-c", "user.name=reconciler", "-c", "user.email=reconciler@localhost")


class Clash(SourceError):
    """Two commits change the same lines. The text says in which files."""


async def together(git: GitLine, ours: str, theirs: str) -> str:
    """Return the tree of what a merge of the two commits would hold; raise Clash, SourceError."""
    try:
        # git tells of conflicts by its exit status, and lists them on standard output, which then is not kept.
        answer = await git("cannot merge", "merge-tree", "--write-tree", "--no-messages", ours, theirs)
    except SourceError as error:
        if "git ended with status 1" in str(error):
            raise Clash(f"it does not merge with {ours[:7]}: both change the same lines") from error
        raise
    return answer.decode().strip()


@dataclass(frozen=True, slots=True)
class TakingBack:
    """A commit that takes back another, on top of the branch."""

    commit: str
    parent: str
    message: str


async def taken_back(git: GitLine, back: TakingBack) -> str:
    """Return a commit on top of ``parent`` that takes the other back, as against its first parent.

    Raises Clash where later commits changed the same lines, SourceError.
    """

    async def tree(commit: str) -> str:
        found = await git("cannot take back", "rev-parse", "--verify", "--end-of-options", f"{commit}^{{tree}}")
        return found.decode().strip()

    async def commit(of: str, message: str, *parents: str) -> str:
        named = (each for parent in parents for each in ("-p", parent))
        made = await git("cannot take back", *_AUTHOR, "commit-tree", *named, of, given=message.encode())
        return made.decode().strip()

    # A merge takes its base from history: so it gets a history in which the commit comes before both sides.
    base = await commit(await tree(back.commit), "base")
    ours = await commit(await tree(back.parent), "ours", base)
    theirs = await commit(await tree(f"{back.commit}^1"), "theirs", base)
    return await commit(await together(git, ours, theirs), back.message, back.parent)


async def pushed(git: GitLine, branch: str, commit: str) -> None:
    """Push the commit to a new branch of ours, once; raise SourceError."""
    if not branch.startswith(OURS):
        raise SourceError(f"internal error: {branch} is not a branch of ours")
    ref, url = f"refs/heads/{branch}", git.remote.url
    if await git(f"cannot ask {git.remote.shown}", "ls-remote", "--end-of-options", url, ref):
        return
    await git(
        f"cannot push {branch} to {git.remote.shown}", "push", "--quiet", "--end-of-options", url, f"{commit}:{ref}"
    )
