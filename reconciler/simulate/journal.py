"""A journal in memory: the store's rules on plain dicts, nothing encoded, nothing on a disk."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reconciler.model.canonical import Digest
from reconciler.model.event import (
    CommitAccepted,
    CommitRefused,
    Event,
    Paused,
    Resumed,
    RewriteAccepted,
    RolloutMoved,
    SourceFound,
    SourceLost,
)
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Unit
from reconciler.model.word import Said, Word
from reconciler.policy.in_force import in_force
from reconciler.ports.journal import Lease, LeaseLost, ToldOfGit
from reconciler.simulate import projection
from reconciler.simulate.projection import Known
from reconciler.store.blobs import mentioned_by_unit, named_by_plan


@dataclass(frozen=True, slots=True)
class Entry:
    """An event and its time."""

    at: datetime
    event: Event


def nobody(entry: Entry) -> None:
    """Listen to nothing."""


class MemoryJournal:
    """Implements ``ports.journal.Journal`` and ``RolloutLog``; ``listen`` hears each event once it is written."""

    def __init__(self, listen: Callable[[Entry], None] = nobody) -> None:
        self._listen = listen
        self._known: dict[UnitId, Known] = {}
        self._paused: Paused | None = None
        self._words: tuple[Word, ...] = ()
        self._git = ToldOfGit()
        self._accepted: str | None = None
        self._leases: dict[str, tuple[Lease, datetime]] = {}
        self._blobs: dict[Digest, bytes] = {}
        self.plans: dict[str, Plan] = {}
        self.rollouts: dict[str, Rollout] = {}
        self.entries: list[Entry] = []

    async def standing(self) -> Standing:
        """Return what is known of every unit."""
        # Whoever was only asked about, or has nothing left to be known of, is not there.
        units = {
            unit: known.standing for unit, known in self._known.items() if known.standing != UnitStanding(unit=unit)
        }
        return Standing(units=units, paused=self._paused, words=self._words)

    async def append(self, events: Sequence[Event], at: datetime) -> None:
        """Append events, with what follows from them."""
        for event in events:
            self._append(event, at)

    async def begin(self, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> None:
        """Store a plan, its contents and its rollout; nothing when the unit has one that has not ended."""
        if self._of(rollout.unit).standing.rollout is not None:
            return
        self._put_plan(plan, {**self._blobs, **contents})
        self._blobs.update(contents)
        self._put(rollout.unit, standing=replace(self._of(rollout.unit).standing, rollout=rollout))
        self.rollouts[rollout.id] = rollout
        moved = RolloutMoved(
            rollout=rollout.id, unit=rollout.unit, before=None, after=rollout.state.value, reason=rollout.reason
        )
        self._append(moved, at)

    async def accepted_commit(self) -> str | None:
        """Return the newest commit that loaded, None before the first."""
        return self._accepted

    async def told_of_git(self) -> ToldOfGit:
        """Return what was written down of Git last."""
        return self._git

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout with a higher epoch; None when another owner's claim has not run out."""
        held = self._leases.get(rollout)
        if held and held[0].owner != owner and held[1] > now:
            return None
        lease = Lease(rollout, owner, held[0].epoch + 1 if held else 1)
        self._leases[rollout] = (lease, until)
        return lease

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer."""
        self._check(lease)
        self._leases[lease.rollout] = (lease, until)

    async def break_leases(self) -> None:
        """End every claim, as the start of the one process that there is does."""
        for name, (lease, _) in self._leases.items():
            self._leases[name] = (Lease(name, "", lease.epoch + 1), datetime.min.replace(tzinfo=UTC))

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and the plan it is executing; KeyError when there is none."""
        found = self.rollouts[rollout]
        return found, self.plans[found.plan]

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Append the events and store the rollout as it now is, and its revert plan if given."""
        self._check(lease)
        if plan:
            self._put_plan(plan, self._blobs)
        self.rollouts[rollout.id] = rollout
        standing = self._of(rollout.unit).standing
        over = rollout.ended
        self._put(
            rollout.unit,
            standing=projection.ended(standing, rollout) if over else replace(standing, rollout=rollout),
        )
        for event in events:
            self._append(event, at)
        if over:
            self._prune()

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents; KeyError naming the first that is missing."""
        return {blob: self._blobs[blob] for blob in blobs}

    def know(self, contents: Mapping[Digest, bytes]) -> None:
        """Have contents from before the story."""
        self._blobs.update(contents)

    def _of(self, unit: UnitId) -> Known:
        return self._known.get(unit) or Known(UnitStanding(unit=unit))

    def _put(self, unit: UnitId, standing: UnitStanding) -> None:
        self._known[unit] = replace(self._of(unit), standing=standing)

    def _append(self, event: Event, at: datetime) -> None:
        unit: UnitId | Unit | None = getattr(event, "unit", None)
        if unit is not None:
            name = unit.id if isinstance(unit, Unit) else unit
            before = self._of(name)
            after = projection.follows(before, event, at)
            if after is not before:
                self._known[name] = after
        elif isinstance(event, Paused | Resumed):
            self._paused = event if isinstance(event, Paused) else None
        elif isinstance(event, Said):
            self._words = in_force(self._words, event)
        else:
            self._hear_of_git(event)
        entry = Entry(at, event)
        self.entries.append(entry)
        self._listen(entry)

    def _hear_of_git(self, event: Event) -> None:
        match event:
            case CommitAccepted():
                self._accepted = event.commit
                self._git = ToldOfGit(lost=self._git.lost)
            case CommitRefused():
                self._git = replace(self._git, refused=event.commit, why=event.why)
            case RewriteAccepted():
                self._git = replace(self._git, let_by=self._git.let_by | {event.commit})
            case SourceLost():
                self._git = replace(self._git, lost=True)
            case SourceFound():
                self._git = replace(self._git, lost=False)
            case _:
                pass

    def _check(self, lease: Lease) -> None:
        held = self._leases.get(lease.rollout)
        if held is None or held[0] != lease:
            owner = held[0].owner if held else ""
            raise LeaseLost(f"rollout {lease.rollout} is now in the hands of {owner or 'nobody'}")

    def _put_plan(self, plan: Plan, contents: Mapping[Digest, bytes]) -> None:
        if missing := named_by_plan(plan) - contents.keys():
            raise ValueError(f"internal error: plan {plan.id} speaks of {min(missing)}, whose content is not stored")
        self.plans.setdefault(plan.id, plan)

    def _prune(self) -> None:
        kept: set[Digest] = set()
        for known in self._known.values():
            if rollout := known.standing.rollout:
                for plan in {rollout.plan, rollout.forward}:
                    kept |= named_by_plan(self.plans[plan]) | mentioned_by_unit(self.plans[plan].unit)
            for snapshot in known.snapshots:
                kept |= mentioned_by_unit(snapshot.unit)
        for blob in self._blobs.keys() - kept:
            del self._blobs[blob]
