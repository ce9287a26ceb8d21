"""Who sits where: approvals are given to the stages so that as many stages as can be are full, one after the other.

Each person takes one seat of all. Whoever took a seat gives it to another and takes a later one where that fills more:
the order in which people approve does not matter. This is a matching in a bipartite graph, found by augmenting paths
(H. W. Kuhn, The Hungarian method for the assignment problem, 1955); a seat that is taken stays taken on the way. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reconciler.model.governance import ApprovalStage
from reconciler.policy.approval_votes import Vote


@dataclass(frozen=True, slots=True)
class Seating:
    """How far the stages are: those that are full (all when ``stage`` is None), and who has a seat.

    ``missing`` are the seats of ``stage``, which is the first that is not full, that nobody has taken.
    """

    seated: tuple[Vote, ...]
    stage: int | None
    missing: int = 0


def seating(stages: Sequence[ApprovalStage], votes: Sequence[Vote], also: Iterable[str]) -> Seating:
    """Return how far the stages are. ``also`` are roles that may sit in every stage, because nobody answered."""
    more = frozenset(also)
    eligible = [[_may(vote, stage, more) for vote in votes] for stage in stages]
    sits: dict[int, int] = {}
    for index, stage in enumerate(stages):
        # The seats of a stage are alike: where one cannot be filled, no more can.
        taken = next((seat for seat in range(stage.count) if not _fill(index, eligible, sits, set())), stage.count)
        if taken < stage.count:
            return Seating(_seated(sits, votes), index, stage.count - taken)
    return Seating(_seated(sits, votes), None)


def _fill(stage: int, eligible: Sequence[Sequence[bool]], sits: dict[int, int], tried: set[int]) -> bool:
    """Have one more vote sit in the stage, though others may have to change their stage for it."""
    for number, may in enumerate(eligible[stage]):
        if may and number not in tried:
            tried.add(number)
            if number not in sits or _fill(sits[number], eligible, sits, tried):
                sits[number] = stage
                return True
    return False


def _may(vote: Vote, stage: ApprovalStage, more: frozenset[str]) -> bool:
    if not stage.roles and not stage.people:
        return True
    named = any(each.casefold() in vote.called for each in stage.people)
    return named or not vote.roles.isdisjoint(more.union(stage.roles))


def _seated(sits: Iterable[int], votes: Sequence[Vote]) -> tuple[Vote, ...]:
    return tuple(votes[number] for number in sorted(sits))
