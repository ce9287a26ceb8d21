"""Objects on a real API server: brought there, kept, taken away."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from reconciler.kinds import kubernetes
from reconciler.model.change import Action
from reconciler.model.cluster import ApplyObject
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN
from reconciler.model.resource import Absent, Observation, Present, Resource
from reconciler.model.verdict import Owned
from reconciler.policy.adoption import refused
from reconciler.ports.errors import Refused
from reconciler.ports.kind import Conflict, Difference
from tests.apis.kubernetes_world import OneApp, config_map, deployment, one_app
from tests.lab.kubernetes.cluster import Cluster

pytestmark = pytest.mark.lab

IMAGE = "spec.template.spec.containers.web.image"
OUR_LABEL, UNIT_LABEL = "metadata.labels.app.kubernetes.io/managed-by", "metadata.labels.reconciler/unit"


async def test_a_deployment_is_brought_there_needs_nothing_more_and_goes(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wanted = app.of(deployment(), config_map(text="a"))
        assert await app.seen(*wanted) == [Absent(), Absent()]
        await app.bring(*wanted)
        cluster.wait(app.path("apps/v1", "deployments", "shop"), lambda shop: shop["status"]["readyReplicas"] == 2)
        assert await app.differences(*wanted) == [None, None]
        await app.take_away(*wanted)
        assert cluster.find(app.path("apps/v1", "deployments", "shop")) is None


async def test_a_field_edited_by_a_person_is_drift_and_is_ours_to_mend(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        (wanted,) = app.of(deployment())
        await app.bring(wanted)
        path = app.path("apps/v1", "deployments", "shop")
        cluster.merge(path, {"spec": {"replicas": 5}})
        cluster.wait(path, lambda shop: shop["spec"]["replicas"] == 5)
        assert await eventually(app.fields, wanted, {"spec.replicas": (5, 2)})
        (found,) = await app.differences(wanted)
        assert found is not None
        assert found.theirs == (("spec.replicas", "kubectl-edit"),)
        assert refused(wanted, Present({}), found, Owned(resource=wanted, created=True)) is None
        await app.bring(wanted)
        assert cluster.get(path)["spec"]["replicas"] == 2


async def test_a_field_of_another_manager_is_a_conflict_that_names_it_and_is_taken_only_where_git_says_so(
    cluster: Cluster,
) -> None:
    async with one_app(cluster) as app:
        cluster.apply(deployment(replicas=7), app.namespace)
        (wanted,) = app.of(deployment(replicas=2))
        (found,) = await app.differences(wanted)
        assert found is not None
        said = refused(wanted, Present({}), found, None)
        assert said is not None
        assert "spec.replicas (set by lab)" in said
        assert "adopt: true" in said
        (mine,) = app.of(deployment(replicas=2), adopt=True)
        (found,) = await app.differences(mine)
        assert found is not None
        assert refused(mine, Present({}), found, None) is None
        await app.bring(mine)


async def test_what_is_ignored_is_left_to_whoever_changes_it(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        (wanted,) = app.of(deployment(replicas=2), ignore=("spec.replicas",))
        await app.bring(wanted)
        path = app.path("apps/v1", "deployments", "shop")
        cluster.merge(path, {"spec": {"replicas": 4}}, manager="autoscaler")
        (newer,) = app.of(deployment(image="registry.example/shop:2", replicas=2), ignore=("spec.replicas",))
        cluster.wait(path, lambda shop: shop["spec"]["replicas"] == 4)
        assert set(await app.fields(newer)) >= {IMAGE}
        await app.apply(*await app.operations(newer))
        there = cluster.get(path)
        assert there["spec"]["replicas"] == 4
        assert there["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/shop:2"


async def test_a_field_that_git_no_longer_has_goes(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        (before,) = app.of(config_map(a="1", b="2"))
        await app.bring(before)
        (after,) = app.of(config_map(a="1"))
        assert await app.fields(after) == {"data.b": ("2", None)}
        await app.bring(after)
        assert cluster.get(app.path("v1", "configmaps", "shop"))["data"] == {"a": "1"}


async def test_labels_that_somebody_took_off_are_put_back(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        (wanted,) = app.of(config_map(a="1"))
        await app.bring(wanted)
        path = app.path("v1", "configmaps", "shop")
        cluster.merge(path, {"metadata": {"labels": {"reconciler/unit": None, "app.kubernetes.io/managed-by": None}}})
        assert await eventually(
            app.fields, wanted, {UNIT_LABEL: (None, "shop.testing"), OUR_LABEL: (None, "reconciler")}
        )
        seen = (await app.seen(wanted))[0]
        assert isinstance(seen, Present)
        assert kubernetes.removal(wanted, seen) == ()
        await app.bring(wanted)


async def test_nothing_is_deleted_that_no_longer_has_our_labels(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        (wanted,) = app.of(config_map(a="1"))
        await app.bring(wanted)
        (seen,) = await app.seen(wanted)
        assert isinstance(seen, Present)
        operations = kubernetes.removal(wanted, seen)
        cluster.merge(app.path("v1", "configmaps", "shop"), {"metadata": {"labels": {"reconciler/unit": "other"}}})
        with pytest.raises(Refused, match="no longer has the labels"):
            await app.apply(*operations)
        assert cluster.find(app.path("v1", "configmaps", "shop")) is not None


async def test_a_field_that_cannot_be_changed_is_said_so_and_the_object_made_anew_where_git_says_so(
    cluster: Cluster,
) -> None:
    async with one_app(cluster) as app:
        await app.bring(*app.of(deployment()))
        other = deployment()
        other["spec"]["selector"]["matchLabels"]["tier"] = "front"
        other["spec"]["template"]["metadata"]["labels"]["tier"] = "front"
        (seen,) = await app.seen(*app.of(other))
        assert isinstance(seen, Present)
        with pytest.raises(Conflict, match=r"spec.selector: .*immutable.*reconciler/recreate"):
            kubernetes.diff(app.of(other)[0], seen)
        other["metadata"]["annotations"] = {"reconciler/recreate": "true"}
        (wanted,) = app.of(other)
        (found,) = await app.differences(wanted)
        assert found is not None
        assert found.action is Action.REPLACE
        await app.bring(wanted)
        there = cluster.get(app.path("apps/v1", "deployments", "shop"))
        assert there["spec"]["selector"]["matchLabels"]["tier"] == "front"


async def test_secrets_get_to_the_cluster_and_are_shown_as_keyed_digests_only(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        marker = f"{SECRET_OPEN}db{SECRET_CLOSE}"
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "shop"}}
        body = {"manifest": {**secret, "stringData": {"password": f'"{marker}"\n'}}, "secrets": {"db": "shop/db"}}
        (wanted,) = app.written(body)
        await app.bring(wanted)
        path = app.path("v1", "secrets", "shop")
        assert base64.b64decode(cluster.get(path)["data"]["password"]) == b'"hunter2"\n'
        cluster.merge(path, {"stringData": {"password": "other-value"}})
        cluster.wait(path, lambda there: base64.b64decode(there["data"]["password"]) == b"other-value")
        seen, found = await changed(app, wanted)
        (field,) = found.fields
        assert (field.path, field.secret, str(field.before)[:6], str(field.after)[:6]) == (
            "data.password",
            True,
            "keyed:",
            "keyed:",
        )
        for hidden in ("hunter2", "other-value", base64.b64encode(b"other-value").decode()):
            assert hidden not in repr(seen)
            assert hidden not in repr(found)
        await app.bring(wanted)


async def test_an_environment_variable_that_is_secret_is_shown_as_a_keyed_digest(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        manifest = deployment()
        value = f"db://{SECRET_OPEN}db{SECRET_CLOSE}@host"
        manifest["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "DB", "value": value}]
        (wanted,) = app.written({"manifest": manifest, "secrets": {"db": "shop/db"}})
        await app.bring(wanted)
        there = cluster.get(app.path("apps/v1", "deployments", "shop"))
        assert there["spec"]["template"]["spec"]["containers"][0]["env"] == [
            {"name": "DB", "value": "db://hunter2@host"}
        ]
        assert "hunter2" not in repr(await app.seen(wanted))
        app.secrets.values["shop/db"] = "rotated"
        (newer,) = app.written({"manifest": manifest, "secrets": {"db": "shop/db"}})
        assert set(await app.fields(newer)) == {"spec.template.spec.containers.web.env.DB.value"}
        await app.bring(newer)


async def test_a_kind_is_there_before_its_objects(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        group = f"{app.namespace}.example"
        crd, thing = custom(group), {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": "one"}}
        wanted = app.of({**thing, "spec": {"size": 3}}, crd)
        assert await app.seen(*wanted) == [Absent(), Absent()]
        await app.bring(*wanted)
        await app.take_away(*wanted)


async def test_pods_are_made_anew_when_what_they_are_restarted_for_changes(cluster: Cluster) -> None:
    async with one_app(cluster) as app:

        def wanted(text: str) -> tuple[Resource, ...]:
            restarted = app.written(
                {"manifest": deployment(), "restartOn": [f"kubernetes:ConfigMap/{app.namespace}/shop"]}
            )
            return (*restarted, *app.of(config_map(text=text)))

        await app.bring(*wanted("a"))
        path = app.path("apps/v1", "deployments", "shop")
        before = cluster.get(path)["metadata"]["generation"]
        operations = await app.operations(*wanted("b"))
        assert [each.object.kind for each in operations if isinstance(each, ApplyObject)] == ["ConfigMap", "Deployment"]
        await app.bring(*wanted("b"))
        assert cluster.get(path)["metadata"]["generation"] == before + 1


def custom(group: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "Thing", "plural": "things", "singular": "thing", "listKind": "ThingList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


async def changed(app: OneApp, wanted: Resource) -> tuple[Observation, Difference]:
    """Return what is seen and differs, as soon as the watch has told of it."""
    async with asyncio.timeout(10):
        while True:
            (seen,), (found,) = await app.seen(wanted), await app.differences(wanted)
            if found is not None:
                return seen, found
            await asyncio.sleep(0.02)


async def eventually(look: Callable[[Resource], Awaitable[object]], wanted: Resource, so: object) -> bool:
    """Look until it is so: a watch tells a moment later."""
    async with asyncio.timeout(10):
        while await look(wanted) != so:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)
    return True
