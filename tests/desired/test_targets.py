"""Targets of every sort, and apps that are on several sorts at once."""

from datetime import timedelta

import pytest

from reconciler.desired import target_documents
from reconciler.desired.load import Invalid
from reconciler.model.health import HttpCheck, ResourceCheck
from reconciler.model.identity import UnitId
from reconciler.model.target import (
    ApiTls,
    Basic,
    Bearer,
    ClientCredentials,
    ClusterToken,
    DockerEngine,
    Host,
    HostSocket,
    HttpApi,
    InCluster,
    Kubeconfig,
    KubernetesCluster,
    NoAuth,
    Sort,
    Swarm,
    Target,
    TlsSocket,
    UnixSocket,
)
from reconciler.model.unit import Unit
from tests.desired.many import loaded
from tests.providers.tls import Authority

CA = Authority.make().pem
SHOP = UnitId("shop", "production")


def target(kind: str, spec: str, **files: str) -> Target:
    text = f"kind: {kind}\nmetadata: {{name: it, labels: {{zone: a}}}}\nspec: {{environment: production, {spec}}}\n"
    return loaded({"desired-state/its/it.yaml": text, **files}).targets["it"]


def shop(targets: str, resources: str, health: str = "", more: str = "") -> Unit:
    text = (
        'kind: App\nmetadata: {name: shop}\nspec:\n  version: "1"\n  environments: {production: {}}\n'
        f"  targets: {{{targets}}}\n  resources: [{resources}]\n  health: [{health}]\n{more}"
    )
    return loaded({"desired-state/shop.yaml": text}).units[SHOP]


def web_1() -> Host:
    host = loaded({}).targets["web-1"]
    assert isinstance(host, Host)
    return host


@pytest.mark.parametrize(("kind", "sort"), [("DockerEngine", DockerEngine), ("Swarm", Swarm)])
def test_an_engine_is_reached_through_a_host_a_local_socket_or_tls(kind: str, sort: type[DockerEngine | Swarm]) -> None:
    common = {"name": "it", "environment": "production", "labels": {"zone": "a"}}
    through = HostSocket(host=web_1(), path="/run/docker.sock")
    over = TlsSocket(host="engine", port=2376, ca=CA, certificate=CA, key="engines/it")
    pem = {"desired-state/its/ca.pem": CA, "desired-state/own.pem": CA}

    assert target(kind, "host: web-1, path: /run/docker.sock") == sort(
        address="203.0.113.1", endpoint=through, **common
    )
    assert target(kind, "unix: ") == sort(address="127.0.0.1", endpoint=UnixSocket(), **common)
    assert target(kind, "unix: {path: /a}").endpoint == UnixSocket(path="/a")  # type: ignore[union-attr]
    spec = "tls: {host: engine, ca: ca.pem, certificate: /own.pem, key: engines/it}"
    assert target(kind, spec, **pem) == sort(address="engine", endpoint=over, **common)
    assert target(kind, f"address: 203.0.113.9, {spec}", **pem).address == "203.0.113.9"


def test_a_cluster_is_reached_by_kubeconfig_by_token_or_from_inside() -> None:
    written = (
        f"token: {{server: 'https://k8s:6443/', ca: \"{CA.encode('unicode_escape').decode()}\", secret: clusters/it}}"
    )
    token = ClusterToken(server="https://k8s:6443", ca=CA, token="clusters/it")
    it = KubernetesCluster(name="it", environment="production", access=token, labels={"zone": "a"})

    assert target("KubernetesCluster", written) == it
    named = target("KubernetesCluster", "kubeconfig: {secret: a, context: b}, namespace: shop, address: ingress")
    assert isinstance(named, KubernetesCluster)
    assert (named.access, named.namespace, named.address) == (Kubeconfig(reference="a", context="b"), "shop", "ingress")
    inside = target("KubernetesCluster", "inCluster: ")
    assert isinstance(inside, KubernetesCluster)
    assert (inside.access, inside.namespace, inside.address) == (InCluster(), "default", "")


@pytest.mark.parametrize(
    ("written", "auth"),
    [
        ("", NoAuth()),
        ("auth: {bearer: {secret: a}}", Bearer(token="a")),
        ("auth: {bearer: {secret: a, header: X-Key, prefix: ''}}", Bearer(token="a", header="X-Key", prefix="")),
        ("auth: {basic: {user: deploy, secret: a}}", Basic(user="deploy", password="a")),
        (
            "auth: {clientCredentials: {tokenUrl: 'https://login/token', client: us, secret: a, scopes: [dns]}}",
            ClientCredentials(token_url="https://login/token", client="us", secret="a", scopes=("dns",)),
        ),
    ],
)
def test_an_api_is_asked_with_the_login_that_is_written(written: str, auth: object) -> None:
    api = target("HttpApi", f"url: 'https://dns.example.net/v1/', {written}")

    assert isinstance(api, HttpApi)
    assert (api.url, api.auth, api.address) == ("https://dns.example.net/v1", auth, "")


def test_an_api_has_its_own_certificates_headers_and_pace() -> None:
    spec = (
        "url: 'https://dns', tls: {ca: ca.pem, certificate: ca.pem, key: a}, headers: {X-B: b, X-A: a}, "
        "perSecond: 2, limit: 3s, lookEvery: 4m"
    )
    api = target("HttpApi", spec, **{"desired-state/its/ca.pem": CA})

    assert isinstance(api, HttpApi)
    assert api.tls == ApiTls(ca=CA, certificate=CA, key="a")
    assert api.headers == (("X-A", "a"), ("X-B", "b"))
    assert (api.per_second, api.limit, api.look_every) == (2, timedelta(seconds=3), timedelta(minutes=4))


def test_a_resource_goes_to_the_targets_of_its_kinds_sort() -> None:
    unit = shop(
        "httpApis: {}, hosts: {role: web}, kubernetesClusters: {role: web}",
        'note: {path: /a}, object: {names: ["{{ target.name }}-a", b]}, record: {names: [c]}',
    )

    assert unit.targets == ("web-1", "cluster-1", "api-1")
    assert [(each.id.target, each.id.ref) for each in unit.resources] == [
        ("web-1", "note:/a"),
        ("cluster-1", "object:cluster-1-a"),
        ("cluster-1", "object:b"),
        ("api-1", "record:c"),
    ]


def test_sorts_come_in_the_order_in_which_the_resources_first_name_them() -> None:
    unit = shop(
        "hosts: {role: web}, kubernetesClusters: {}, httpApis: {}",
        "record: {names: [a]}, note: {path: /a}, object: {names: [a]}, record: {names: [b]}",
    )

    assert unit.targets == ("api-1", "web-1", "cluster-1")
    assert [each.id.target for each in unit.resources] == ["api-1", "api-1", "web-1", "cluster-1"]


def test_every_resource_that_one_text_stands_for_is_part_of_the_digest() -> None:
    one, other = (shop("kubernetesClusters: {}", f"object: {{names: {names}}}") for names in ("[a, b]", "[a, c]"))

    assert len(one.resources) == len(other.resources) == 2
    assert one.digest != other.digest


def test_what_is_written_beside_a_text_holds_for_all_that_it_stands_for() -> None:
    unit = shop("kubernetesClusters: {}", "object: {names: [a, b], drift: report, prune: keep, ignore: [first]}")

    assert {(each.drift, each.prune, each.ignore) for each in unit.resources} == {("report", "keep", ("first",))}


def test_a_resource_may_depend_on_one_of_another_sort() -> None:
    unit = shop(
        "hosts: {role: web}, swarms: {}",
        'note: {path: /a, dependsOn: ["task:b"]}, task: {names: [a, b], dependsOn: []}',
    )

    assert unit.resources[0].depends_on == ("task:b",)


@pytest.mark.parametrize(
    ("targets", "resources", "health", "on"),
    [
        ("hosts: {role: web}, dockerEngines: {}", "note: {path: /a}, box: {names: [a]}", "http: {port: 80}", Sort.HOST),
        ("dockerEngines: {}", "box: {names: [a]}", "http: {port: 80}", Sort.DOCKER_ENGINE),
        (
            "hosts: {role: web}, dockerEngines: {}",
            "note: {path: /a}, box: {names: [a]}",
            "http: {port: 80, on: dockerEngine}",
            Sort.DOCKER_ENGINE,
        ),
    ],
)
def test_a_check_asks_the_hosts_or_what_the_app_has_instead(
    targets: str, resources: str, health: str, on: Sort
) -> None:
    assert shop(targets, resources, health).health == (HttpCheck(port=80, on=on),)


def test_a_check_that_a_resource_brings_along_counts_for_the_targets_of_its_sort_alone() -> None:
    unit = shop("hosts: {role: web}, dockerEngines: {}", "note: {path: /a}, box: {names: [a], checked: true}")

    assert unit.health == (ResourceCheck(ref="box:a", subject="a", on=Sort.DOCKER_ENGINE),)


def test_nobody_asks_how_something_does_that_may_not_be_there_on_purpose() -> None:
    made = shop("dockerEngines: {}", 'box: {names: [a], checked: true, when: "facts.nodes > 2"}')
    assert [each.when for each in made.resources] == ["facts.nodes > 2"]
    assert made.health == ()


def test_a_resource_with_a_name_of_its_own_in_each_slot_has_its_check_there() -> None:
    unit = shop(
        "dockerEngines: {}",
        'box: {names: ["shop-{{ slot.name }}"], checked: true}',
        more="  slots: {blue: , green: }\n",
    )

    assert [(each.id.ref, each.slot) for each in unit.resources] == [
        ("box:shop-blue", "blue"),
        ("box:shop-green", "green"),
    ]
    assert [(check.ref, check.slot) for check in unit.health if isinstance(check, ResourceCheck)] == [
        ("box:shop-blue", "blue"),
        ("box:shop-green", "green"),
    ]


def test_targets_with_mistakes_are_not_called_unknown() -> None:
    app = """\
kind: DockerEngine
metadata: {name: odd, labels: {role: odd}}
spec: {environment: production, tls: {host: a, ca: gone.pem, certificate: gone.pem, key: k}}
---
kind: App
metadata: {name: shop}
spec:
  version: "1"
  environments: {production: {}}
  targets: {dockerEngines: {role: odd}}
  resources: [box: {names: [a]}]
"""
    with pytest.raises(Invalid) as invalid:
        loaded({"desired-state/shop.yaml": app})

    assert [problem.path for problem in invalid.value.problems] == ["spec.tls.ca"]


def test_the_words_of_a_socket_are_those_of_the_model() -> None:
    assert target_documents.UnixSpec().path == UnixSocket().path == HostSocket(host=web_1()).path
