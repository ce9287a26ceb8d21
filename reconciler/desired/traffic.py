"""The router in front of a unit: its load balancers, and a member for every target, or every slot of it."""

import re
from collections.abc import Sequence
from typing import get_args

from reconciler.desired import cluster_traffic
from reconciler.desired.traffic_documents import Fronted, HaproxySpec, NginxSpec
from reconciler.desired.traffic_frame import Between, Frame
from reconciler.desired.words import describe
from reconciler.model.traffic import HaproxyRouter, Member, NginxRouter, Router

_HAPROXY_SERVER = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_NGINX_SERVER = re.compile(r"unix:/[A-Za-z0-9_./-]+|(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?")


def router(frame: Frame) -> Router | None:
    """Return the router of a unit, None when the app has none; tell mistakes."""
    traffic = frame.app.spec.traffic
    if traffic is None:
        return None
    frame.told_if_mirrored(traffic.router)
    written, between = traffic.router, frame.between
    hosts = tuple(sorted(host.name for host in between.balancers))
    match written:
        case HaproxySpec():
            return HaproxyRouter(
                hosts=hosts,
                backend=written.backend,
                members=_members(written, frame),
                socket=written.socket,
                drain_within=written.drain_within,
            )
        case NginxSpec():
            return NginxRouter(
                hosts=hosts,
                upstream=written.upstream,
                include=written.include,
                members=_members(written, frame),
                mirror=written.mirror,
                drain_within=written.drain_within,
            )
        case _:
            return cluster_traffic.router(written, frame)


def _members(written: HaproxySpec | NginxSpec, frame: Frame) -> tuple[Member, ...]:
    sorts = [written.on] if written.on else get_args(Fronted)
    targets = [each for each in frame.between.targets if each.sort in sorts]
    if not targets:
        missing = (
            f"the app has no {written.on}" if written.on else "the app has nothing that a load balancer on a host knows"
        )
        frame.tell("on" if written.on else "", f"{missing} to send requests to")
    members = tuple(frame.members("server", written.server, targets))
    _check(frame.between, written, members, frame)
    return members


def _check(between: Between, written: HaproxySpec | NginxSpec, members: Sequence[Member], frame: Frame) -> None:
    both = sorted({host.name for host in between.balancers} & {host.name for host in between.targets})
    if both:
        message = f"{both[0]} is a target of the app, and the same labels make it its load balancer"
        frame.tell("hosts", message, "the hosts that pass requests on are others than those that serve them")
    pattern = _HAPROXY_SERVER if isinstance(written, HaproxySpec) else _NGINX_SERVER
    what = "the name of a server in HAProxy" if isinstance(written, HaproxySpec) else "an address of a server in nginx"
    first: dict[str, Member] = {}
    for member in members:
        if not pattern.fullmatch(member.server):
            frame.tell("server", f"expected {what}, got {describe(member.server)} for {_named(member)}")
            return
        other = first.setdefault(member.server, member)
        if other is not member:
            message = f"{_named(other)} and {_named(member)} would both be the server '{member.server}'"
            missing = "{{ slot }}" if other.target == member.target else "{{ target.name }}"
            frame.tell("server", message, f"each needs one of its own: use {missing} in it")
            return


def _named(member: Member) -> str:
    return f"slot {member.slot} of {member.target}" if member.slot else member.target
