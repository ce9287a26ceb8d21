"""What Git says now: the newest commit that loads. A bad commit, or a Git that is away, changes nothing."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.desired.load import Folders, Invalid, load
from reconciler.model.event import CommitAccepted, CommitRefused
from reconciler.model.problem import Problem
from reconciler.model.target import Host
from reconciler.model.unit import Desired
from reconciler.ports.clock import Clock
from reconciler.ports.journal import Journal
from reconciler.ports.kind import Kind
from reconciler.ports.secrets import Secrets
from reconciler.ports.source import Commit, Source, SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What Git says.

    ``desired`` is that of the newest commit that loaded, None before the first. ``refused`` are the mistakes of a newer
    commit, if there is one. ``trouble`` says why Git could not be asked, if it could not.
    """

    desired: Desired | None
    refused: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the files of a commit become a desired state."""

    kinds: Mapping[str, Kind]
    secrets: Secrets
    folders: Folders

    async def of(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        """Load in a thread, so that a large repository does not hold up the loop; raise Invalid."""
        return await asyncio.to_thread(load, commit, files, self.kinds, self.secrets, self.folders)


class Commits:
    """Follows the branch: loads each new commit once, remembers which loaded, and keeps that one readable."""

    def __init__(self, source: Source, journal: Journal, reading: Reading, clock: Clock) -> None:
        self._source = source
        self._journal = journal
        self._reading = reading
        self._clock = clock
        self._desired: Desired | None = None
        self._hosts: Mapping[str, Host] = {}
        self._refused: tuple[str, tuple[str, ...]] = ("", ())

    async def newest(self) -> Intake:
        """Ask Git, and return what it says; a commit that was looked at before is not loaded again."""
        try:
            head = await self._source.head()
        except SourceError as error:
            return Intake(desired=await self._last_accepted(), refused=self._refused[1], trouble=str(error))
        if self._desired and self._desired.commit == head.id:
            return Intake(desired=self._desired)
        if self._refused[0] != head.id:
            await self._look_at(head)
        return Intake(desired=await self._last_accepted(), refused=self._refused[1])

    def hosts(self) -> Mapping[str, Host]:
        """Return the hosts of the newest desired state that was read; none before the first."""
        return self._hosts

    async def at(self, commit: Commit) -> Desired:
        """Return what the commit asks for, without remembering it; raise Invalid or SourceError."""
        desired = await self._reading.of(commit.id, await self._source.read(commit.id))
        self._hosts = desired.hosts
        return desired

    def forget(self) -> None:
        """Load again at the next pass: settings or secrets may be others now."""
        self._desired = None
        self._refused = ("", ())

    async def _look_at(self, head: Commit) -> None:
        now = self._clock.now()
        try:
            self._desired = await self.at(head)
        except Invalid as invalid:
            self._refused = (head.id, tuple(str(problem) for problem in invalid.problems))
            await self._refuse(head, invalid.problems)
            return
        self._refused = ("", ())
        await self._source.keep(head.id)
        if await self._journal.accepted_commit() != head.id:
            await self._journal.append([CommitAccepted(commit=head.id, subject=head.subject)], now)

    async def _refuse(self, head: Commit, problems: tuple[Problem, ...]) -> None:
        event = CommitRefused(commit=head.id, subject=head.subject, problems=problems)
        await self._journal.append([event], self._clock.now())

    async def _last_accepted(self) -> Desired | None:
        if self._desired is None and (commit := await self._journal.accepted_commit()):
            try:
                self._desired = await self.at(Commit(commit, ""))
            except (Invalid, SourceError):
                return None
        return self._desired
