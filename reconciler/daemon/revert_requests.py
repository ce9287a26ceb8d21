"""A pull request that takes back what was rejected: the fleet went back by itself, and Git still says it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from reconciler.daemon.after_merge import Past
from reconciler.daemon.foresight import Foresight
from reconciler.daemon.logs import log
from reconciler.desired.load import Invalid
from reconciler.desired.proposed import OURS, Clash, TakingBack, pushed, taken_back
from reconciler.model.canonical import Digest
from reconciler.model.forge import Proposal
from reconciler.model.identity import UnitId
from reconciler.model.rollout import State
from reconciler.model.standing import UnitStanding
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.ports.forge import Forge

_FURTHEST = 100
"""So many of the newest accepted commits are looked through for the one that brought it; each is loaded, once."""


class _NotTold(Exception):
    """Nobody can tell which commit brought it. The text is for the person who has to find it."""


@dataclass(slots=True)
class RevertRequests:
    """Opens one for each commit that was rejected and taken back by itself. Nobody but a person merges it."""

    forge: Forge
    foresight: Foresight
    past: Past
    _done: set[tuple[UnitId, Digest]] = field(default_factory=set)

    async def propose(self) -> None:
        """Open what is missing.

        Raises WorldError, SourceError (Clash where later commits changed the same lines), JournalUnavailable.
        """
        for known, record in await self._rejected():
            followed = self.foresight.world.commits.newest.desired
            if followed is None:
                return
            try:
                commit = await self._brought_by(known, record)
                url = await self._proposed(record, commit, followed.commit)
            except _NotTold as why:
                log.warning("no revert is proposed: a person has to", unit=str(record.unit), reason=str(why))
            except Clash:
                self._done.add((record.unit, record.digest))  # a person has to; it is told once
                raise
            else:
                log.info("a revert is proposed", unit=str(record.unit), commit=commit[:7], request=url)
            self._done.add((record.unit, record.digest))

    async def _rejected(self) -> Sequence[tuple[UnitStanding, VerdictRecord]]:
        """What Git says and was found bad, where the fleet is back at what was good before."""
        followed = self.foresight.world.commits.newest.desired
        standing = await self.foresight.world.journal.standing()
        found = []
        for unit in followed.units.values() if followed else ():
            known = standing.of(unit.id)
            record = known.verdicts.get(unit.digest)
            back = known.last is not None and known.last.state is State.REVERTED
            is_bad = record is not None and record.verdict is Verdict.BAD
            if record and is_bad and back and (unit.id, unit.digest) not in self._done:
                found.append((known, record))
        return found

    async def _brought_by(self, known: UnitStanding, record: VerdictRecord) -> str:
        """Return the commit that changed the unit so: it may be older than the one that was rolled out.

        A commit that waits is rolled out with whatever came after it, and the verdict names the newest of these.
        """
        accepted = await self.past.accepted(_FURTHEST)
        brought, before = "", ""
        for each in accepted[accepted.index(record.commit) :] if record.commit in accepted else ():
            if await self._digest(each, record.unit) != record.digest:
                before = each
                break
            brought = each
        if not brought or not before:
            raise _NotTold(f"none of the {len(accepted)} commits that were accepted last is the one that changed it so")
        good = known.last_good.unit.commit if known.last_good else ""
        if good and await self.foresight.source.contains(good, brought):
            raise _NotTold(f"{brought[:7]}, which changed it last, was good before; a secret may have changed since")
        if not await self._follows(brought, before):
            raise _NotTold(f"several commits came with {brought[:7]}, and any of them may have changed it so")
        return brought

    async def _digest(self, commit: str, unit: UnitId) -> Digest | None:
        try:
            found = (await self.foresight.of_branch(commit)).units.get(unit)
        except Invalid as invalid:
            raise _NotTold(f"{commit[:7]} does not load any more: {invalid.problems[0]}") from invalid
        return found.digest if found else None

    async def _follows(self, commit: str, before: str) -> bool:
        """Whether the commit is all that came since the other, as far as documents go."""
        what = f"cannot read the history of {commit[:12]}"
        told = await self.foresight.git(what, "rev-list", "--parents", "--max-count=1", "--end-of-options", commit)
        parent = "".join(told.decode().split()[1:2])
        if not parent or parent == before:
            return parent == before
        read = self.foresight.source.read
        return await read(parent) == await read(before)

    async def _proposed(self, record: VerdictRecord, changed_by: str, parent: str) -> str:
        short = changed_by[:7]
        branch = f"{OURS}revert-{changed_by[:12]}"
        title = f"Revert {short}: {record.unit} was rejected"
        reason = " ".join(record.reason.split())
        beside = "" if record.commit == changed_by else f" (together with what came until `{record.commit[:7]}`)"
        text = (
            f"`{short}` was rolled out to {record.unit}{beside}, was found bad, and was taken back. "
            "Git still says it; the fleet stays at the last good state until Git says something else.\n\n"
            f"    {reason}\n\nThis takes the commit back. Nothing is merged by itself."
        )
        commit = await taken_back(self.foresight.git, TakingBack(changed_by, parent, f"{title}\n\n{reason}\n"))
        await pushed(self.foresight.git, branch, commit)
        return await self.forge.propose(Proposal(branch=branch, title=title, text=text))
