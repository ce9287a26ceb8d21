"""Charts and kustomizations are made by programs: what they are told, what they see, and what is wrong with them."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.desired import programs
from tests.desired.manifests import Commit, path_with, program

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
SAYS = f'printf "{CONFIG % "web"}"'.replace("\n", "\\n")
CHART = {"shop/chart/Chart.yaml": "name: shop\nversion: 1.0.0\n", "shop/chart/templates/a.yaml": "x"}
HELM: dict[str, Any] = {"chart": "chart", "release": "shop"}
WEB = {"namespace": "web"}
TELLS = r"""
{
  echo "apiVersion: v1"; echo "kind: ConfigMap"; echo "metadata: {name: web}"; echo "data:"
  printf '  arguments: "'; printf '%s ' "$@"; echo '"'
  printf '  files: "'; find . -type f | sort | tr '\n' ' '; echo '"'
  printf '  environment: "'; env | sed 's/=.*//' | sort | tr '\n' ' '; echo '"'
  printf '  outside: "'; find "$HOME" -maxdepth 1 | wc -l | tr -d '\n '; echo '"'
  if [ -f values/document.json ]; then printf '  values: '; cat values/document.json; echo; fi
}"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that are found before all others."""
    monkeypatch.setenv("PATH", path_with(tmp_path))
    monkeypatch.setenv("SECRET_OF_OURS", "x")
    return tmp_path


def told(commit: Commit, **written: Any) -> dict[str, Any]:
    """Return what the program TELLS was told."""
    found = commit.manifests(**written)
    data: dict[str, Any] = next(iter(found.values()))["data"]
    return data


def test_helm_is_asked_for_the_chart_with_all_values(folder: Path) -> None:
    program(folder, "helm", TELLS)
    commit = Commit(
        {**CHART, "shop/values/a.yaml": "a: 1\n", "shop/b.yaml": "b: 1\n", "shop/other.yaml": "not: seen\n"}
    )
    helm = {
        **HELM,
        "values": {"replicas": 2, "name": "größe"},
        "valuesFiles": ["values/a.yaml", "/shop/b.yaml"],
        "kubeVersion": "1.29",
        "apiVersions": ["monitoring.coreos.com/v1"],
    }
    found = told(commit, helm=helm, namespace="web")
    assert found["arguments"].strip() == (
        "template shop ./chart --include-crds --skip-tests --namespace web --kube-version 1.29 "
        "--api-versions monitoring.coreos.com/v1 "
        "--values ./values/000.yaml --values ./values/001.yaml --values ./values/document.json"
    )
    assert found["files"].split() == [
        *("./chart/Chart.yaml", "./chart/templates/a.yaml"),
        *("./values/000.yaml", "./values/001.yaml", "./values/document.json"),
    ]
    assert found["values"] == {"replicas": 2, "name": "größe"}


def test_a_program_sees_nothing_of_ours(folder: Path) -> None:
    program(folder, "helm", TELLS)
    found = told(Commit(CHART), helm=HELM, **WEB)
    assert set(found["environment"].split()) - {"PWD", "OLDPWD", "SHLVL", "_"} == {
        *("PATH", "HOME", "TMPDIR", "LC_ALL", "KUBECONFIG", "GIT_ALLOW_PROTOCOL"),
        *("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
    }
    # Itself, the folder of files, and what it prints.
    assert int(found["outside"]) == 4


def test_a_chart_may_be_an_archive(folder: Path) -> None:
    program(folder, "helm", TELLS)
    found = told(Commit({"shop/files/shop-1.tgz": b"\x1f\x8b"}), helm={**HELM, "chart": "files/shop-1.tgz"}, **WEB)
    assert found["arguments"].startswith("template shop ./chart.tgz ")
    assert found["files"].split() == ["./chart.tgz"]


def test_a_secret_goes_to_helm_as_a_marker_only(folder: Path) -> None:
    encodes = 'value=$(sed "s/.*: \\"//;s/\\".*//" values/document.json | tr -d "\\n" | base64 -w0)'
    prints = 'printf "apiVersion: v1\\nkind: Secret\\nmetadata: {name: db}\\ndata: {password: $value}\\n"'
    program(folder, "helm", f"{encodes}\n{prints}")
    marker = "\ue000db\ue001"
    commit = Commit(CHART, {"shop/db": "hunter2"})
    written = {"helm": {**HELM, "values": {"password": marker}}, "secrets": {"db": "shop/db"}, **WEB}
    assert commit.manifests(**written)["Secret/web/db"]["stringData"] == {"password": marker}
    assert commit.rendered(**written)["Secret/web/db"].contents["manifest"].secrets == {"db": "shop/db"}


def test_hooks_of_a_chart_are_run_or_named(folder: Path) -> None:
    hook = "apiVersion: batch/v1\\nkind: Job\\nmetadata: {name: %s, annotations: {helm.sh/hook: %s}}\\n---\\n"
    program(folder, "helm", f'printf "{hook % ("migrate", "pre-upgrade")}{hook % ("clean", "pre-delete")}"')
    commit = Commit(CHART)
    assert "Job clean: helm.sh/hook: pre-delete cannot be followed" in commit.mistake(helm=HELM, **WEB)[1]
    found = commit.rendered(helm={**HELM, "leaveOutHooks": ["pre-delete"]}, **WEB)
    assert {name: each.attributes["hook"] for name, each in found.items()} == {"Job.batch/web/migrate": "before"}


def test_a_program_runs_once_for_the_same_inputs(folder: Path) -> None:
    program(folder, "helm", f"echo x >> {folder}/ran; {SAYS}")
    commit = Commit(dict(CHART))
    for _ in range(3):
        commit.rendered(helm=HELM, **WEB)
    assert (folder / "ran").read_text() == "x\n" * 2  # twice, to see that it says the same
    commit.files = {**CHART, "shop/chart/values.yaml": "a: 1\n"}
    commit.rendered(helm=HELM, **WEB)
    assert (folder / "ran").read_text() == "x\n" * 4


def test_kustomize_sees_the_folder_and_what_it_is_built_on(folder: Path) -> None:
    program(folder, "kustomize", TELLS)
    commit = Commit(
        {
            "shop/files/production/kustomization.yaml": "resources: [../base, own.yaml]\ncomponents: [../parts/a]\n",
            "shop/files/production/own.yaml": "x",
            "shop/files/base/kustomization.yml": "resources: [deeper]\n",
            "shop/files/base/deeper/Kustomization": "{}\n",
            "shop/files/parts/a/kustomization.yaml": "kind: Component\n",
            "shop/files/other/kustomization.yaml": "{}\n",
        }
    )
    found = told(commit, kustomize="files/production")
    assert found["arguments"].strip() == "build ./shop/files/production"
    assert found["files"].split() == [
        "./shop/files/base/deeper/Kustomization",
        "./shop/files/base/kustomization.yml",
        "./shop/files/parts/a/kustomization.yaml",
        "./shop/files/production/kustomization.yaml",
        "./shop/files/production/own.yaml",
    ]


KUSTOMIZATIONS = [
    ("resources: [https://example.com/base]", "https://example.com/base would be fetched; commit it"),
    ("resources: [git@example.com:base.git]", "git@example.com:base.git would be fetched; commit it"),
    ("resources: [github.com/x/y]", "there is no folder desired-state/shop/k/github.com/x/y with files in the commit"),
    ("resources: [../../../etc]", "../../../etc leads out of the desired-state folder"),
    ("resources: [/etc]", "/etc leads out of the desired-state folder"),
    ("helmCharts: [{name: x}]", "helmCharts would fetch a chart; write it below 'helm' instead"),
    ("- x", "expected a mapping of keys and values"),
]


@pytest.mark.parametrize(("text", "message"), KUSTOMIZATIONS)
def test_what_would_be_fetched_is_a_mistake(text: str, message: str) -> None:
    where, found = Commit({"shop/k/kustomization.yaml": f"{text}\n"}).mistake(kustomize="k")
    assert where == "kustomize"
    assert message in found


def test_a_folder_without_a_kustomization_is_a_mistake() -> None:
    told = "the folder shop/k has no kustomization.yaml"
    assert told in Commit({"shop/k/a.yaml": "x: 1\n"}).mistake(kustomize="k")[1]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"helm": HELM, **WEB}, "the command helm is not installed here: install Helm 3.6 or newer on this machine"),
        (
            {"kustomize": "k"},
            "the command kustomize is not installed here: install kustomize 4 or newer on this machine",
        ),
    ],
)
def test_a_command_that_is_not_there_is_told(
    written: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    commit = Commit({**CHART, "shop/k/kustomization.yaml": "{}\n"})
    assert message in commit.mistake(**written)[1]


@pytest.mark.parametrize(
    ("chart", "message"),
    [
        (
            "bitnami/redis",
            "there is no folder desired-state/shop/bitnami/redis with files in the commit; a chart comes",
        ),
        ("/shop/values", "the folder /shop/values has no Chart.yaml"),
        ("none.tgz", "there is no file desired-state/shop/none.tgz in the commit"),
    ],
)
def test_a_chart_that_is_not_in_the_commit_is_a_mistake(chart: str, message: str) -> None:
    where, told = Commit({"shop/values/a.yaml": "a: 1\n"}).mistake(helm={**HELM, "chart": chart}, **WEB)
    assert where == "helm.chart"
    assert message in told


FAILURES = [
    (
        "echo 'Error: no such value' >&2; exit 1",
        "helm template shop ./chart --include-crds --skip-tests --namespace web: Error",
    ),
    ("exit 3", "it ended with status 3 and said nothing"),
    (f"{SAYS}; date +%N$$", "it prints something else each time"),
    ("printf '\\377'", "what it prints is no text in UTF-8"),
    ("echo 'kind: [': x", "helm template shop:1"),
]


@pytest.mark.parametrize(("script", "message"), FAILURES)
def test_what_goes_wrong_with_a_program_is_told(script: str, message: str, folder: Path) -> None:
    program(folder, "helm", script)
    where, told = Commit(CHART).mistake(helm=HELM, **WEB)
    assert where == "helm"
    assert message in told


def test_what_failed_for_the_machine_is_tried_again_and_other_failures_are_remembered(folder: Path) -> None:
    program(folder, "helm", f"echo x >> {folder}/ran; exit 1")
    commit = Commit(CHART)
    for _ in range(2):
        commit.mistake(helm=HELM, **WEB)
    assert (folder / "ran").read_text() == "x\n"
    (folder / "helm").write_text("#!/no/such/interpreter\n")
    commit.files = {**CHART, "shop/chart/values.yaml": "a: 1\n"}
    assert "it cannot be run" in commit.mistake(helm=HELM, **WEB)[1]
    program(folder, "helm", SAYS)
    assert list(commit.rendered(helm=HELM, **WEB)) == ["ConfigMap/web/web"]


def test_a_program_that_prints_without_end_is_stopped(folder: Path) -> None:
    program(folder, "helm", "while :; do head -c 1000000 /dev/zero || exit 1; done")
    assert "it prints more than 16 MiB" in Commit(CHART).mistake(helm=HELM, **WEB)[1]


def test_a_program_that_does_not_end_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "LIMIT", 2.0)
    program(
        folder, "helm", f"sh -c 'trap \"\" TERM; echo $$ > {folder}/child; while :; do read x < {folder}/never; done'"
    )
    (folder / "never").touch()
    assert "it has not ended after 2 s" in Commit(CHART).mistake(helm=HELM, **WEB)[1]
    child = Path("/proc") / (folder / "child").read_text().strip()
    assert not child.exists() or "zombie" in (child / "status").read_text()


def test_values_that_are_no_text_of_yaml_reach_the_chart_as_json(folder: Path) -> None:
    program(folder, "helm", TELLS)
    values = {"on": "yes", "mode": "0644", "deep": [{"a": None}, 1.5, True]}
    assert told(Commit(CHART), helm={**HELM, "values": values}, **WEB)["values"] == json.loads(json.dumps(values))
