"""When a state needs no rollout any more to be called good."""

from reconciler.model.canonical import Digest
from reconciler.model.standing import UnitStanding
from reconciler.model.verdict import Verdict


def proven(digest: Digest, known: UnitStanding) -> bool:
    """Return whether the state is the one that was found good last.

    One that was good before another took its place has to prove itself again: it is rolled out like any new one.
    """
    verdict = known.verdicts.get(digest)
    last = known.last_good
    good = verdict is not None and verdict.verdict is Verdict.GOOD
    return good and last is not None and last.unit.digest == digest
