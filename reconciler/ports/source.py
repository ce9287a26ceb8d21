"""Where commits come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reconciler.model.identity import UnitId


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its full id and the first line of its message."""

    id: str
    subject: str


class SourceError(Exception):
    """Git cannot give what was asked for. The text is for the person who must act."""


class TooLarge(SourceError):
    """A commit holds more than is read of any, and always will."""


class Source(Protocol):
    """A Git repository, read by commit; work trees do not count."""

    async def head(self) -> Commit:
        """Fetch, and return the newest commit of the branch; raise SourceError when the remote cannot be reached."""
        ...

    async def resolve(self, revision: str) -> Commit:
        """Return the commit a revision names; only one that is not known yet is fetched. Raise SourceError."""
        ...

    async def read(self, commit: str) -> Mapping[str, bytes]:
        """Return all files of the configured folders at the commit, by path in the repository; raise SourceError."""
        ...

    async def keep(self, commit: str) -> None:
        """Make sure that the commit stays readable whatever happens to the branch."""
        ...

    async def contains(self, commit: str, earlier: str) -> bool:
        """Whether ``earlier`` is in the history of the commit, or is it; one that nobody knows is not."""
        ...


class Trust(Protocol):
    """Who may say what the fleet shall be."""

    async def distrust(self, commit: str) -> str | None:
        """Return why the commit is not trusted ("it is not signed"), None when it is; raise SourceError."""
        ...


class Changes(Protocol):
    """Who may change what, by the policies of the accepted commit."""

    async def objection(self, head: str, accepted: str) -> str | None:
        """Return why the changes since the accepted commit may not be followed, None when they may.

        Raises SourceError when that cannot be told.
        """
        ...


class Authorship(Protocol):
    """Who wrote what commits bring."""

    async def authors(self, commit: str, since: str) -> frozenset[str]:
        """Return the e-mail addresses of who wrote or committed what came after ``since`` (empty: by it alone).

        Raises SourceError when that cannot be told.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedConsent:
    """Somebody's consent to a plan, said in the repository at ``at``, if they are to be believed.

    ``distrust`` says why it does not count; empty: it does.
    """

    unit: UnitId
    plan: str
    email: str
    at: datetime
    distrust: str = ""


class Consents(Protocol):
    """What people say in the repository."""

    async def consents(self) -> Sequence[SignedConsent]:
        """Fetch, and return every consent that is said there; raise SourceError."""
        ...
