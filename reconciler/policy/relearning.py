"""What is ours, concluded from what hosts keep and from Git, when the journal is lost. Pure.

What nobody can tell is not ours to take away: it is found as it is, and stays.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.deed import Relearned
from reconciler.model.event import Event, ResourcesApplied, SnapshotTaken, VerdictGiven
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.mark import Mark, Marked
from reconciler.model.resource import Resource
from reconciler.model.unit import Unit
from reconciler.model.verdict import Owned, Verdict

SEEN_WELL = "it ran and was healthy when the journal was made anew"
TAKEN_BACK = (
    "it was taken back before the journal was lost; why is not known any more (reconciler retry tries it again)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """A unit as Git has it now (None: it left), and as it was at each commit that hosts name and Git still has."""

    wanted: Unit | None
    at: Mapping[str, Unit]

    def asked(self, mark: Mark) -> Resource | None:
        """Return the resource as it was asked for then; as near to it as Git still knows; None when it does not."""
        now = _resource(self.wanted, mark.resource)
        if now is not None and now.digest == mark.digest:
            return now
        return _resource(self.at.get(mark.commit), mark.resource) or now

    def candidates(self, marked: Sequence[Marked]) -> tuple[Unit, ...]:
        """Return the states that may run whole: that of Git, then those that hosts were brought to last."""
        named = (self.at[commit] for each in marked if (commit := each.commit) in self.at)
        found = {unit.digest: unit for unit in (*([self.wanted] if self.wanted else []), *named)}
        return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What is known of a unit again.

    ``owned`` is what is ours; ``lost`` says, in a sentence each, what was ours and cannot be told any more. ``good`` is
    the state that runs, when it is sure that it was rolled out; ``rejected`` are states that were gone back from.
    ``notes`` are for a person.
    """

    unit: UnitId
    owned: tuple[Owned, ...] = ()
    lost: tuple[str, ...] = ()
    good: Unit | None = None
    rejected: tuple[Unit, ...] = ()
    notes: tuple[str, ...] = ()


def claimed(states: States, marked: Sequence[Marked]) -> tuple[tuple[Owned, ...], tuple[str, ...]]:
    """Return what the marks make ours, and what they name and nobody can tell any more."""
    owned: list[Owned] = []
    lost: list[str] = []
    for mark in (mark for each in marked for mark in each.marks):
        resource = states.asked(mark)
        if resource is None:
            lost.append(_lost(mark))
            continue
        sure = resource.digest == mark.digest
        owned.append(Owned(resource=resource, created=mark.created, before=mark.before, sure=sure))
    return tuple(owned), tuple(lost)


def rolled_out(unit: Unit, states: States, marked: Sequence[Marked]) -> bool:
    """Return whether a host says that we have brought it to this state, by a commit that Git still has."""
    named = (states.at.get(each.commit) for each in marked)
    return any(each is not None and each.digest == unit.digest for each in named)


def taken_back(states: States, marked: Sequence[Marked], good: Unit | None) -> tuple[Unit, ...]:
    """Return the states that a host was brought back from: they are not tried again by themselves."""
    named = (states.at[each.rejected] for each in marked if each.rejected in states.at)
    found = {unit.digest: unit for unit in named if good is None or unit.digest != good.digest}
    return tuple(found.values())


def news(learned: Learned, known: Mapping[ResourceId, Owned]) -> tuple[Owned, ...]:
    """Return what is ours and is not ``known`` to be so, or is known as it was asked for at another time."""
    return tuple(each for each in learned.owned if not _is_known(each, known.get(each.resource.id)))


def _is_known(owned: Owned, before: Owned | None) -> bool:
    return (
        before is not None and (before.created or not owned.created) and before.resource.digest == owned.resource.digest
    )


def events(learned: Learned, known: Mapping[ResourceId, Owned]) -> Iterator[Event]:
    """Yield what is written down of it. What is ``known`` to be ours already is not said again."""
    new = news(learned, known)
    if new:
        yield ResourcesApplied(unit=learned.unit, applied=new)
    if good := learned.good:
        yield VerdictGiven(
            unit=learned.unit, digest=good.digest, verdict=Verdict.GOOD, reason=SEEN_WELL, commit=good.commit
        )
        yield SnapshotTaken(unit=good)
    for bad in learned.rejected:
        yield VerdictGiven(
            unit=learned.unit, digest=bad.digest, verdict=Verdict.BAD, reason=TAKEN_BACK, commit=bad.commit
        )
    names = tuple(str(each.resource.id) for each in learned.owned)
    yield Relearned(unit=learned.unit, resources=names, detail="; ".join((*learned.lost, *learned.notes)))


def _resource(unit: Unit | None, wanted: ResourceId) -> Resource | None:
    return next((each for each in unit.resources if each.id == wanted), None) if unit else None


def _lost(mark: Mark) -> str:
    commit = f"commit {mark.commit[:7]}" if mark.commit else "no commit"
    made = "it was made by us" if mark.created else "it was there before us"
    return (
        f"{mark.resource}: asked for by {commit}, which Git does not have any more, and {made}; "
        "it stays as it is, and is taken away by hand only"
    )
