"""Who gets how many of the requests, whatever the router is."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from reconciler.model.target import Target
from reconciler.model.traffic import Route, Router, Share


class Routers(Protocol):
    """The load balancers. ``hosts`` are the router's hosts by name. Bounded in time; raises WorldError only.

    Every call may be made again. One that raised may have reached some of the load balancers.
    """

    async def weights(self, router: Router, hosts: Mapping[str, Target]) -> Mapping[str, tuple[Route, ...]]:
        """Return what each load balancer says of the router's members.

        Refused where a member is missing, or another server gets requests too. Where we own the list of servers
        (nginx), such a one is returned beside the members instead, and goes with the next ``set_weights``.
        """
        ...

    async def set_weights(self, router: Router, shares: Sequence[Share], hosts: Mapping[str, Target]) -> None:
        """Give these members these weights on every load balancer; the other members keep theirs.

        Where that takes time (pods have to start) a part of it is done, and it is told again until ``weights`` says so.
        """
        ...

    async def drain(self, router: Router, servers: Sequence[str], hosts: Mapping[str, Target]) -> None:
        """Send no new requests to these members; those under way go on. ``weights`` tells how many are left."""
        ...

    async def mirror(self, router: Router, servers: Sequence[str], percent: int, hosts: Mapping[str, Target]) -> None:
        """Send copies of so many percent of the requests to these members, and drop the answers; 0 ends it."""
        ...
