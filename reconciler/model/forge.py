"""What a forge (GitHub, GitLab, Gitea, Bitbucket) has to do with us: pull requests, statuses, and what it tells us."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.identity import UnitId


class ForgeKind(StrEnum):
    """The forges that are understood. Gitea is Forgejo too; a Bitbucket only tells of pushes."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"
    BITBUCKET = "bitbucket"


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull or merge request against our branch.

    ``head`` is the commit that it proposes, ``ref`` what to fetch it by; ``fork`` says that its commits are another
    repository's. ``merged`` is the commit of our branch that brought it, with the time; None while it is open.
    """

    number: int
    head: str
    ref: str
    fork: bool
    merged: str | None = None
    merged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Requests:
    """The pull requests against our branch: those that are open, and those that were merged last."""

    open: tuple[PullRequest, ...]
    merged: tuple[PullRequest, ...]


class Outcome(StrEnum):
    """What a commit status says."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Mark:
    """A commit status: ``context`` tells ours from others' and from each other, ``line`` is for people."""

    context: str
    outcome: Outcome
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A pull request of ours: the branch that has the commits, and what people read."""

    branch: str
    title: str
    text: str


class HookEvent(StrEnum):
    """What a forge tells: commits came to a branch, a pull request changed, or something that is nothing to us."""

    PUSH = "push"
    PULL_REQUEST = "pull-request"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Told:
    """What a delivery says. It is a hint and never state: whoever hears it looks for themselves.

    ``branches`` are those that a push was to. ``marks`` are what it is known by if it comes again.
    """

    event: HookEvent
    branches: frozenset[str]
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one unit does with what a merge brought: a word, and what a person has to know beside it."""

    unit: UnitId
    word: str
    detail: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a merged pull request has come: the commit it came with, and each unit that it changes.

    ``refused`` says why the commit is not followed, one problem a line.
    """

    commit: str
    rows: tuple[Row, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Failure as soon as one unit failed, pending while one is under way."""
        outcomes = {row.outcome for row in self.rows}
        if self.refused or Outcome.FAILURE in outcomes:
            return Outcome.FAILURE
        return Outcome.PENDING if Outcome.PENDING in outcomes else Outcome.SUCCESS
