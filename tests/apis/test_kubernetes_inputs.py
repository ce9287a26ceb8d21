"""From what people write to objects on a real API server: folders, a real kustomize, and what a chart makes."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.desired.inputs import ResourceInputs
from reconciler.kinds import kubernetes
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Resource
from tests.apis.kubernetes_world import OneApp, one_app
from tests.desired.manifests import path_with, program
from tests.lab.kubernetes import binaries
from tests.lab.kubernetes.cluster import Cluster

pytestmark = pytest.mark.lab

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "shop:1"}]}}
"""
DEFINED = """\
apiVersion: example.com/v1
kind: Shop
metadata: {name: main}
spec: {size: 3}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: shops.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Shop, plural: shops, singular: shop}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


def made(app: OneApp, files: dict[str, str], **written: Any) -> tuple[Resource, ...]:
    """Return what the kind makes of the files."""
    sources = replace(app.sources, files={name: text.encode() for name, text in files.items()}, _folders={})
    spec = kubernetes.Spec.model_validate({"namespace": app.namespace, **written})
    with sources.memory.load():
        found = kubernetes.render(spec, ResourceInputs(sources, "", {"version": "1.4.2"}, written))
    return tuple(
        Resource(
            id=ResourceId(app.unit, app.target.name, kubernetes.NAME, each.name),
            attributes=each.attributes,
            contents=each.contents,
        )
        for each in found
    )


async def test_a_definition_and_its_object_come_from_one_file_in_any_order(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wanted = made(app, {"files/shop.yaml": DEFINED}, manifests="files/shop.yaml")
        await app.bring(*wanted)
        assert cluster.get(app.path("example.com/v1", "shops", "main"))["spec"] == {"size": 3}
        await app.take_away(*wanted)


async def test_what_a_real_kustomize_makes_is_brought_to_the_cluster(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "kustomize", f'[ "$1" = build ] && exec {binaries.made()}/kubectl kustomize "$2"')
    monkeypatch.setenv("PATH", path_with(tmp_path))
    files = {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": BASE,
        "production/kustomization.yaml": (
            "bases: [../base]\nnamePrefix: prod-\ncommonLabels: {tier: front}\nimages: [{name: shop, newTag: '2'}]\n"
            "configMapGenerator: [{name: settings, literals: [level=info]}]\n"
        ),
    }
    async with one_app(cluster) as app:
        wanted = made(app, files, kustomize="production")
        await app.bring(*wanted)
        web = cluster.get(app.path("apps/v1", "deployments", "prod-web"))
        assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "shop:2"
        assert web["metadata"]["labels"]["tier"] == "front"
        assert {each.attributes["kind"] for each in wanted} == {"Deployment", "ConfigMap"}


async def test_secrets_that_a_chart_encodes_arrive_as_they_are(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = 'password=$(sed "s/.*: \\"//;s/\\".*//" values/document.json | tr -d "\\n" | base64 -w0)'
    writes = (
        'printf "apiVersion: v1\\nkind: Secret\\nmetadata: {name: db}\\ndata: {password: $password, user: c2hvcA==}\\n"'
    )
    program(tmp_path, "helm", f"{takes}\n{writes}")
    monkeypatch.setenv("PATH", path_with(tmp_path))
    async with one_app(cluster) as app:
        helm = {"chart": "chart", "release": "shop", "values": {"password": "\ue000db\ue001"}}
        wanted = made(app, {"chart/Chart.yaml": "name: shop\n"}, helm=helm, secrets={"db": "shop/db"})
        await app.bring(*wanted)
        data = cluster.get(app.path("v1", "secrets", "db"))["data"]
        assert {name: base64.b64decode(value) for name, value in data.items()} == {
            "password": b"hunter2",
            "user": b"shop",
        }
