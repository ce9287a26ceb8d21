"""A pull request that takes back what was rejected: the fleet went back by itself, and Git still says it."""

from dataclasses import dataclass, field

from reconciler.daemon.foresight import Foresight
from reconciler.daemon.logs import log
from reconciler.desired.proposed import OURS, Clash, TakingBack, pushed, taken_back
from reconciler.model.forge import Proposal
from reconciler.model.rollout import State
from reconciler.model.verdict import Verdict, VerdictRecord
from reconciler.ports.forge import Forge


@dataclass(slots=True)
class RevertRequests:
    """Opens one for each commit that was rejected and taken back by itself. Nobody but a person merges it."""

    forge: Forge
    foresight: Foresight
    _done: set[str] = field(default_factory=set)

    async def propose(self) -> None:
        """Open what is missing; raises WorldError, SourceError (Clash where later commits changed the same lines)."""
        for record in await self._rejected():
            if record.commit in self._done:
                continue
            followed = self.foresight.world.commits.newest.desired
            if followed is None:
                return
            try:
                url = await self._proposed(record, followed.commit)
            except Clash:
                self._done.add(record.commit)  # a person has to; it is told once
                raise
            self._done.add(record.commit)
            log.info("a revert is proposed", unit=str(record.unit), commit=record.commit[:7], request=url)

    async def _rejected(self) -> tuple[VerdictRecord, ...]:
        """What Git says and was found bad, where the fleet is back at what was good before."""
        followed = self.foresight.world.commits.newest.desired
        standing = await self.foresight.world.journal.standing()
        found = []
        for unit in followed.units.values() if followed else ():
            known = standing.of(unit.id)
            record = known.verdicts.get(unit.digest)
            back = known.last is not None and known.last.state is State.REVERTED
            if record is not None and record.verdict is Verdict.BAD and back:
                found.append(record)
        return tuple(found)

    async def _proposed(self, record: VerdictRecord, parent: str) -> str:
        short = record.commit[:7]
        branch = f"{OURS}revert-{record.commit[:12]}"
        title = f"Revert {short}: {record.unit} was rejected"
        reason = " ".join(record.reason.split())
        text = (
            f"`{short}` was rolled out to {record.unit}, was found bad, and was taken back. "
            "Git still says it; the fleet stays at the last good state until Git says something else.\n\n"
            f"    {reason}\n\nThis takes the commit back. Nothing is merged by itself."
        )
        commit = await taken_back(self.foresight.git, TakingBack(record.commit, parent, f"{title}\n\n{reason}\n"))
        await pushed(self.foresight.git, branch, commit)
        return await self.forge.propose(Proposal(branch=branch, title=title, text=text))
