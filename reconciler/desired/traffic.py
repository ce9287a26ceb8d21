"""The router in front of a unit: its load balancers, and a member for every target, or every slot of it."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.desired import slots
from reconciler.desired.documents import AppSpec
from reconciler.desired.fleet import Written
from reconciler.desired.templates import TemplateMistake, Templates, Variables
from reconciler.desired.traffic_documents import HaproxySpec, NginxSpec
from reconciler.desired.words import Path, describe
from reconciler.model.policy import Canary, MirrorTo, Strategy
from reconciler.model.problem import Problem
from reconciler.model.target import Host, Target
from reconciler.model.traffic import HaproxyRouter, Member, NginxRouter, Router

_HAPROXY_SERVER = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_NGINX_SERVER = re.compile(r"unix:/[A-Za-z0-9_./-]+|(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Between:
    """What a router stands in front of and where it runs: targets, their slots if any, and load balancers."""

    targets: Sequence[Target]
    slots: tuple[str, ...]
    balancers: Sequence[Host]
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Where mistakes about one app's router are told."""

    app: Written[AppSpec]
    key: str
    told: Callable[[Problem], None]

    def tell(self, key: str, message: str, hint: str | None = None) -> None:
        """Tell that what is under the key of the router is wrong."""
        path: Path = ("spec", "traffic", self.key, key)
        self.told(self.app.document.problem(path, message, hint))


def router(between: Between, variables: Variables, templates: Templates, mistakes: Mistakes) -> Router | None:
    """Return the router of a unit, None when the app has none; tell mistakes."""
    traffic = mistakes.app.spec.traffic
    if traffic is None:
        return None
    written = traffic.router
    members = tuple(_members(written.server, between, variables, templates, mistakes))
    _check(between, written, members, mistakes)
    hosts = tuple(sorted(host.name for host in between.balancers))
    match written:
        case HaproxySpec():
            return HaproxyRouter(
                hosts=hosts,
                backend=written.backend,
                members=members,
                socket=written.socket,
                drain_within=written.drain_within,
            )
        case NginxSpec():
            return NginxRouter(
                hosts=hosts,
                upstream=written.upstream,
                include=written.include,
                members=members,
                mirror=written.mirror,
                drain_within=written.drain_within,
            )


def _members(
    template: str, between: Between, variables: Variables, templates: Templates, mistakes: Mistakes
) -> Iterator[Member]:
    for host in between.targets:
        target = {"name": host.name, "address": host.address, "labels": host.labels}
        for slot in between.slots or ("",):
            names = {**variables, "target": target, **slots.variables(mistakes.app.spec.slots, slot)}
            try:
                yield Member(host.name, templates.render(template, names).text, slot)
            except TemplateMistake as mistake:
                mistakes.tell("server", str(mistake), mistake.suggestion)
                return


def _check(between: Between, written: HaproxySpec | NginxSpec, members: Sequence[Member], mistakes: Mistakes) -> None:
    both = sorted({host.name for host in between.balancers} & {host.name for host in between.targets})
    if both:
        message = f"{both[0]} is a target of the app, and the same labels make it its load balancer"
        mistakes.tell("hosts", message, "the hosts that pass requests on are others than those that serve them")
    pattern = _HAPROXY_SERVER if isinstance(written, HaproxySpec) else _NGINX_SERVER
    what = "the name of a server in HAProxy" if isinstance(written, HaproxySpec) else "an address of a server in nginx"
    first: dict[str, Member] = {}
    for member in members:
        if not pattern.fullmatch(member.server):
            mistakes.tell("server", f"expected {what}, got {describe(member.server)} for {_named(member)}")
            return
        other = first.setdefault(member.server, member)
        if other is not member:
            message = f"{_named(other)} and {_named(member)} would both be the server '{member.server}'"
            missing = "{{ slot }}" if other.target == member.target else "{{ target.name }}"
            mistakes.tell("server", message, f"each needs one of its own: use {missing} in it")
            return
    if _mirrors(between.strategy) and not (isinstance(written, NginxSpec) and written.mirror):
        cannot = "HAProxy cannot" if isinstance(written, HaproxySpec) else "nginx can only with a 'mirror' file"
        path: Path = ("spec", "traffic", mistakes.key)
        message = f"the policy's canary mirrors requests, and {cannot}"
        mistakes.told(mistakes.app.document.problem(path, message, "another policy, or no step 'mirror' in this one"))


def _mirrors(strategy: Strategy) -> bool:
    return isinstance(strategy, Canary) and any(isinstance(step, MirrorTo) for step in strategy.steps)


def _named(member: Member) -> str:
    return f"slot {member.slot} of {member.target}" if member.slot else member.target
