"""Routers in the clusters of an app: what is written, what follows for resources, and what cannot be."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from reconciler.desired.load import Invalid
from reconciler.model.identity import UnitId
from reconciler.model.target import Sort
from reconciler.model.traffic import HttpRouteRouter, Member, ReplicasRouter, Router, Selects, ServiceRouter
from reconciler.model.unit import Unit
from tests.desired import many
from tests.desired.note import KEY

SHOP = UnitId("shop", "production")
CLUSTERS = """\
kind: KubernetesCluster
metadata: {name: east, labels: {role: shop, zone: east}}
spec: {environment: production, namespace: shop, inCluster: }
---
kind: KubernetesCluster
metadata: {name: west, labels: {role: shop, zone: west}}
spec: {environment: production, namespace: shop, inCluster: }
---
kind: KubernetesCluster
metadata: {name: other, labels: {role: other}}
spec: {environment: production, inCluster: }
"""
ONE = "its Service sends all requests to one slot"
NAMED = "{{ target.name }}-{{ slot }}"
SLOTS = "{blue: {}, green: {}}"


def files(traffic: str, slots: str = SLOTS, names: Sequence[str] = ("Deployment.apps/shop/x",)) -> dict[str, str]:
    app = (
        "kind: App\nmetadata: {name: shop, labels: {team: a}}\nspec:\n"
        '  version: "1.4"\n  vars: {pods: 4}\n  environments: {production: {}}\n'
        "  targets: {kubernetesClusters: {role: shop}}\n"
        f"  resources: [{{object: {{names: [{', '.join(names)}]}}}}]\n  slots: {slots}\n  traffic: {traffic}\n"
    )
    return {"desired-state/shop.yaml": app, "desired-state/clusters.yaml": CLUSTERS}


def unit(traffic: str, names: Sequence[str] = ("Deployment.apps/shop/x",)) -> Unit:
    return many.loaded(files(traffic, names=names)).units[SHOP]


def routed(traffic: str) -> Router | None:
    return unit(traffic).traffic


def told(written: dict[str, str]) -> list[tuple[str, str]]:
    try:
        many.loaded(written)
    except Invalid as invalid:
        return [(each.path, each.message) for each in invalid.problems]
    return []


def members(blue: str, green: str) -> tuple[Member, ...]:
    return tuple(
        Member(cluster, name, slot) for cluster in ("east", "west") for name, slot in ((blue, "blue"), (green, "green"))
    )


def test_a_service_names_a_slot_by_its_label_unless_other_labels_are_written() -> None:
    assert routed("{kubernetesService: {service: shop}}") == ServiceRouter(
        hosts=("east", "west"),
        namespace="shop",
        service="shop",
        members=members("blue", "green"),
        selects=(Selects("blue", (("slot", "blue"),)), Selects("green", (("slot", "green"),))),
    )
    written = (
        'selector: {color: "{{ slot }}", app: "{{ app }}"}, clusters: {role: shop}, namespace: web, drainWithin: 3s'
    )
    assert routed(f"{{kubernetesService: {{service: shop, {written}}}}}") == ServiceRouter(
        hosts=("east", "west"),
        namespace="web",
        service="shop",
        members=members("blue", "green"),
        selects=(
            Selects("blue", (("app", "shop"), ("color", "blue"))),
            Selects("green", (("app", "shop"), ("color", "green"))),
        ),
        drain_within=timedelta(seconds=3),
    )


def test_an_http_route_has_a_service_for_each_slot() -> None:
    assert routed("{httpRoute: {route: web, port: 8080, version: v1beta1}}") == HttpRouteRouter(
        hosts=("east", "west"),
        namespace="shop",
        route="web",
        members=members("shop-blue", "shop-green"),
        port=8080,
        version="v1beta1",
    )


@pytest.mark.parametrize(("total", "pods"), [("3", 3), ('"{{ vars.pods }}"', 4)])
def test_pods_are_counted_together(total: str, pods: int) -> None:
    assert routed(f'{{replicas: {{deployment: "web-{{{{ slot }}}}", total: {total}, surge: true}}}}') == ReplicasRouter(
        hosts=("east", "west"), namespace="shop", total=pods, surge=True, members=members("web-blue", "web-green")
    )


@pytest.mark.parametrize(
    ("traffic", "name", "ignored"),
    [
        ("{kubernetesService: {service: web}}", "Service/shop/web", ("spec.selector.slot",)),
        ("{kubernetesService: {service: web}}", "Service/web", ("spec.selector.slot",)),
        ("{kubernetesService: {service: web, namespace: other}}", "Service/web", ()),
        ("{kubernetesService: {service: web}}", "Service/other/web", ()),
        (
            "{httpRoute: {route: web}}",
            "HTTPRoute.gateway.networking.k8s.io/shop/web",
            ("spec.rules.*.backendRefs.*.weight",),
        ),
        ("{httpRoute: {route: web}}", "HTTPRoute.gateway.networking.k8s.io/shop/web2", ()),
        ("{replicas: {total: 2}}", "Deployment.apps/shop/shop-green", ("spec.replicas",)),
        ("{replicas: {total: 2}}", "Deployment.apps/shop/shop", ()),
    ],
)
def test_what_the_router_writes_of_an_object_is_not_compared(traffic: str, name: str, ignored: tuple[str, ...]) -> None:
    found = unit(traffic, [name])
    assert {resource.ignore for resource in found.resources} == {ignored}
    assert found.digest == unit("null", [name]).digest


@pytest.mark.parametrize(
    ("traffic", "problem"),
    [
        (
            "{kubernetesService: {service: shop}}",
            (
                "spec.traffic.kubernetesService",
                "requests are sent to one or the other of the app's slots, and it has none",
            ),
        ),
    ],
)
def test_a_router_in_a_cluster_needs_slots(traffic: str, problem: tuple[str, str]) -> None:
    assert told(files(traffic, slots="{}")) == [problem]


@pytest.mark.parametrize(
    ("traffic", "place", "message"),
    [
        ("{}", "", "expected exactly one of haproxy, nginx, kubernetesService, httpRoute or replicas"),
        (
            "{httpRoute: {route: a}, replicas: {total: 2}}",
            "",
            "expected exactly one of haproxy, nginx, kubernetesService, httpRoute or replicas",
        ),
        (
            "{replicas: {total: 2, clusters: {zone: east}}}",
            "replicas.clusters",
            "west is a target of the app, and these labels leave it out",
        ),
        (
            "{replicas: {total: 2, clusters: {zone: north}}}",
            "replicas.clusters",
            "no KubernetesCluster in environment 'production' has zone: north",
        ),
        ("{replicas: {total: 2, deployment: shop}}", "replicas.deployment", "both slots would be 'shop'"),
        (
            '{replicas: {total: 2, deployment: "{{ target.name }}-{{ slot }}"}}',
            "replicas.deployment",
            "slot blue would have another name on west than on east",
        ),
        (
            '{httpRoute: {route: web, backend: "Shop-{{ slot }}"}}',
            "httpRoute.backend",
            "expected a name of lower case letters, digits, '-' and '.', got 'Shop-blue' for slot blue",
        ),
        (
            "{kubernetesService: {service: shop, selector: {app: shop}}}",
            "kubernetesService.selector",
            "blue and green would be the same pods",
        ),
        (
            '{kubernetesService: {service: shop, selector: {app: "a b{{ slot }}"}}}',
            "kubernetesService.selector",
            "expected the value of a label, got 'a bblue' for slot blue",
        ),
        ('{replicas: {total: "{{ app }}"}}', "replicas.total", "expected a number of pods from 1 to 10000, got 'shop'"),
    ],
)
def test_mistakes_are_told_at_their_place(traffic: str, place: str, message: str) -> None:
    path = ".".join(("spec", "traffic", *([place] if place else [])))
    assert (path, message) in told(files(traffic))


def test_clusters_with_different_namespaces_need_one_that_is_written() -> None:
    written = files("{replicas: {total: 2}}")
    written["desired-state/clusters.yaml"] = CLUSTERS.replace("namespace: shop", "namespace: web", 1)
    assert told(written) == [
        ("spec.traffic.replicas", "the app's clusters have different namespaces (shop, web)"),
    ]


def policy(strategy: str) -> str:
    return (
        f"kind: RolloutPolicy\nmetadata: {{name: it}}\nspec:\n  match: {{apps: {{team: a}}}}\n  strategy: {strategy}\n"
    )


@pytest.mark.parametrize(
    ("traffic", "strategy", "problem"),
    [
        (
            "{kubernetesService: {service: shop}}",
            "{canary: {steps: [{setWeight: 10}]}}",
            (
                "spec.strategy.canary",
                f"shop@production: a canary needs a part of the requests, and {ONE}",
            ),
        ),
        (
            "{kubernetesService: {service: shop}}",
            "{blueGreen: {shift: [{weight: 50, for: 1m}]}}",
            (
                "spec.strategy.blueGreen.shift",
                (
                    "shop@production: a portion needs a part of the requests, "
                    "and its Service sends all requests to one slot"
                ),
            ),
        ),
        ("{kubernetesService: {service: shop}}", "{blueGreen: {}}", None),
        ("{replicas: {total: 4}}", "{canary: {steps: [{setWeight: 10}]}}", None),
        (
            "{httpRoute: {route: web}}",
            "{canary: {steps: [{mirror: 10}, {bake: 1m}]}}",
            ("spec.traffic.httpRoute", "the policy's canary mirrors requests, and httpRoute cannot"),
        ),
    ],
)
def test_a_policy_asks_for_no_more_than_the_router_can(
    traffic: str, strategy: str, problem: tuple[str, str] | None
) -> None:
    assert told({**files(traffic), "policies/it.yaml": policy(strategy)}) == ([problem] if problem else [])


def test_two_apps_cannot_have_one_route() -> None:
    written = files("{httpRoute: {route: web}}")
    other = written["desired-state/shop.yaml"].replace("name: shop", "name: blog").replace("shop/x", "shop/y")
    found = told({**written, "desired-state/blog.yaml": other})
    assert len(found) == 1
    assert "traffic:httpRoute:shop/web" in found[0][1]


def test_every_target_of_a_router_in_clusters_is_a_cluster() -> None:
    desired = many.loaded(files("{replicas: {total: 2}}"))
    router = desired.units[SHOP].traffic
    assert router is not None
    assert {desired.targets[name].sort for name in router.hosts} == {Sort.KUBERNETES_CLUSTER}


def behind_haproxy(on: str) -> list[Member] | list[tuple[str, str]]:
    """The servers of an app with a host, an engine and a cluster, or what is wrong with it."""
    app = (
        "kind: App\nmetadata: {name: shop}\nspec:\n"
        '  version: "1"\n  environments: {production: {}}\n  slots: {blue: {}, green: {}}\n'
        "  targets: {hosts: {role: web}, dockerEngines: {role: web}, kubernetesClusters: {role: web}}\n"
        "  resources: [{note: {path: /shop, text: a}}, {box: {names: ['shop-{{ slot }}']}}, {object: {names: [x]}}]\n"
        f"  traffic: {{haproxy: {{hosts: {{role: lb}}, backend: shop, server: '{NAMED}'{on}}}}}\n"
        "---\nkind: Host\nmetadata: {name: lb-1, labels: {role: lb}}\n"
        f'spec: {{environment: production, address: 192.0.2.1, user: deploy, hostKey: "{KEY}"}}\n'
    )
    written = {"desired-state/shop.yaml": app}
    problems = told(written)
    if problems:
        return problems
    router = many.loaded(written).units[SHOP].traffic
    assert router is not None
    return list(router.members)


def test_a_load_balancer_on_a_host_stands_before_hosts_and_engines_or_before_those_that_are_said() -> None:
    engine = [Member("engine-1", f"engine-1-{slot}", slot) for slot in ("blue", "green")]
    host = [Member("web-1", f"web-1-{slot}", slot) for slot in ("blue", "green")]
    assert behind_haproxy("") == [*host, *engine]
    assert behind_haproxy(", on: dockerEngine") == engine
    assert behind_haproxy(", on: swarm") == [
        ("spec.traffic.haproxy.on", "the app has no swarm to send requests to"),
    ]
