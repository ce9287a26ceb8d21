"""How far a merged pull request has come, unit by unit. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.canonical import Digest
from reconciler.model.forge import Outcome, Progress, Row
from reconciler.model.identity import UnitId
from reconciler.model.rollout import Rollout, State
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Desired
from reconciler.model.verdict import Verdict
from reconciler.policy.proven import proven


@dataclass(frozen=True, slots=True)
class Merged:
    """What came with an accepted commit: the digest of each unit that it changes, None for one that left Git."""

    commit: str
    units: Mapping[UnitId, Digest | None]


def merged(before: Desired | None, after: Desired) -> Merged:
    """Return what a commit changes as against the one that was followed before it."""
    old = {unit.id: unit.digest for unit in before.units.values()} if before else {}
    new = {unit.id: unit.digest for unit in after.units.values()}
    changed: dict[UnitId, Digest | None] = {each: new[each] for each in sorted(new) if old.get(each) != new[each]}
    return Merged(after.commit, {**changed, **{each: None for each in sorted(old) if each not in new}})


def progress(came: Merged, rollouts: Sequence[Rollout], standing: Standing, followed: Desired) -> Progress:
    """Return how far it has come. ``rollouts`` are the newest ones, newest first; ``followed`` is what Git says now."""
    rows = []
    for unit, digest in came.units.items():
        if digest is None:
            rows.append(_row(unit, "removed", "what is ours stays until a person takes it away", Outcome.SUCCESS))
            continue
        found = next((each for each in rollouts if (each.unit, each.digest) == (unit, digest)), None)
        rows.append(_of_rollout(found) if found else _without(unit, digest, standing.of(unit), followed))
    return Progress(commit=came.commit, rows=tuple(rows))


def _of_rollout(rollout: Rollout) -> Row:
    if rollout.state is State.SUCCEEDED:
        return _row(rollout.unit, rollout.state, rollout.reason, Outcome.SUCCESS)
    if rollout.ended:
        return _row(rollout.unit, rollout.state, rollout.reason, Outcome.FAILURE)
    detail = rollout.waiting.detail if rollout.waiting else rollout.reason
    return _row(rollout.unit, rollout.state, detail, Outcome.PENDING)


def _without(unit: UnitId, digest: Digest, known: UnitStanding, followed: Desired) -> Row:
    """A state that no rollout is about: it is as before, or not its turn, or no longer wanted."""
    if proven(digest, known):
        return _row(unit, "good", "there was nothing to roll out", Outcome.SUCCESS)
    wanted = followed.units.get(unit)
    if wanted is None or wanted.digest != digest:
        return _row(unit, "superseded", "a newer commit came before it was its turn", Outcome.FAILURE)
    verdict = known.verdicts.get(digest)
    if verdict is not None and verdict.verdict is Verdict.BAD:
        return _row(unit, "rejected", verdict.reason, Outcome.FAILURE)
    waiting = known.assessed.waiting if known.assessed else None
    return _row(unit, "waiting" if waiting else "pending", waiting.detail if waiting else "", Outcome.PENDING)


def _row(unit: UnitId, word: str, detail: str, outcome: Outcome) -> Row:
    return Row(unit=unit, word=str(word), detail=detail, outcome=outcome)
