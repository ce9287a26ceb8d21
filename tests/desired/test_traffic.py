"""Routers of apps: which load balancers, and which member for which target."""

from datetime import timedelta

import pytest

from reconciler.desired.load import Invalid
from reconciler.model.identity import UnitId
from reconciler.model.traffic import HaproxyRouter, Member, NginxRouter, Router
from tests.desired.note import KEY, loaded

SHOP = UnitId("shop", "production")


def host(name: str, role: str, address: str, environment: str = "production") -> str:
    return (
        f"---\nkind: Host\nmetadata: {{name: {name}, labels: {{role: {role}}}}}\n"
        f'spec: {{environment: {environment}, address: {address}, user: deploy, hostKey: "{KEY}"}}\n'
    )


HOSTS = "".join(
    (
        host("shop-1", "shop", "192.0.2.11"),
        host("shop-2", "shop", "192.0.2.12"),
        host("lb-2", "lb", "192.0.2.2"),
        host("lb-1", "lb", "192.0.2.1"),
    )
)


def files(traffic: str, hosts: str = HOSTS) -> dict[str, str]:
    app = (
        'kind: App\nmetadata: {name: shop}\nspec:\n  version: "1.4"\n  environments: {production: {}}\n'
        "  targets: {hosts: {role: shop}}\n  resources: [{note: {path: /etc/shop, text: a}}]\n"
        f"  traffic: {traffic}\n"
    )
    return {"desired-state/shop.yaml": app, "desired-state/more.yaml": hosts}


def routed(traffic: str, hosts: str = HOSTS) -> Router | None:
    return loaded(files(traffic, hosts)).units[SHOP].traffic


def test_haproxy_has_a_server_for_each_target_named_like_it_unless_it_is_said() -> None:
    assert routed("{haproxy: {hosts: {role: lb}, backend: shop}}") == HaproxyRouter(
        hosts=("lb-1", "lb-2"),
        backend="shop",
        members=(Member("shop-1", "shop-1"), Member("shop-2", "shop-2")),
        socket="/run/haproxy/admin.sock",
        drain_within=timedelta(seconds=30),
    )


def test_nginx_has_an_address_for_each_target() -> None:
    text = (
        "{nginx: {hosts: {role: lb}, upstream: shop, include: /etc/nginx/shop.servers, drainWithin: 5s, "
        'mirror: /etc/nginx/shop.mirror, server: "{{ target.address }}:8080"}}'
    )
    assert routed(text) == NginxRouter(
        hosts=("lb-1", "lb-2"),
        upstream="shop",
        include="/etc/nginx/shop.servers",
        members=(Member("shop-1", "192.0.2.11:8080"), Member("shop-2", "192.0.2.12:8080")),
        mirror="/etc/nginx/shop.mirror",
        drain_within=timedelta(seconds=5),
    )


def test_load_balancers_are_those_of_the_units_own_environment() -> None:
    elsewhere = "---\nkind: Environment\nmetadata: {name: staging}\n" + host("lb-9", "lb", "192.0.2.9", "staging")
    router = routed("{haproxy: {hosts: {role: lb}, backend: shop}}", HOSTS + elsewhere)
    assert router is not None
    assert router.hosts == ("lb-1", "lb-2")


def test_a_router_rolls_nothing_out() -> None:
    one = loaded(files("{haproxy: {hosts: {role: lb}, backend: shop}}")).units[SHOP]
    other = loaded(files("{haproxy: {hosts: {role: lb}, backend: other}}")).units[SHOP]
    assert one.digest == other.digest


def test_an_app_without_traffic_has_no_router() -> None:
    assert routed("null") is None


POLICY = """\
kind: RolloutPolicy
metadata: {name: mirrors}
spec:
  match: {apps: {team: a}}
  strategy: {canary: {steps: [{mirror: 10}, {bake: 1m}]}}
"""
NGINX = 'upstream: shop, include: /etc/nginx/s, server: "{{ target.address }}"'


@pytest.mark.parametrize(
    ("traffic", "why"),
    [
        ("{haproxy: {hosts: {role: lb}, backend: shop}}", "HAProxy cannot"),
        (f"{{nginx: {{hosts: {{role: lb}}, {NGINX}}}}}", "nginx can only with a 'mirror' file"),
        (f"{{nginx: {{hosts: {{role: lb}}, {NGINX}, mirror: /etc/nginx/m}}}}", None),
    ],
)
def test_a_policy_that_mirrors_needs_a_router_that_can(traffic: str, why: str | None) -> None:
    written = {**files(traffic), "policies/mirrors.yaml": POLICY}
    written["desired-state/shop.yaml"] = written["desired-state/shop.yaml"].replace(
        "{name: shop}", "{name: shop, labels: {team: a}}"
    )
    try:
        loaded(written)
        told = []
    except Invalid as invalid:
        told = [(each.line, each.message) for each in invalid.problems]
    assert told == ([(8, f"the policy's canary mirrors requests, and {why}")] if why else [])
