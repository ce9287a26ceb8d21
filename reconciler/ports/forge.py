"""The forge where people review commits: what is proposed there, and where we tell what would become of it."""

from typing import Protocol

from reconciler.model.forge import Mark, Proposal, Requests


class Forge(Protocol):
    """One repository of a forge, seen from its branch that is followed. Every method raises WorldError."""

    async def requests(self) -> Requests:
        """Return the pull requests against the branch: all open ones (bounded), and the newest that were merged."""
        ...

    async def comment(self, number: int, text: str) -> None:
        """Have our one comment on the pull request say this: it is written, or changed where it says something else."""
        ...

    async def amend(self, number: int, text: str) -> None:
        """Have our comment say this where there is one; a pull request without one is left alone."""
        ...

    async def mark(self, commit: str, mark: Mark) -> None:
        """Set our status of a commit."""
        ...

    async def propose(self, proposal: Proposal) -> str:
        """Open a pull request against the branch, once for the branch it comes from; return its URL."""
        ...
