"""The record of what was decided and done: append-only events, and what follows from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reconciler.model.canonical import Digest
from reconciler.model.event import Event, Refusal
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout
from reconciler.model.standing import Standing


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write about one rollout. A later claim has a higher epoch and ends the earlier one's right."""

    rollout: str
    owner: str
    epoch: int


@dataclass(frozen=True, slots=True)
class ToldOfGit:
    """What the journal says of Git: the commit refused since the last accepted one, and whether Git is lost.

    ``why`` it was refused; ``let_by`` are commits that a person has let a rewritten branch go on from since then.
    """

    refused: str | None = None
    lost: bool = False
    why: Refusal | None = None
    let_by: frozenset[str] = frozenset()


class LeaseLost(Exception):
    """Somebody else claimed the rollout; nothing was written, and nothing more may be done for it here."""


class JournalUnavailable(Exception):
    """The journal cannot be read or written now (locked, full disk, read-only). Nothing was written."""


class Journal(Protocol):
    """What passes need. Every write is one transaction; raises JournalUnavailable."""

    async def standing(self) -> Standing:
        """Return what is known of every unit."""
        ...

    async def append(self, events: Sequence[Event], at: datetime) -> None:
        """Append events that are not about a rollout in hand, with what follows from them."""
        ...

    async def begin(self, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> None:
        """Store a plan, the contents it speaks of and its rollout (pending), before any effect.

        Does nothing when the unit already has a rollout that has not ended.
        """
        ...

    async def accepted_commit(self) -> str | None:
        """Return the newest commit that loaded, None before the first."""
        ...

    async def told_of_git(self) -> ToldOfGit:
        """Return what was written down of Git last, so that it is not told twice and not told for ever."""
        ...


class RolloutLog(Protocol):
    """What the execution of rollouts needs. Writes are fenced by the lease: LeaseLost when it is no longer ours."""

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout with a higher epoch; None when another owner's claim has not run out."""
        ...

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer."""
        ...

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and the plan it is executing; KeyError when there is none."""
        ...

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Append the events and store the rollout as it now is (and its revert plan, if given), in one transaction."""
        ...

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents; KeyError naming the first that is missing."""
        ...
