"""What a notice tells beside the entry it is made from, looked up in the journal, in Git and in what Git says."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from reconciler.model.access import Placed
from reconciler.model.deed import NoticeDropped
from reconciler.model.event import Assessed, CommitAccepted, CommitRefused, Event, RolloutMoved, StepEnded, StepStarted
from reconciler.model.facets import unit_of
from reconciler.model.identity import UnitId
from reconciler.model.notification import CommitTold
from reconciler.model.record import Entry
from reconciler.model.unit import Desired
from reconciler.model.word import ApprovalGiven
from reconciler.notify.facts import NOWHERE, Facts
from reconciler.ports.source import Authorship, SourceError
from reconciler.store.journal import SqliteStore

ONCE_IN = timedelta(hours=1)
"""So often people are told that the same channel is dead."""

_COMMITS = 200
_LOOKED_AT = 50


@dataclass(slots=True, kw_only=True)
class NoticeFacts:
    """Looks up what belongs to an entry. ``links`` is the address under which people reach the API."""

    store: SqliteStore
    authorship: Authorship
    links: str = ""
    _commits: dict[str, CommitTold] = field(default_factory=dict)
    _followers: tuple[str, Mapping[UnitId, tuple[str, ...]]] = ("", {})

    async def of(self, entry: Entry, desired: Desired) -> Facts:
        """Return what is known; raise JournalUnavailable."""
        event, unit = entry.event, unit_of(entry.event)
        facts = Facts(
            placed=_placed(event, unit, desired),
            unit=desired.units.get(unit) if unit else None,
            services=self._services(desired).get(unit, ()) if unit else (),
            links=self.links,
        )
        match event:
            case RolloutMoved() | StepStarted() | StepEnded():
                facts = await self._with_rollout(facts, entry, event.rollout)
            case Assessed():
                facts = await self._with_before(facts, entry, event)
            case NoticeDropped():
                facts = replace(facts, told_lately=await self._told_lately(entry, event))
            case _:
                decision = getattr(event, "decision", None)
                if decision is not None:
                    facts = await self._with_rollout(facts, entry, decision.rollout)
        return replace(facts, commit=await self._commit_of(entry, facts))

    async def _with_rollout(self, facts: Facts, entry: Entry, rollout: str) -> Facts:
        try:
            found, plan = await self.store.load(rollout)
            forward = plan if plan.id == found.forward else await self.store.history.plan(found.forward)
        except KeyError:
            # A journal that was made anew has no rollouts of before.
            return facts
        consents = await self.store.lookback.of_unit(entry.number, found.unit, "approval_given", _LOOKED_AT)
        given = (each.event for each in consents if isinstance(each.event, ApprovalGiven))
        return replace(
            facts,
            rollout=found,
            plan=plan,
            forward=forward,
            measured=tuple(await self.store.lookback.measured(entry.number, rollout)),
            given=tuple(each for each in given if each.plan == found.forward),
        )

    async def _with_before(self, facts: Facts, entry: Entry, event: Assessed) -> Facts:
        before = await self.store.lookback.of_unit(entry.number, event.unit, "assessed")
        return replace(facts, before=next((one.event for one in before if isinstance(one.event, Assessed)), None))

    async def _told_lately(self, entry: Entry, event: NoticeDropped) -> bool:
        before = await self.store.lookback.of_sort(entry.number, "notice_dropped", _LOOKED_AT)
        same = (one for one in before if isinstance(one.event, NoticeDropped) and one.event.channel == event.channel)
        return any(one.at > entry.at - ONCE_IN for one in same)

    async def _commit_of(self, entry: Entry, facts: Facts) -> CommitTold | None:
        event = entry.event
        if isinstance(event, CommitRefused):
            return await self._commit(event.commit, event.subject, entry.number)
        commit = facts.rollout.commit if facts.rollout else facts.unit.commit if facts.unit else ""
        return await self._commit(commit, "", entry.number) if commit else None

    async def _commit(self, commit: str, subject: str, number: int) -> CommitTold:
        if commit not in self._commits:
            while len(self._commits) >= _COMMITS:
                del self._commits[next(iter(self._commits))]
            subject = subject or await self._subject(commit, number)
            self._commits[commit] = CommitTold(id=commit, subject=subject, author=await self._author(commit))
        return self._commits[commit]

    async def _subject(self, commit: str, number: int) -> str:
        found = await self.store.lookback.of_sort(number, "commit_accepted", _LOOKED_AT)
        events = (one.event for one in found if isinstance(one.event, CommitAccepted))
        return next((each.subject for each in events if each.commit == commit), "")

    async def _author(self, commit: str) -> str:
        try:
            return ", ".join(sorted(await self.authorship.authors(commit, "")))
        except SourceError:
            # Git may be away, and people are told all the same.
            return ""

    def _services(self, desired: Desired) -> Mapping[UnitId, tuple[str, ...]]:
        """The units of the same environment that come after each."""
        if self._followers[0] != desired.commit:
            found: defaultdict[UnitId, list[str]] = defaultdict(list)
            for unit in desired.units.values():
                for before in unit.after:
                    if before.environment == unit.id.environment:
                        found[before].append(str(unit.id))
            self._followers = desired.commit, {unit: tuple(names) for unit, names in found.items()}
        return self._followers[1]


def _placed(event: Event, unit: UnitId | None, desired: Desired) -> Placed:
    if unit is not None:
        return desired.placed.get(unit, NOWHERE)
    environment = getattr(event, "environment", "")
    there = (placed.environment for one, placed in desired.placed.items() if one.environment == environment)
    return Placed(environment=next(there, {})) if environment else NOWHERE
