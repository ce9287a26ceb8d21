"""Consent that people give in the repository becomes an approval like any other, beside the passes."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from reconciler.daemon.logs import log
from reconciler.daemon.rulebook import Rulebook
from reconciler.daemon.world import World
from reconciler.model.access import Action, Identity, Login
from reconciler.model.governance import FREE
from reconciler.model.identity import UnitId
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired
from reconciler.model.word import AccessRefused, ApprovalAsked, ApprovalGiven
from reconciler.ports.source import Consents, SignedConsent, SourceError

SLACK = timedelta(minutes=5)
"""So much earlier than it was asked a consent may be, for clocks differ. What is older answered another time."""


class GitApprovals:
    """Reads consent from the repository where a policy takes it from there, and writes down what is new."""

    def __init__(self, words: Consents, world: World) -> None:
        self._words = words
        self._world = world
        self._refused: set[SignedConsent] = set()

    async def take(self) -> bool:
        """Write down what is new; return whether there was anything. Raises JournalUnavailable."""
        desired = self._world.commits.newest.desired
        if desired is None or not any(_from_git(desired, unit) for unit in desired.governance):
            return False
        try:
            said = await self._words.consents()
        except SourceError as error:
            log.warning("approvals in the repository cannot be read now", reason=str(error))
            return False
        standing, now = await self._world.journal.standing(), self._world.clock.now()
        awaited = [each for each in said if _awaited(each, desired, standing)]
        words = [word for each in awaited for word in self._word(each, desired, now)]
        if words:
            await self._world.journal.append(words, now)
        return bool(words)

    def _word(self, said: SignedConsent, desired: Desired, now: datetime) -> Iterator[ApprovalGiven | AccessRefused]:
        who = Identity(name=said.email, login=Login.GIT, emails=(said.email,))
        rules = Rulebook(desired)
        why = said.distrust
        if not why and not rules.may(who, Action.APPROVE, said.unit):
            why = f"no role that allows to approve {said.unit} is bound to user:{said.email}"
        if not why:
            yield ApprovalGiven(
                unit=said.unit,
                plan=said.plan,
                author=said.email,
                roles=rules.roles(who, said.unit),
                login=Login.GIT,
                at=now,
                emails=who.emails,
            )
        elif said not in self._refused:
            self._refused.add(said)
            yield AccessRefused(
                name=said.email,
                login=Login.GIT.value,
                action=Action.APPROVE.value,
                unit=said.unit,
                reason=f"a consent in the repository does not count: {why}",
                at=now,
            )


def _from_git(desired: Desired, unit: UnitId) -> bool:
    governance = desired.governance.get(unit, FREE)
    asking = (*governance.approvals, *(each.approval for each in governance.guardrails))
    return any(each.from_git for each in asking if each)


def _awaited(said: SignedConsent, desired: Desired, standing: Standing) -> bool:
    """Whether people are asked just this, since before it was said, and it was not written down yet."""
    words = standing.of(said.unit).words
    asked = (each.at for each in words if isinstance(each, ApprovalAsked) and each.plan == said.plan)
    known = any(
        isinstance(each, ApprovalGiven) and (each.plan, each.author, each.login) == (said.plan, said.email, Login.GIT)
        for each in words
    )
    return not known and _from_git(desired, said.unit) and any(said.at >= at - SLACK for at in asked)
