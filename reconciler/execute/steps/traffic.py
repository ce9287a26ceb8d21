"""Drain, Shift, Mirror: who gets how many of the requests. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from reconciler.execute.moves import Direct, Directing, End, Fail, Move, Sleep, Watch
from reconciler.execute.steps.record import later, overdue
from reconciler.model.plan import Apply, Drain, Mirror, Plan, Shift, Step
from reconciler.model.rollout import Rollout, StepRecord
from reconciler.model.traffic import Route, Share
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.policy.routing import counts

Seen: TypeAlias = Mapping[str, tuple[Route, ...]]
"""What each load balancer, by its name, says of the servers."""


@dataclass(frozen=True, slots=True)
class Came:
    """How far it has come: whether it is as it was told everywhere, which servers are through, what is missing."""

    as_told: bool
    through: tuple[str, ...]
    missing: str


def go_on(rollout: Rollout, plan: Plan, step: Directing, record: StepRecord, now: datetime) -> Move:
    """Return what is next: tell the load balancers, look until it has come about, or until the deadline.

    A drain ends ``within`` at the latest; that is counted from when every load balancer is known to have heard of it.
    """
    shares = wanted(rollout, plan, step)
    if record.effect_at and _over(step, shares, record, record.effect_at, now):
        return End(step)
    if record.again_at and later(record, now):
        return Sleep(record.again_at, WaitingOn(Reason.TRAFFIC, record.note, _until(rollout, step, record)))
    if overdue(rollout, now):
        return Fail(f"the requests could not be sent as planned in time: {record.note or 'no answer'}")
    return Watch(step, shares) if record.effect_at and not isinstance(step, Mirror) else Direct(step, shares)


def wanted(rollout: Rollout, plan: Plan, step: Directing) -> tuple[Share, ...]:
    """Return what the step sends to each server. A target that has failed gets nothing, as long as another serves."""
    match step:
        case Drain():
            return tuple(Share(server, 0) for server in step.servers)
        case Mirror():
            return ()
        case Shift():
            without = _failed(rollout, plan)
            left = tuple(Share(one.server, 0) if one.server in without else one for one in step.shares)
            named = {one.server for one in step.shares}
            elsewhere = {one.server for one in rollout.routing if one.weight} - named - without
            return left if elsewhere or any(share.weight for share in left) else step.shares
        case _:
            assert_never(step)


def in_vain(rollout: Rollout, plan: Plan, step: Step) -> str | None:
    """Return why requests cannot be sent as planned: all who would get them have failed, and another serves well.

    Where nobody else serves they go to those who failed all the same: they are asked at least.
    """
    if not isinstance(step, Shift):
        return None
    bad = _failed(rollout, plan)
    shall = {share.server for share in step.shares if share.weight}
    named = {share.server for share in step.shares}
    others = {share.server for share in rollout.routing if share.weight and share.server in named} - bad
    if shall <= bad and others:
        return f"the requests stay with {', '.join(sorted(others))}: {', '.join(sorted(shall))} failed"
    return None


def _failed(rollout: Rollout, plan: Plan) -> frozenset[str]:
    failed = {failure.target for failure in rollout.failures}
    return frozenset(one.server for one in plan.router.members if one.target in failed) if plan.router else frozenset()


def merged(before: Iterable[Share], after: Iterable[Share]) -> tuple[Share, ...]:
    """Return how requests are to be sent when some servers get other shares."""
    shares = {share.server: share.weight for share in (*before, *after)}
    return tuple(Share(server, weight) for server, weight in sorted(shares.items()))


def awaited(rollout: Rollout, plan: Plan) -> frozenset[str]:
    """Return the servers that have to serve before the rollout goes on: those the plan has changed so far.

    A server that this rollout has not touched, and that is down, says nothing about what is rolled out.
    """
    applies = [step for step in plan.steps[: rollout.cursor] if isinstance(step, Apply)]
    changed = {(each.target, step.slot) for step in applies for each in step.targets}
    members = plan.router.members if plan.router else ()
    return frozenset(one.server for one in members if {(one.target, one.slot), (one.target, "")} & changed)


def came(step: Directing, shares: Sequence[Share], seen: Seen, changed: frozenset[str]) -> Came:
    """Return how far it has come by what the load balancers say; servers that were ``changed`` are waited for."""
    match step:
        case Mirror():
            return Came(as_told=True, through=step.servers, missing="")
        case Drain():
            through = tuple(server for server in step.servers if _named(server, seen) and not _busy(server, seen))
            counts = [_under_way(server, seen) for server in step.servers if server not in through]
            return Came(not differing(shares, seen), through, "; ".join(counts))
        case Shift():
            idle = {
                share.server: [name for name, routes in seen.items() if not _serves(share, routes)]
                for share in shares
                if share.server in changed
            }
            through = tuple(share.server for share in shares if not idle.get(share.server))
            missing = [f"{server} does not serve yet ({', '.join(where)})" for server, where in idle.items() if where]
            return Came(not differing(shares, seen), through, "; ".join(missing))
        case _:
            assert_never(step)


def differing(shares: Iterable[Share], seen: Seen) -> tuple[str, ...]:
    """Return the servers that get another share than they shall, where their weight counts.

    A server that a load balancer does not name is among them.
    """
    return tuple(
        share.server
        for share in shares
        if not _named(share.server, seen)
        or any(one.weight != share.weight and counts(one, share) for one in _of(share.server, seen))
    )


def _over(step: Directing, shares: Sequence[Share], record: StepRecord, since: datetime, now: datetime) -> bool:
    match step:
        case Mirror():
            return True
        case Drain():
            return now >= since + step.within or set(record.targets_done) >= set(step.servers)
        case Shift():
            return set(record.targets_done) >= {share.server for share in shares}
        case _:
            assert_never(step)


def _until(rollout: Rollout, step: Directing, record: StepRecord) -> datetime | None:
    if isinstance(step, Drain) and record.effect_at:
        return record.effect_at + step.within
    return rollout.deadline


def _of(server: str, seen: Seen) -> list[Route]:
    return [route for routes in seen.values() for route in routes if route.server == server]


def _named(server: str, seen: Seen) -> bool:
    return all(any(one.server == server for one in routes) for routes in seen.values())


def _busy(server: str, seen: Seen) -> bool:
    return any(one.in_flight != 0 for one in _of(server, seen))


def _serves(share: Share, routes: Sequence[Route]) -> bool:
    """Whether the load balancer sends the server what it shall get. One that it does not name is not known to be."""
    return any(one.server == share.server and (one.serving or not share.weight) for one in routes)


def _under_way(server: str, seen: Seen) -> str:
    counts = [one.in_flight for one in _of(server, seen)]
    known = sum(count for count in counts if count is not None)
    if None in counts:
        return f"nobody can say how many requests are under way to {server}"
    return f"{known} request{'' if known == 1 else 's'} under way to {server}"
