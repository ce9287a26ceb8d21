"""The smallest Role of the documentation is enough, and less is enough for less."""

import asyncio
import base64
from dataclasses import replace

import pytest
import yaml

from reconciler.kinds import kubernetes
from reconciler.model.health import ResourceCheck
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.model.target import ClusterToken, Kubeconfig
from tests.apis.kubernetes_world import OneApp, config_map, deployment, one_app
from tests.docs.pages import blocks
from tests.lab.kubernetes.cluster import Cluster

pytestmark = pytest.mark.lab


def grant(cluster: Cluster, app: OneApp, *verbs: str) -> None:
    """Give the user ``deployer`` the documented Role in the app's namespace; where verbs are named, no others."""
    (block,) = [each for each in blocks() if each.page == "docs/targets.md" and each.what == "role"]
    role = yaml.safe_load(block.text)
    role["metadata"]["namespace"] = app.namespace
    for rule in role["rules"]:
        rule["verbs"] = [verb for verb in rule["verbs"] if not verbs or verb in verbs]
    role["rules"] = [rule for rule in role["rules"] if rule["verbs"]]
    reference = {"apiGroup": "rbac.authorization.k8s.io"}
    binding = {
        "apiVersion": role["apiVersion"],
        "kind": "RoleBinding",
        "metadata": {"name": "reconciler", "namespace": app.namespace},
        "roleRef": {**reference, "kind": "Role", "name": role["metadata"]["name"]},
        "subjects": [{**reference, "kind": "User", "name": "deployer"}],
    }
    cluster.apply(role, app.namespace)
    cluster.apply(binding, app.namespace)


async def test_the_documented_role_is_enough_for_everything_that_is_done(cluster: Cluster) -> None:
    async with one_app(cluster, user="deployer") as app:
        grant(cluster, app)
        text = base64.b64encode(b"hunter2").decode()
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop"}, "data": {"password": text}}
        wanted = app.of(secret, config_map(text="a"), deployment())
        await app.bring(*wanted)
        path = app.path("apps/v1", "deployments", "shop")
        cluster.wait(path, lambda shop: shop["status"]["readyReplicas"] == 2)
        spec = kubernetes.Spec.model_validate({"manifest": deployment(), "namespace": app.namespace})
        (check,) = kubernetes.render(spec, app.inputs())[0].health
        assert isinstance(check, ResourceCheck)
        assert (await app.targets.check(app.target, check)).healthy
        survey = await app.targets.survey(app.target, wanted)
        assert survey.facts == {"kube-1": {"version": "v1.20.2"}}
        cluster.merge(path, {"spec": {"replicas": 4}})
        async with asyncio.timeout(10):
            while not await app.fields(wanted[2]):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.02)
        await app.bring(wanted[2])
        await app.take_away(*wanted)


async def test_who_may_not_list_reads_one_by_one(cluster: Cluster) -> None:
    async with one_app(cluster, user="deployer") as app:
        grant(cluster, app, "get", "create", "patch", "delete")
        wanted = app.of(config_map(text="a"), deployment())
        await app.bring(*wanted)
        cluster.merge(app.path("v1", "configmaps", "shop"), {"data": {"text": "b"}})
        assert await app.fields(wanted[0]) == {"data.text": ("b", "a")}
        await app.take_away(*wanted)


async def test_who_may_only_look_is_told_so_before_anything_is_planned(cluster: Cluster) -> None:
    async with one_app(cluster, user="deployer") as app:
        cluster.apply(config_map(text="b"), app.namespace)
        grant(cluster, app, "get", "list", "watch")
        (seen,) = await app.seen(*app.of(config_map(text="a")))
        assert isinstance(seen, Unknown)
        assert 'cannot patch resource "configmaps"' in seen.reason
        assert "docs/targets.md has the smallest Role" in seen.reason


async def test_nodes_are_counted_where_that_is_allowed(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wanted = app.of(config_map(text="a"))
        await app.bring(*wanted)
        survey = await app.targets.survey(app.target, wanted)
        assert survey.facts == {"kube-1": {"version": "v1.20.2", "nodes": 2}}
        assert isinstance(survey.of(wanted[0].id), Present)


async def test_who_may_not_list_pods_is_told_how_a_workload_does_without_them(cluster: Cluster) -> None:
    async with one_app(cluster, user="deployer") as app:
        grant(cluster, app, "get", "create", "patch", "delete")
        await app.bring(*app.of(deployment()))
        cluster.wait(app.path("apps/v1", "deployments", "shop"), lambda shop: shop["status"]["readyReplicas"] == 2)
        spec = kubernetes.Spec.model_validate({"manifest": deployment(), "namespace": app.namespace})
        (check,) = kubernetes.render(spec, app.inputs())[0].health
        assert isinstance(check, ResourceCheck)
        result = await app.targets.check(app.target, check)
        assert (result.healthy, result.detail) == (True, "2 of 2 replicas are available")


async def test_a_kubeconfig_with_a_client_certificate_lets_us_in_and_another_authority_keeps_us_out(
    cluster: Cluster,
) -> None:
    async with one_app(cluster) as app:
        wanted = app.of(config_map(text="a"))
        app.secrets.values["file"] = cluster.access.kubeconfig_by_certificate("admin").read_text()
        mine = replace(app.target, name="kube-2", access=Kubeconfig(reference="file"))
        survey = await app.targets.survey(mine, wanted)
        assert survey.of(wanted[0].id) == Absent()
        other = replace(app.target, name="kube-3", access=ClusterToken(server=cluster.url, ca="", token="kube"))
        seen = (await app.targets.survey(other, wanted)).of(wanted[0].id)
        assert isinstance(seen, Unknown)
        assert "certificate" in seen.reason
