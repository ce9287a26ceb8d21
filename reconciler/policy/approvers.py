"""Who may approve a step of a rollout: people by name, and whoever has a role (``role:sre``); and who has. Pure."""

from collections.abc import Collection, Iterable, Iterator

from reconciler.model.rollout import Decided, Decision
from reconciler.policy.persons import Person, by_person

ROLE = "role:"
"""How an approver is written that is a role and nobody's name."""


def counts(approvers: Collection[str], author: str, roles: Collection[str]) -> bool:
    """Whether the approval of somebody with these roles counts. Without approvers that of anybody does."""
    named = not author.startswith(ROLE) and author in approvers
    return not approvers or named or any(f"{ROLE}{role}" in approvers for role in roles)


def approving(
    decisions: Iterable[Decision], plan: str, index: int, approvers: Collection[str]
) -> tuple[tuple[Person, ...], ...]:
    """Return the different people who have approved that step of the plan and may, each by all that they came as."""
    said = _counting(decisions, plan, index, approvers)
    return tuple(tuple(map(_author, theirs)) for theirs in by_person(said, _author))


def _counting(decisions: Iterable[Decision], plan: str, index: int, approvers: Collection[str]) -> Iterator[Decision]:
    """Yield what approves the step; who promotes to the end, and may, has approved all that comes."""
    for one in decisions:
        fully = one.decided is Decided.PROMOTE_FULLY and one.approves and one.index <= index
        this = one.decided is Decided.APPROVE and one.index == index
        if one.plan == plan and (fully or this) and counts(approvers, one.author, one.roles):
            yield one


def _author(of: Decision) -> Person:
    return Person(of.author, of.emails)
