"""Whether requests are sent as they shall be: what was decided last against what the load balancers say. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.model.plan import Shift, Step
from reconciler.model.resource import Routes, Unknown
from reconciler.model.traffic import Route, Router, Share


@dataclass(frozen=True, slots=True)
class Astray:
    """One load balancer gives one server another weight than it shall have; ``wanted`` is None where it is no member.

    As text it is a place like those of drifted resources: ``lb-1/traffic:web-1``.
    """

    balancer: str
    server: str
    weight: int
    wanted: int | None

    def __str__(self) -> str:
        return f"{self.balancer}/traffic:{self.server}"

    @property
    def in_words(self) -> str:
        """What is wrong, in words."""
        if self.wanted is None:
            return f"{self.balancer} sends requests to {self.server}, which is no target"
        return f"{self.server} has the weight {self.weight} on {self.balancer}, not {self.wanted}"


def at_rest(router: Router, routing: Sequence[Share]) -> tuple[Share, ...]:
    """Return the shares that count of those decided last: members may have left since, and then nobody may be left."""
    members = {member.server for member in router.members}
    shares = tuple(share for share in routing if share.server in members)
    return shares if any(share.weight for share in shares) else ()


def in_the_end(steps: Sequence[Step]) -> Mapping[str, int]:
    """Return the weight that each server has after the last of the steps that gives it one."""
    shifts = (step for step in steps if isinstance(step, Shift))
    return {share.server: share.weight for step in shifts for share in step.shares}


def astray(router: Router, shares: Sequence[Share], routes: Routes) -> tuple[Astray, ...]:
    """Return where requests are sent otherwise than the shares say; nothing where that cannot be seen.

    Weights are relative, unless they are exact: a load balancer on which all of them are the same part of what they
    shall be is right.
    """
    if isinstance(routes, Unknown) or not shares:
        return ()
    return tuple(each for name in sorted(routes) for each in _on_one(name, router, shares, routes[name]))


def counts(route: Route, share: Share) -> bool:
    """Return whether the weight has to be the share.

    Of a server that is not taken for healthy only a share of none counts: it gets nothing anyway.
    """
    return route.exact or route.serving or not share.weight


def _on_one(name: str, router: Router, shares: Sequence[Share], routes: Sequence[Route]) -> Iterator[Astray]:
    seen = {route.server: route for route in routes}
    members = {member.server for member in router.members}
    counted = {
        share: seen[share.server].weight
        for share in shares
        if share.server in seen and counts(seen[share.server], share)
    }
    if any(route.exact for route in routes) or not _proportional(counted):
        wrong = (share for share, weight in counted.items() if weight != share.weight)
        yield from (Astray(name, share.server, counted[share], share.weight) for share in wrong)
    yield from (Astray(name, each.server, each.weight, None) for each in routes if _is_stranger(each, members))


def _is_stranger(route: Route, members: set[str]) -> bool:
    return route.server not in members and route.weight > 0


def _proportional(counted: Mapping[Share, int]) -> bool:
    has, shall = sum(counted.values()), sum(share.weight for share in counted)
    if not has or not shall:
        return not has and not shall
    return all(weight * shall == share.weight * has for share, weight in counted.items())
