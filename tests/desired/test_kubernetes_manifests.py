"""Objects of Kubernetes from inline texts, files and folders, and what is wrong with them."""

from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.kinds import kubernetes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN
from tests.desired.manifests import Commit, resource_of

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "shop:1"}]}}
"""


def config(name: str = "web", **more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **more}}


def test_an_inline_object_is_named_by_its_kind_namespace_and_name() -> None:
    assert Commit().manifests(manifest=config(), namespace="shop") == {
        "ConfigMap/shop/web": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "web", "namespace": "shop"},
        }
    }


def test_an_object_that_says_its_namespace_stays_there() -> None:
    assert list(Commit().rendered(manifest=config(namespace="other"), namespace="shop")) == ["ConfigMap/other/web"]


def test_without_a_namespace_that_of_the_cluster_counts() -> None:
    assert Commit().manifests(manifest=config()) == {"ConfigMap/web": config()}


@pytest.mark.parametrize(
    ("manifest", "name"),
    [
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}, "Namespace/shop"),
        (
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}},
            "ClusterRole.rbac.authorization.k8s.io/r",
        ),
        ({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}, "Deployment.apps/shop/web"),
        (
            {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "ca", "namespace": "x"}},
            "ClusterIssuer.cert-manager.io/ca",
        ),
    ],
)
def test_an_object_of_the_whole_cluster_has_no_namespace(manifest: dict[str, Any], name: str) -> None:
    scoped = ["ClusterIssuer.cert-manager.io"]
    made = Commit().manifests(manifest=manifest, namespace="shop", clusterScoped=scoped)
    assert list(made) == [name]
    assert made[name]["metadata"].get("namespace") == ("shop" if "/shop/" in name else None)


def test_what_a_definition_beside_them_says_of_their_scope_counts() -> None:
    text = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: fleets.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Fleet}}
---
apiVersion: example.com/v1
kind: Fleet
metadata: {name: all}
"""
    assert list(Commit({"shop/files/a.yaml": text}).rendered(manifests="files/a.yaml", namespace="shop")) == [
        "CustomResourceDefinition.apiextensions.k8s.io/fleets.example.com",
        "Fleet.example.com/all",
    ]


def test_a_folder_gives_the_objects_of_all_its_files() -> None:
    commit = Commit(
        {
            "shop/files/b.yaml": f"# two\n---\n{CONFIG % 'one'}---\n{CONFIG % 'two'}---\n",
            "shop/files/deeper/a.yml": CONFIG % "three",
            "shop/files/c.json": '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "four"}}',
            "shop/files/.hidden.yaml": "not: read",
            "shop/files/README.md": "not read",
        }
    )
    assert list(commit.rendered(manifests="files")) == [f"ConfigMap/{name}" for name in ("one", "two", "four", "three")]


def test_lists_are_taken_apart() -> None:
    text = """\
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
  - apiVersion: v1
    kind: ConfigMapList
    items: [{metadata: {name: b}}]
"""
    assert list(Commit({"shop/files/a.yaml": text}).rendered(manifests="files/a.yaml")) == [
        "ConfigMap/a",
        "ConfigMap/b",
    ]


def test_what_only_the_server_writes_is_left_to_it() -> None:
    written = {**config(creationTimestamp=None), "status": {"phase": "x"}}
    assert Commit().manifests(manifest=written) == {"ConfigMap/web": config()}


def test_a_mode_in_octal_is_read_as_kubernetes_reads_it() -> None:
    text = f"{CONFIG % 'web'}data: {{mode: 0644, plain: 644, quoted: '0644', o: 0o17}}\n"
    made = Commit({"shop/files/a.yaml": text}).manifests(manifests="files/a.yaml")
    assert made["ConfigMap/web"]["data"] == {"mode": 0o644, "plain": 644, "quoted": "0644", "o": 15}


def test_a_file_is_a_template_only_where_the_document_says_so() -> None:
    text = f"{CONFIG % 'web'}data: {{replicas: {{{{ vars.replicas }}}}}}\n"
    commit = Commit({"shop/files/a.yaml": text})
    made = commit.manifests(manifests="files/a.yaml", template=True)
    assert made["ConfigMap/web"]["data"] == {"replicas": 3}
    assert commit.mistake(manifests="files/a.yaml")[0] == "manifests"


def test_a_secret_is_a_marker_and_changes_the_digest() -> None:
    text = 'apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: "{{ secrets.db }}"}\n'
    asked: dict[str, Any] = {"manifests": "files/a.yaml", "template": True, "secrets": {"db": "shop/db"}}
    made = [Commit({"shop/files/a.yaml": text}, {"shop/db": value}) for value in ("one", "two")]
    first, second = (each.rendered(**asked)["Secret/db"] for each in made)
    marker = f"{SECRET_OPEN}db{SECRET_CLOSE}"
    assert made[0].manifests(**asked)["Secret/db"]["stringData"] == {"password": marker}
    assert first.contents["manifest"].secrets == {"db": "shop/db"}
    assert first.contents["manifest"].digest != second.contents["manifest"].digest
    assert first.contents["manifest"].digest.startswith("keyed:")
    assert first.attributes != second.attributes
    assert "one" not in str(first)


TOLD = [
    ({"a.yaml": "kind: ConfigMap\nmetadata: {name: a}\n"}, "a.yaml:1: the key 'apiVersion' is missing"),
    ({"a.yaml": "\n\n# x\napiVersion: v1\nmetadata: {name: a}\n"}, "a.yaml:4: the key 'kind' is missing"),
    ({"a.yaml": "apiVersion: v1\nkind: Pod\n"}, "a.yaml:1: this Pod has no metadata; it needs a name there"),
    ({"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {}\n"}, "a.yaml:1: this Pod has no metadata.name (a text)"),
    (
        {"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: 3}\n"},
        "a.yaml:1: this Pod has no metadata.name (a text)",
    ),
    (
        {"a.yaml": f"{CONFIG % 'a'}---\napiVersion: v1\nkind: Pod\nmetadata: {{generateName: a-}}\n"},
        "a.yaml:5: this Pod has generateName: each look would ask for another one; give it a name",
    ),
    (
        {"a.yaml": CONFIG % "a", "b.yaml": f"---\n{CONFIG % 'a'}"},
        "b.yaml:2: ConfigMap/a is there already in desired-state/shop/files/a.yaml:1; an object is written once",
    ),
    (
        {"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {version: 1.4}}\n"},
        "a.yaml:1: metadata.labels of this Pod has version: 1.4, which is no text: put it in quotes",
    ),
    ({"a.yaml": "- 1\n"}, "a.yaml:1: expected an object of Kubernetes, a mapping with apiVersion, kind and metadata"),
    ({"a.yaml": "# nothing\n"}, "there is no object of Kubernetes in it"),
    (
        {"a.yaml": f"{CONFIG % 'a'}data: {{on: yes}}\n"},
        "a.yaml:4 (data): on is text to some and a truth value to others",
    ),
    ({"a.yaml": "apiVersion: v1\n  kind: x\n"}, "a.yaml:2: this is not YAML"),
    ({"a.yaml": b"\xff"}, "is not UTF-8 text"),
    ({"a.txt": "x"}, "the folder files has no file that ends with .yaml, .yml, .json"),
    ({"kustomization.yaml": "resources: []"}, "the folder files has a kustomization; write 'kustomize: files' instead"),
    (
        {"a.yaml": f"{CONFIG % 'a'}data: {{a: '{SECRET_OPEN}db{SECRET_CLOSE}'}}\n"},
        "no secret is named 'db' here",
    ),
    (
        {
            "a.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
            f"data: {{a: '{SECRET_OPEN}b{SECRET_CLOSE}'}}\n"
        },
        "a.yaml:1: Secret a: data.a has to be base64, and a secret is filled in as text: write it in stringData",
    ),
    (
        {"a.yaml": f"{CONFIG % ('a' + SECRET_OPEN + 'b' + SECRET_CLOSE)}"},
        "metadata.name cannot hold a secret; it would be stored and shown",
    ),
]


@pytest.mark.parametrize(("files", "told"), TOLD, ids=lambda each: each if isinstance(each, str) else "")
def test_what_is_wrong_is_told_with_file_and_line(files: dict[str, str], told: str) -> None:
    where, message = Commit({f"shop/files/{name}": data for name, data in files.items()}).mistake(manifests="files")
    assert told in message
    assert where in ("manifests", "secrets")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({}, "give one of manifest, manifests, kustomize or helm"),
        ({"manifest": {}, "kustomize": "k"}, "give one of manifest, manifests, kustomize or helm, not manifest and"),
        ({"manifest": {}, "template": True}, "template is about the files of manifests"),
        ({"manifests": "a", "secrets": {"a": "b"}}, "secrets are filled into templates"),
        ({"kustomize": "a", "secrets": {"a": "b"}}, "secrets are filled into templates"),
        ({"helm": {"chart": "a", "release": "b"}}, "write namespace, too"),
        ({"manifests": "a", "healthy": "true"}, "healthy and failed are about one manifest"),
        ({"manifest": {}, "failed": "true"}, "failed needs healthy beside it"),
    ],
)
def test_what_does_not_go_together_is_told(written: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        kubernetes.Spec.model_validate(written)


def test_a_file_is_told_by_its_place_in_the_repository() -> None:
    message = Commit({"shop/files/a.yaml": "kind: x\n"}).mistake(manifests="files/a.yaml")[1]
    assert message.startswith("desired-state/shop/files/a.yaml:1: the key 'apiVersion' is missing")


def test_a_folder_that_is_not_there_is_told() -> None:
    assert Commit().mistake(manifests="files") == (
        "manifests",
        "there is no folder desired-state/shop/files with files in the commit",
    )


def test_rules_are_about_kinds_that_are_there() -> None:
    rules = {"Certificate.cert-manager.io": {"healthy": "true"}}
    where, message = Commit().mistake(manifest=config(), health=rules)
    assert (where, message) == ("health", "there is no Certificate.cert-manager.io here; there are ConfigMap")


ANNOTATED: list[tuple[dict[str, str], tuple[object, object] | str | None]] = [
    ({}, (0, None)),
    ({"reconciler/wave": "-3"}, (-3, None)),
    ({"reconciler/wave": "soon"}, "reconciler/wave: expected a whole number in quotes, got 'soon'"),
    ({"reconciler/hook": "before"}, (0, "before")),
    ({"reconciler/hook": "after", "reconciler/wave": "2"}, (2, "after")),
    ({"reconciler/hook": "during"}, "reconciler/hook: expected before or after, got 'during'"),
    ({"argocd.argoproj.io/sync-wave": "5"}, (5, None)),
    ({"argocd.argoproj.io/sync-wave": "5", "reconciler/wave": "1"}, (1, None)),
    ({"argocd.argoproj.io/hook": "PreSync", "argocd.argoproj.io/sync-wave": "1"}, (1, "before")),
    ({"argocd.argoproj.io/hook": "PostSync"}, (0, "after")),
    ({"argocd.argoproj.io/hook": "Sync"}, (0, None)),
    ({"argocd.argoproj.io/hook": "Skip"}, None),
    ({"argocd.argoproj.io/hook": "SyncFail"}, "argocd.argoproj.io/hook: SyncFail cannot be followed"),
    ({"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-5"}, (-5, "before")),
    ({"helm.sh/hook": "post-install, post-upgrade"}, (0, "after")),
    ({"helm.sh/hook": "test"}, None),
    ({"helm.sh/hook": "crd-install"}, (0, None)),
    ({"helm.sh/hook": "pre-delete"}, "leave it out with 'leaveOutHooks: [pre-delete]' below helm"),
    ({"helm.sh/hook": "pre-install,post-install"}, "it is before and after"),
]


@pytest.mark.parametrize(("annotations", "turn"), ANNOTATED, ids=str)
def test_annotations_say_when_the_turn_of_an_object_is(annotations: dict[str, str], turn: Any) -> None:
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "m", "annotations": annotations}}
    commit = Commit()
    if isinstance(turn, str):
        assert turn in commit.mistake(manifest=job)[1]
    elif turn is None:
        assert commit.rendered(manifest=job) == {}
    else:
        attributes = commit.rendered(manifest=job)["Job.batch/m"].attributes
        assert (attributes["wave"], attributes.get("hook")) == turn


def test_a_hook_that_never_ends_is_a_mistake() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "m", "annotations": {"reconciler/hook": "before"}}}
    assert "a hook has to end, and a Pod is not waited for: make it a Job" in Commit().mistake(manifest=pod)[1]


@pytest.mark.parametrize("hook", [True, False])
def test_a_job_that_takes_itself_away_is_a_mistake(hook: bool) -> None:
    annotations = {"reconciler/hook": "before"} if hook else {}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "m", "annotations": annotations},
        "spec": {"ttlSecondsAfterFinished": 60},
    }
    assert "ttlSecondsAfterFinished takes the Job away" in Commit().mistake(manifest=job)[1]


def test_the_order_is_hooks_waves_kinds() -> None:
    def text(api_version: str, kind: str, name: str, **annotations: str) -> str:
        notes = "".join(f"{key.replace('_', '/')}: '{value}', " for key, value in annotations.items())
        return f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: {name}, annotations: {{{notes}}}}}\n"

    parts = [
        text("batch/v1", "Job", "after", reconciler_hook="after"),
        text("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "guard"),
        text("example.com/v1", "Shop", "shop"),
        text("apps/v1", "Deployment", "late", reconciler_wave="1"),
        DEPLOYMENT,
        text("v1", "Service", "web"),
        CONFIG % "web",
        text("apiextensions.k8s.io/v1", "CustomResourceDefinition", "shops.example.com"),
        text("v1", "Namespace", "shop"),
        text("batch/v1", "Job", "migrate", reconciler_hook="before"),
        text("v1", "ConfigMap", "script", reconciler_hook="before"),
    ]
    made = Commit({"shop/files/a.yaml": "---\n".join(parts)}).rendered(manifests="files/a.yaml")
    order = sorted((resource_of(each) for each in made.values()), key=kubernetes.wave)
    assert [each.id.name.rpartition("/")[2] for each in order] == [
        *("shop", "shops.example.com", "script", "migrate", "web", "web", "web", "shop", "guard", "late", "after")
    ]
