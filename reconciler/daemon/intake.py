"""What Git says now: the newest commit that loads. A bad commit, or a Git that is away, changes nothing.

Asking Git and loading happen in ``refresh``, which the daemon runs beside its passes; a pass takes ``newest`` as it is.
So a remote that hangs holds up no heal and no revert.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from reconciler.daemon.admission import Admission, Inadmissible
from reconciler.daemon.quiet import quietly
from reconciler.desired.load import Invalid, Loading
from reconciler.model.canonical import Digest, digest_bytes
from reconciler.model.event import CommitAccepted, CommitRefused, Refusal, SourceFound, SourceLost
from reconciler.model.target import Target
from reconciler.model.unit import Desired
from reconciler.ports.clock import Clock
from reconciler.ports.journal import Journal, ToldOfGit
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.ports.source import Commit, Source, SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What Git says.

    ``desired`` is that of the newest commit that loaded, None before the first. ``refused`` are the mistakes of a newer
    commit, if there is one. ``trouble`` says why Git could not be asked, if it could not.
    """

    desired: Desired | None = None
    refused: tuple[str, ...] = ()
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the files of a commit become a desired state."""

    loading: Loading

    async def of(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        """Load in a thread, so that a large repository does not hold up the loop; raise Invalid.

        The commit has to be one that may be followed: from now on secrets are looked up by its stores.
        """
        desired = await quietly(partial(self.loading.load, commit, files))
        self.loading.secrets.follow(desired.stores)
        return desired

    async def aside(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        """Load a commit that may be followed, as ``of`` does, and follow nothing."""
        return await quietly(partial(self.loading.load, commit, files))

    async def preview(self, commit: str, files: Mapping[str, bytes]) -> Desired:
        """Load any commit, as ``of`` does; of stores of secrets only those are asked that are followed."""
        return await quietly(partial(self.loading.preview, commit, files))

    async def recall(self, files: Mapping[str, bytes]) -> None:
        """Look secrets up by the stores of the followed commit, of which these are the files."""
        self.loading.secrets.follow(await asyncio.to_thread(self.loading.stores, files))

    def secrets_of(self, desired: Desired) -> Mapping[str, Digest]:
        """Return the keyed digest of every secret the desired state speaks of: it changes when a value does."""
        return {reference: self._fingerprint(reference) for reference in sorted(set(_references(desired)))}

    def _fingerprint(self, reference: str) -> Digest:
        try:
            return self.loading.secrets.keyed(digest_bytes(self.loading.secrets.value(reference).encode()))
        except SecretUnknown:
            return "unknown"
        except SecretMissing:
            return "missing"


def _references(desired: Desired) -> Iterator[str]:
    for unit in desired.units.values():
        for resource in unit.resources:
            for content in resource.contents.values():
                yield from content.secrets.values()


class Commits:
    """Follows the branch: loads each new commit once, remembers which loaded, and keeps that one readable.

    What the admission does not let in is not loaded, and asked about again each time: lists of signers and a person's
    mind may change.
    """

    def __init__(self, source: Source, journal: Journal, reading: Reading, clock: Clock, admission: Admission) -> None:
        self._source = source
        self._admission = admission
        self._journal = journal
        self._reading = reading
        self._clock = clock
        self._newest = Intake()
        self._head = Commit("", "")
        self._refused = ""
        self._told = ToldOfGit()
        self._secrets: Mapping[str, Digest] = {}
        self._targets: Mapping[str, Target] = {}
        self._contents: Mapping[Digest, bytes] = {}
        self._followed = False
        self._refreshing = asyncio.Lock()

    @property
    def newest(self) -> Intake:
        """What Git said when it was asked last."""
        return self._newest

    @property
    def targets(self) -> Mapping[str, Target]:
        """The targets of the desired state that was read last; none before the first."""
        return self._targets

    @property
    def contents(self) -> Mapping[Digest, bytes]:
        """The contents that the desired state speaks of that was read last; none before the first."""
        return self._contents

    async def begin(self) -> None:
        """Go on from the last commit that loaded, without asking anybody outside."""
        self._told = await self._journal.told_of_git()
        accepted = await self._journal.accepted_commit()
        if accepted is None:
            return
        try:
            await self._take(await self.at(Commit(accepted, "")))
        except (Invalid, SourceError) as error:
            self._newest = Intake(trouble=f"the last commit that loaded, {accepted[:7]}, cannot be read now: {error}")

    async def refresh(self) -> None:
        """Ask Git; load what is new, and what reads a secret that has changed. Raises JournalUnavailable."""
        async with self._refreshing:
            try:
                await self._follow(await self._source.head())
            except Inadmissible as inadmissible:
                await self._refuse(inadmissible, inadmissible.why)
            except Invalid as invalid:
                await self._refuse(invalid, Refusal.MISTAKES)
            except SourceError as error:
                self._newest = replace(self._newest, trouble=str(error))
            await self._tell()

    async def at(self, commit: Commit) -> Desired:
        """Return what the commit asks for, followed or not; raise Invalid or SourceError.

        Anybody may have written it: secrets are looked up by the stores of the commit that is followed. Whoever looks
        changes nothing for those who act by the commit that is followed: its targets, contents and stores stay.
        """
        followed = self._newest.desired
        if followed is not None:
            same = followed.commit == commit.id
            return followed if same else await self._reading.preview(commit.id, await self._source.read(commit.id))
        accepted = await self._journal.accepted_commit()
        if commit.id == accepted:
            return await self._followable(commit)
        files = await self._source.read(commit.id)
        if accepted and not self._followed:
            await self._reading.recall(await self._source.read(accepted))
            self._followed = True
        return self._remembered(await self._reading.preview(commit.id, files))

    async def newly(self, head: Commit) -> Desired:
        """Return what the commit asks for, if it may be followed; raise Invalid or SourceError. As in ``at``, what is
        followed stays.
        """
        followed = self._newest.desired
        if followed is None:
            return await self._admitted(head)
        if followed.commit == head.id:
            return followed
        await self._admission.check(head)
        return await self._reading.aside(head.id, await self._source.read(head.id))

    async def _admitted(self, head: Commit) -> Desired:
        if head.id != await self._journal.accepted_commit():
            await self._admission.check(head)
        return await self._followable(head)

    async def _followable(self, commit: Commit) -> Desired:
        desired = await self._reading.of(commit.id, await self._source.read(commit.id))
        self._followed = True
        return self._remembered(desired)

    def _remembered(self, desired: Desired) -> Desired:
        self._targets, self._contents = desired.targets, desired.contents
        return desired

    async def _stale(self, desired: Desired) -> bool:
        blocked = any(unit.blocked for unit in desired.units.values())
        return blocked or await asyncio.to_thread(self._reading.secrets_of, desired) != self._secrets

    async def _follow(self, head: Commit) -> None:
        self._head = head
        desired = self._newest.desired
        if desired is not None and desired.commit == head.id and not await self._stale(desired):
            await self._tell_accepted(head)
            self._newest = Intake(desired=desired)
        elif self._refused == head.id:
            self._newest = replace(self._newest, trouble=None)
        else:
            await self._accept(head, await self._admitted(head))

    async def _accept(self, head: Commit, desired: Desired) -> None:
        await self._source.keep(head.id)
        await self._tell_accepted(head)
        await self._take(desired)

    async def _refuse(self, invalid: Invalid, why: Refusal) -> None:
        head = self._head
        self._newest = Intake(desired=self._newest.desired, refused=tuple(str(each) for each in invalid.problems))
        if (self._told.refused, self._told.why) != (head.id, why):
            event = CommitRefused(commit=head.id, subject=head.subject, problems=invalid.problems, why=why)
            await self._journal.append([event], self._clock.now())
            self._told = replace(self._told, refused=head.id, why=why)
        self._refused = head.id if why is Refusal.MISTAKES else ""

    async def _tell_accepted(self, head: Commit) -> None:
        """Write down that the commit loaded; also when the branch is back at it, so that none is told as refused."""
        if self._told.refused or await self._journal.accepted_commit() != head.id:
            await self._journal.append([CommitAccepted(commit=head.id, subject=head.subject)], self._clock.now())
            self._told = replace(self._told, refused=None, why=None)
        self._refused = ""

    async def _tell(self) -> None:
        """Write down that Git was lost or found, once each time."""
        trouble = self._newest.trouble
        if (trouble is not None) != self._told.lost:
            event = SourceLost(reason=trouble) if trouble else SourceFound()
            await self._journal.append([event], self._clock.now())
            self._told = replace(self._told, lost=trouble is not None)

    async def _take(self, desired: Desired) -> None:
        self._secrets = await asyncio.to_thread(self._reading.secrets_of, desired)
        self._newest = Intake(desired=desired)
        self._refused = ""
