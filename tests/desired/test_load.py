"""What a commit asks for, once nothing is wrong with it."""

import hashlib
from datetime import timedelta

from reconciler.desired.load import Folders, load
from reconciler.model.canonical import digest_bytes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN
from reconciler.model.health import (
    CertificateCheck,
    ExecCheck,
    GrpcCheck,
    Header,
    HttpCheck,
    Origin,
    StatusRange,
    SystemdCheck,
    TcpCheck,
    Timing,
    Tls,
)
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.policy import DEFAULT_POLICY, AllAtOnce, Amount, OnUnhealthy, PruneMode, Rolling, Vigil
from reconciler.model.resource import DriftMode, Resource
from reconciler.model.unit import Unit
from tests.desired.note import BASE, KEY, KINDS, Known, loaded
from tests.providers.tls import Authority

SHOP = UnitId("shop", "production")


def app(resources: str, more: str = "") -> dict[str, str]:
    lines = "".join(f"    - {line}\n" for line in resources.splitlines())
    text = (
        "kind: App\nmetadata: {name: shop, labels: {team: checkout}}\nspec:\n"
        '  version: "1.4"\n  environments: {production: {}}\n  targets: {hosts: {role: web}}\n'
        f"  resources:\n{lines}{more}"
    )
    return {"desired-state/shop/app.yaml": text}


def shop(resources: str, more: str = "", **files: str) -> Unit:
    return loaded({**app(resources, more), **files}).units[SHOP]


def only(unit: Unit) -> Resource:
    (resource,) = unit.resources
    return resource


def test_a_host_is_read_with_all_its_fields() -> None:
    text = f"""\
kind: Host
metadata: {{name: lb-1, labels: {{zone: a}}}}
spec:
  environment: production
  address: 2001:db8::1
  port: 2222
  user: deploy
  become: sudo
  becomePassword: hosts/lb-1
  jump: web-1
  hostKey: "{KEY} a comment"
"""
    host = loaded({"desired-state/lb.yml": text}).hosts["lb-1"]

    assert (host.environment, host.address, host.port, host.user) == ("production", "2001:db8::1", 2222, "deploy")
    assert (host.become, host.become_password, host.jump) == ("sudo", "hosts/lb-1", "web-1")
    assert (host.host_key, host.labels) == (KEY, {"zone": "a"})


def test_texts_are_rendered_with_the_names_of_app_environment_and_target() -> None:
    unit = shop(
        'note: {path: "/{{ app }}/{{ environment }}", text: "{{ version }} {{ target.name }} {{ target.labels.role }}"}'
    )

    assert only(unit).id == ResourceId(SHOP, "web-1", "note", "/shop/production")
    assert only(unit).contents["content"].digest == digest_bytes(b"1.4 web-1 web")


def test_variables_of_the_environment_give_way_to_those_of_the_app_and_these_to_those_of_the_app_there() -> None:
    files = app('note: {path: /a, text: "{{ vars.color }} {{ vars.a }} {{ vars.b }}"}', "  vars: {a: app, b: app}\n")
    there = "environments: {production: {version: '2', vars: {b: there}}}"
    files = {path: text.replace("environments: {production: {}}", there) for path, text in files.items()}

    desired = loaded(files)

    content = only(desired.units[SHOP]).contents["content"]
    assert desired.contents[content.blob] == b"red app there"
    assert desired.units[SHOP].version == "2"


def test_a_template_file_keeps_secrets_as_markers_and_shows_only_a_keyed_digest_of_the_real_bytes() -> None:
    files = app("note: {path: /a, template: templates/a, secrets: {db: shop/db, unused: shop/none}}")
    desired = loaded({**files, "desired-state/shop/templates/a": "p={{ secrets.db }}\n"})

    content = only(desired.units[SHOP]).contents["content"]

    assert desired.contents[content.blob] == f"p={SECRET_OPEN}db{SECRET_CLOSE}\n".encode()
    assert content.secrets == {"db": "shop/db"}
    assert content.digest == Known({}).keyed("sha256:" + hashlib.sha256(b"p=hunter2\n").hexdigest())
    assert not any(b"hunter2" in data for data in desired.contents.values())
    assert desired.units[SHOP].blocked is None


def test_another_value_of_a_secret_is_another_digest_of_the_unit() -> None:
    files = {**app("note: {path: /a, template: /a, secrets: {db: shop/db}}"), "desired-state/a": "{{ secrets.db }}"}

    assert loaded(files).units[SHOP].digest == loaded(files).units[SHOP].digest
    assert loaded(files).units[SHOP].digest != loaded(files, {"shop/db": "other"}).units[SHOP].digest


def test_a_secret_that_cannot_be_read_blocks_its_unit_and_no_other() -> None:
    files = {**app("note: {path: /a, template: /a, secrets: {db: shop/gone}}"), "desired-state/a": "{{ secrets.db }}"}

    desired = loaded(files)

    assert desired.units[SHOP].blocked == "there is no secret shop/gone in the test"
    assert desired.units[UnitId("base", "production")].blocked is None


def test_a_file_of_the_repository_is_taken_byte_by_byte() -> None:
    data = bytes(range(256))
    desired = loaded({**app("note: {path: /a, file: /files/b}"), "desired-state/files/b": data})

    content = only(desired.units[SHOP]).contents["content"]
    assert (desired.contents[content.blob], content.size) == (data, 256)


def test_yaml_in_folders_of_delivered_files_and_hidden_files_are_no_documents() -> None:
    files = {
        "desired-state/shop/files/app.yaml": "server: 1",
        "desired-state/templates/x.yml": "{{ broken",
        "desired-state/.ci.yaml": "x: 1",
        "desired-state/empty.yaml": "# nothing\n---\n",
    }

    assert loaded(files).units.keys() == {UnitId("base", "production")}


def test_an_archive_of_the_repository_comes_along_and_one_by_url_does_not() -> None:
    digest = hashlib.sha256(b"archive").hexdigest()
    files = app(f"note: {{path: /a, archive: shop.tgz, sha256: {digest.upper()}}}")
    desired = loaded({**files, "desired-state/shop/shop.tgz": b"archive"})
    by_url = shop(f'note: {{path: /a, archive: "https://x.example/{{{{ version }}}}.tgz", sha256: {digest}}}')

    assert only(desired.units[SHOP]).attributes["archive"] == f"repo:sha256:{digest}"
    assert desired.contents[f"sha256:{digest}"] == b"archive"
    assert only(by_url).attributes["archive"] == "https://x.example/1.4.tgz"


def test_fields_that_every_resource_may_have_are_read_beside_those_of_its_kind() -> None:
    unit = shop(
        'note: {path: /a, drift: report, ignore: [copies], dependsOn: ["note:/b"]}\n'
        'note: {path: /b, restartOn: ["note:/c"]}\n'
        "note: {path: /c}"
    )
    first, second, _ = unit.resources

    assert (first.drift, first.ignore, first.depends_on) == (DriftMode.REPORT, ("copies",), ("note:/b",))
    assert (second.drift, second.restart_on) == (None, ("note:/c",))


def test_health_checks_are_read_with_their_timing() -> None:
    unit = shop(
        "note: {path: /a}",
        "  health:\n"
        "    - http: {port: 80, path: /up, scheme: https, initialDelay: 500ms, period: 1m30s, timeout: 2s,\n"
        "             failureThreshold: 4, successThreshold: 2}\n"
        "    - tcp: {port: 22}\n"
        "    - exec: {command: [test, -e, /a]}\n"
        "    - certificate: {path: /etc/a.pem}\n",
    )
    timing = Timing(
        initial_delay=timedelta(milliseconds=500),
        period=timedelta(seconds=90),
        timeout=timedelta(seconds=2),
        failure_threshold=4,
        success_threshold=2,
    )

    assert unit.health == (
        HttpCheck(port=80, path="/up", scheme="https", timing=timing),
        TcpCheck(port=22),
        ExecCheck(command=("test", "-e", "/a")),
        CertificateCheck(path="/etc/a.pem", valid_for=timedelta(days=14)),
    )


def test_health_checks_are_read_with_all_that_they_expect() -> None:
    authority = Authority.make().pem
    unit = shop(
        "note: {path: /a}",
        "  health:\n"
        "    - http: {port: 443, scheme: https, method: POST, host: 'shop.example:8443', headers: {X-B: b, X-A: a},\n"
        "             status: [200, '300-399'], expectHeaders: {X-C: c}, from: target,\n"
        "             tls: {serverName: s, ca: /ca.pem},\n"
        "             body: {contains: 'is {{ app }} {{ version }}', matches: ^a}}\n"
        "    - http: {port: 80, status: 204}\n"
        "    - grpc: {port: 1, service: shop.Cart, tls: {insecure: true}, from: target}\n"
        "    - tcp: {port: 22, from: target}\n"
        "    - systemd: {unit: shop.service, state: [active, reloading], subState: [running], user: true}\n",
        **{"desired-state/ca.pem": authority},
    )

    assert unit.health == (
        HttpCheck(
            port=443,
            scheme="https",
            method="POST",
            host="shop.example:8443",
            headers=(Header("X-A", "a"), Header("X-B", "b")),
            statuses=(StatusRange(200, 200), StatusRange(300, 399)),
            expected=(Header("X-C", "c"),),
            contains=f"is shop {unit.version}",
            matches="^a",
            tls=Tls(server_name="s", ca=authority),
            origin=Origin.TARGET,
        ),
        HttpCheck(port=80, statuses=(StatusRange(204, 204),)),
        GrpcCheck(port=1, service="shop.Cart", tls=Tls(insecure=True), origin=Origin.TARGET),
        TcpCheck(port=22, origin=Origin.TARGET),
        SystemdCheck(unit="shop.service", states=("active", "reloading"), sub_states=("running",), user=True),
    )


def test_how_units_are_watched_is_read_from_their_policy_and_is_in_no_digest() -> None:
    one = shop("note: {path: /a}")
    spec = "{health: {onUnhealthy: revert, period: 5s, revertWithin: 2h}}"
    policy = f"kind: RolloutPolicy\nmetadata: {{name: p}}\nspec: {spec}\n"
    watched = shop("note: {path: /a}", **{"policies/p.yaml": policy})

    assert watched.policy.vigil == Vigil(OnUnhealthy.REVERT, timedelta(seconds=5), timedelta(hours=2))
    assert one.policy.vigil == Vigil(OnUnhealthy.REPORT, timedelta(seconds=30), timedelta(hours=1))
    assert watched.digest == one.digest


def test_the_digest_of_a_unit_is_about_what_is_to_be_there_and_not_about_the_policy() -> None:
    one = shop("note: {path: /a, copies: 2}")
    policy = "kind: RolloutPolicy\nmetadata: {name: p}\nspec: {strategy: {rolling: {batchSize: 2}}}\n"

    assert shop("note: {path: /a, copies: 2, drift: hold}", **{"policies/p.yaml": policy}).digest == one.digest
    assert shop("note: {path: /a, copies: 3}").digest != one.digest
    assert shop("note: {path: /a, copies: 2}", "  health: [tcp: {port: 1}]\n").digest != one.digest


def test_a_policy_is_read_with_all_its_fields() -> None:
    policy = """\
apiVersion: reconciler/v1
kind: RolloutPolicy
metadata: {name: p}
spec:
  match: {environments: {tier: critical}, apps: {team: checkout}}
  strategy: {rolling: {batchSize: 25%, pause: 10s}}
  failureBudget: {total: 2, perBatch: 1}
  progressDeadline: 5m
  onFailure: hold
  revert: {strategy: all-at-once, within: 30s}
  drift: report
  ignore: [{resource: "note:/a*", fields: [copies]}]
  prune: {mode: delete, atMost: 5}
"""
    unit = shop("note: {path: /a1}\nnote: {path: /b}", **{"policies/p.yaml": policy})

    read = unit.policy
    assert (read.name, read.strategy) == ("p", Rolling(Amount(25, percent=True), timedelta(seconds=10)))
    assert (read.failure_budget.total, read.failure_budget.per_batch) == (2, 1)
    assert (read.progress_deadline, read.revert_within) == (timedelta(minutes=5), timedelta(seconds=30))
    assert (read.on_failure, read.drift) == ("hold", DriftMode.REPORT)
    assert (read.prune.mode, read.prune.at_most) == (PruneMode.DELETE, Amount(5))
    assert [resource.ignore for resource in unit.resources] == [("copies",), ()]


def test_a_policy_that_says_nothing_is_the_default_under_another_name() -> None:
    unit = shop("note: {path: /a}", **{"policies/p.yaml": "kind: RolloutPolicy\nmetadata: {name: p}\n"})

    assert unit.policy.strategy == AllAtOnce()
    assert (unit.policy.name, unit.policy.prune) == ("p", DEFAULT_POLICY.prune)
    assert shop("note: {path: /a}").policy == DEFAULT_POLICY


def test_units_go_after_their_dependencies_and_after_themselves_in_earlier_environments() -> None:
    chain = "\n---\n".join(
        f"kind: Environment\nmetadata: {{name: {name}}}\nspec: {{after: [{before}]}}\n"
        for name, before in (("testing", ""), ("staging", "testing"), ("live", "staging"))
    )
    hosts = "\n---\n".join(
        f"kind: Host\nmetadata: {{name: {name}, labels: {{role: x}}}}\n"
        f'spec: {{environment: {name}, address: a, user: u, hostKey: "{KEY}"}}\n'
        for name in ("testing", "staging", "live")
    )
    apps = "\n---\n".join(
        f"kind: App\nmetadata: {{name: {name}}}\nspec: {{version: '1', targets: {{hosts: {{role: x}}}}, "
        f"environments: {where}, dependsOn: {needs}, resources: [note: {{path: /{name}}}]}}\n"
        for name, where, needs in (
            ("db", "{testing: , live: }", "[]"),
            ("api", "{testing: , staging: , live: }", "[db]"),
        )
    )
    units = loaded({"desired-state/x.yaml": "\n---\n".join((chain, hosts, apps))}).units

    assert units[UnitId("db", "live")].after == (UnitId("db", "testing"),)
    assert units[UnitId("api", "staging")].after == (UnitId("api", "testing"),)
    assert units[UnitId("api", "live")].after == (UnitId("db", "live"), UnitId("api", "staging"))


def test_a_resource_that_does_not_speak_of_its_target_is_the_same_on_all_of_them() -> None:
    more = (
        f"kind: Host\nmetadata: {{name: web-2, labels: {{role: web}}}}\n"
        f'spec: {{environment: production, address: a, user: u, hostKey: "{KEY}"}}\n'
    )
    files = app('note: {path: /a, template: /a}\nnote: {path: /b, text: "{{ version }}"}')
    unit = loaded(
        {**files, "desired-state/web-2.yaml": more, "desired-state/a": "{% set here = target %}{{ here.name }}"}
    ).units[SHOP]

    a1, b1, a2, b2 = unit.resources
    assert unit.targets == ("web-1", "web-2")
    assert a1.contents["content"].digest != a2.contents["content"].digest
    assert b1.contents["content"].digest == b2.contents["content"].digest


def test_folders_may_be_elsewhere_and_may_be_the_whole_repository() -> None:
    deep = load("c", {"a/b/x.yaml": BASE.encode()}, KINDS, Known({}), Folders("a/b", "policies"))
    whole = load("c", {"x.yaml": BASE.encode()}, KINDS, Known({}), Folders(".", "policies"))

    assert deep.units.keys() == whole.units.keys() == {UnitId("base", "production")}
