"""Who gets how many of the requests: routers, what they send to, and how that is seen."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """What requests are sent to: the app on one target, or one slot of it there.

    ``server`` is the router's name for it: a server's name in HAProxy's backend, ``address:port`` in nginx.
    """

    target: str
    server: str
    slot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaproxyRouter:
    """A backend of HAProxy on load balancer hosts, told through its runtime API."""

    hosts: tuple[str, ...]
    backend: str
    members: tuple[Member, ...]
    socket: str = "/run/haproxy/admin.sock"
    drain_within: timedelta = timedelta(seconds=30)
    router: Literal["haproxy"] = "haproxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxRouter:
    """An upstream of nginx on load balancer hosts: its servers are in a file of ours that the upstream includes.

    ``mirror`` is the file for copies of requests, None where nothing is mirrored.
    """

    hosts: tuple[str, ...]
    upstream: str
    include: str
    members: tuple[Member, ...]
    mirror: str | None = None
    drain_within: timedelta = timedelta(seconds=30)
    router: Literal["nginx"] = "nginx"


Router: TypeAlias = HaproxyRouter | NginxRouter


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """The relative weight of one server, 0 to 100; 0 gets no new requests."""

    server: str
    weight: int


@dataclass(frozen=True, slots=True)
class Route:
    """What one load balancer says of one server.

    ``weight`` is the one it was given, 0 while it is told to take no new requests (drained, in maintenance).
    ``serving``: the router takes it for healthy; one that is not gets none either. ``in_flight`` are requests under
    way, None where the router does not tell.
    """

    server: str
    weight: int
    serving: bool
    in_flight: int | None = None
