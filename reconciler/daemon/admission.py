"""Whether the head of the branch may be followed at all, before anybody reads what it asks for."""

from dataclasses import dataclass

from reconciler.desired.load import Invalid
from reconciler.model.event import Refusal
from reconciler.model.problem import Problem
from reconciler.policy.trust import Rewrites, goes_on
from reconciler.ports.journal import Journal
from reconciler.ports.source import Changes, Commit, Source, Trust


class Inadmissible(Invalid):
    """A commit that is not followed whatever it asks for: its signer is not trusted, or the branch was rewritten."""

    def __init__(self, head: Commit, message: str, why: Refusal) -> None:
        super().__init__((Problem(file=f"commit {head.id[:8]}", message=message),))
        self.why = why


@dataclass(frozen=True, slots=True)
class Admission:
    """Asks who signed a commit, whether the branch goes on from what was accepted before, and who signed what is new.

    ``changes`` judges by the policies of the accepted commit; the first is judged by ``trust`` alone.
    """

    source: Source
    trust: Trust
    journal: Journal
    changes: Changes
    rewrites: Rewrites = "hold"

    async def check(self, head: Commit) -> None:
        """Return when the commit may be followed; raise Inadmissible, SourceError, JournalUnavailable."""
        distrust = await self.trust.distrust(head.id)
        if distrust:
            raise Inadmissible(head, distrust, Refusal.UNTRUSTED)
        accepted = await self.journal.accepted_commit()
        if self.rewrites == "hold" and accepted is not None:
            await self._check_history(head, accepted)
        if accepted is not None and (objection := await self.changes.objection(head.id, accepted)):
            raise Inadmissible(head, objection, Refusal.UNTRUSTED)

    async def _check_history(self, head: Commit, accepted: str) -> None:
        let_by = (await self.journal.told_of_git()).let_by
        contained = {each for each in (accepted, *let_by) if await self.source.contains(head.id, each)}
        if not goes_on(head.id, accepted, let_by, contained):
            message = (
                f"the branch was rewritten: Git says {head.id[:8]}, which does not contain the accepted "
                f"{accepted[:8]}; to follow it: reconciler accept {head.id[:8]} --reason TEXT"
            )
            raise Inadmissible(head, message, Refusal.REWRITTEN)
