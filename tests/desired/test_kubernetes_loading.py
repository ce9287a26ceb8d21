"""Objects of Kubernetes in a commit that is loaded: targets, slots, references, and what is remembered."""

import pytest

from reconciler.desired.load import Folders, Invalid, Loading
from reconciler.kinds.catalog import CATALOG
from reconciler.model.identity import UnitId
from reconciler.model.unit import Unit
from tests.desired.note import Known

CLUSTERS = """\
kind: Environment
metadata: {name: home}
---
kind: KubernetesCluster
metadata: {name: one}
spec: {environment: home, inCluster: {}}
---
kind: KubernetesCluster
metadata: {name: two}
spec: {environment: home, inCluster: {}}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


class Repository:
    """A repository with an app, which is loaded again and again."""

    def __init__(self, resources: str, more: str = "", **files: str) -> None:
        lines = "".join(f"    {line}\n" for line in resources.splitlines())
        app = (
            'kind: App\nmetadata: {name: shop}\nspec:\n  version: "1"\n  environments: {home: {}}\n'
            f"  targets: {{kubernetesClusters: {{}}}}\n  resources:\n{lines}{more}"
        )
        self.files = {"clusters.yaml": CLUSTERS, "app.yaml": app, **files}
        self.loading = Loading(CATALOG, Known({"shop/db": "hunter2"}), Folders())

    def unit(self) -> Unit:
        files = {f"desired-state/{name}": text.encode() for name, text in self.files.items()}
        return self.loading.load("c" * 40, files).units[UnitId("shop", "home")]

    def refs(self, target: str = "one") -> list[str]:
        return [each.id.name for each in self.unit().resources if each.id.target == target]


def test_one_text_is_many_resources_on_each_cluster() -> None:
    text = f"{CONFIG % 'a'}---\n{CONFIG % 'b'}"
    repository = Repository("- kubernetes: {manifests: files/a.yaml}", **{"files/a.yaml": text})
    assert repository.refs("one") == repository.refs("two") == ["ConfigMap/a", "ConfigMap/b"]


def test_a_file_that_is_added_to_a_folder_is_noticed() -> None:
    repository = Repository("- kubernetes: {manifests: files}", **{"files/a.yaml": CONFIG % "a"})
    first = repository.unit()
    assert repository.unit() is first
    repository.files["files/b.yaml"] = CONFIG % "b"
    assert repository.refs() == ["ConfigMap/a", "ConfigMap/b"]
    del repository.files["files/a.yaml"]
    assert repository.refs() == ["ConfigMap/b"]


def test_an_inline_text_may_use_secrets_that_it_declares() -> None:
    resource = """\
- kubernetes:
    secrets: {password: shop/db}
    manifest: {apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {url: "x:{{ secrets.password }}@db"}}"""
    unit = Repository(resource).unit()
    assert unit.resources[0].contents["manifest"].secrets == {"password": "shop/db"}
    assert "hunter2" not in str(unit)


def test_a_template_that_says_slot_is_made_for_each_of_them() -> None:
    repository = Repository(
        "- kubernetes: {manifests: files/web.yaml, template: true}\n- kubernetes: {manifests: files/all.yaml}",
        "  slots: {blue: {}, green: {}}\n",
        **{"files/web.yaml": CONFIG % "web-{{ slot.name }}", "files/all.yaml": CONFIG % "all"},
    )
    assert repository.refs() == ["ConfigMap/web-blue", "ConfigMap/web-green", "ConfigMap/all"]
    slots = {each.id.name: each.slot for each in repository.unit().resources}
    assert slots == {"ConfigMap/web-blue": "blue", "ConfigMap/web-green": "green", "ConfigMap/all": ""}


def test_an_object_can_be_depended_on_by_its_name() -> None:
    resources = (
        "- kubernetes: {manifests: files/a.yaml}\n- kubernetes:\n"
        "    manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n    dependsOn: [kubernetes:ConfigMap/%s]"
    )
    repository = Repository(resources % "a", **{"files/a.yaml": CONFIG % "a"})
    assert repository.unit().resources[1].depends_on == ("kubernetes:ConfigMap/a",)
    with pytest.raises(Invalid, match="there is no resource kubernetes:ConfigMap/x in this app"):
        Repository(resources % "x", **{"files/a.yaml": CONFIG % "a"}).unit()


def test_an_object_that_is_written_twice_is_a_mistake() -> None:
    resources = "- kubernetes: {manifests: files/a.yaml}\n- kubernetes: {manifests: files/a.yaml}"
    with pytest.raises(Invalid, match=r"ConfigMap/a"):
        Repository(resources, **{"files/a.yaml": CONFIG % "a"}).unit()


def test_a_mistake_in_a_file_is_told_at_the_app_with_the_files_line() -> None:
    with pytest.raises(Invalid) as error:
        Repository("- kubernetes: {manifests: files}", **{"files/a.yaml": f"{CONFIG % 'a'}---\nkind: x\n"}).unit()
    (problem,) = error.value.problems
    assert (problem.file, problem.path) == ("desired-state/app.yaml", "spec.resources[0].kubernetes.manifests")
    assert problem.message == (
        "desired-state/files/a.yaml:5: the key 'apiVersion' is missing; every object of Kubernetes has it"
    )


def test_a_rule_that_is_no_condition_is_told_at_its_key() -> None:
    resource = """\
- kubernetes:
    manifest: {apiVersion: example.com/v1, kind: Shop, metadata: {name: a}}
    healthy: object.status.phase ="""
    with pytest.raises(Invalid) as error:
        Repository(resource).unit()
    (problem,) = error.value.problems
    assert problem.path == "spec.resources[0].kubernetes.healthy"
    assert "Syntax error" in problem.message
