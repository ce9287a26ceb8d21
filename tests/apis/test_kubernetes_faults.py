"""A real API server that is slow, busy, cut off or lets nobody in; and what is asked of it when all is well."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from reconciler.model.cluster import ApplyObject, ObjectName
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN
from reconciler.model.resource import Absent, Observation, Present, Resource, Unknown
from reconciler.ports.errors import Denied, Halfway, Refused, Unreachable
from tests.apis.kubernetes_world import OneApp, config_map, deployment, one_app
from tests.lab.kubernetes.cluster import Cluster
from tests.lab.kubernetes.faults import GONE_IN_WATCH, Answer, Cut, Delay, Lost

pytestmark = pytest.mark.lab

DONE = {"Available": "True", "Progressing": "True"}
PERIOD = timedelta(seconds=1)


async def seen_as(
    app: OneApp, wanted: Resource, fits: Callable[[Observation], object], limit: float = 15
) -> Observation:
    """Look until what is seen fits."""
    async with asyncio.timeout(limit):
        while not fits(seen := (await app.seen(wanted))[0]):  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)
    return seen


async def test_a_look_at_what_has_not_changed_asks_for_no_object(cluster: Cluster) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            wanted = app.of(*(config_map(f"shop-{number}", text="a") for number in range(20)), deployment())
            await app.bring(*wanted)
            await seen_as(
                app, wanted[-1], lambda seen: isinstance(seen, Present) and seen.status.get("conditions") == DONE
            )
            assert len(proxy.requests("dryRun")) <= 3
            assert await app.differences(*wanted) == [None] * len(wanted)
            proxy.forget()
            assert await app.differences(*wanted) == [None] * len(wanted)
            assert proxy.requests("configmaps|deployments") == []


async def test_drift_is_told_by_the_cluster_and_what_the_cluster_does_itself_is_none(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wanted = app.of(deployment(image="registry.example/slow:1"), config_map(text="a"))
        await app.bring(*wanted)
        await app.seen(*wanted)
        told: asyncio.Queue[None] = asyncio.Queue()

        async def listen() -> None:
            async with aclosing(app.targets.changes(app.target, wanted, PERIOD)) as changes:
                async for _ in changes:
                    told.put_nowait(None)

        listening = asyncio.create_task(listen())
        path = app.path("apps/v1", "deployments", "shop")
        await asyncio.to_thread(cluster.wait, path, lambda shop: shop["status"].get("readyReplicas") == 2)
        await app.seen(*wanted)
        while not told.empty():
            told.get_nowait()
        cluster.merge(path, {"spec": {"replicas": 5}})
        async with asyncio.timeout(5):
            await told.get()
        assert set(await app.fields(wanted[0])) == {"spec.replicas"}
        cluster.delete(app.path("v1", "configmaps", "shop"))
        async with asyncio.timeout(5):
            await told.get()
        await seen_as(app, wanted[1], lambda seen: seen == Absent())
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_a_watch_that_is_cut_leaves_nothing_known_until_all_is_listed_again(cluster: Cluster) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            await app.bring(wanted)
            await app.seen(wanted)
            proxy.take_away()
            seen = await seen_as(app, wanted, lambda seen: isinstance(seen, Unknown))
            assert isinstance(seen, Unknown)
            cluster.merge(app.path("v1", "configmaps", "shop"), {"data": {"text": "b"}})
            proxy.restore()
            await seen_as(app, wanted, lambda seen: isinstance(seen, Present))
            assert await app.fields(wanted) == {"data.text": ("b", "a")}


async def test_a_version_that_the_server_no_longer_has_is_listed_anew(cluster: Cluster) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            await app.bring(wanted)
            await app.seen(wanted)
            proxy.fault(Answer(200, body=GONE_IN_WATCH), "watch=1", times=1)
            proxy.forget()
            proxy.cut()
            cluster.merge(app.path("v1", "configmaps", "shop"), {"data": {"text": "b"}})
            await seen_as(app, wanted, lambda seen: isinstance(seen, Present) and seen.attributes["data.text"] == "b")


async def test_a_404_of_something_in_between_is_no_word_about_an_object(cluster: Cluster) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            assert await app.seen(wanted) == [Absent()]
            proxy.fault(Answer(404, body="<html>no such page</html>"), "/configmaps", times=1000)
            (seen,) = await app.seen(wanted)
            assert isinstance(seen, Unknown)
            assert "HTTP 404" in seen.reason


async def test_a_secret_that_the_server_refuses_is_not_said_again(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        app.secrets.values["shop/db"] = "not a Host!"
        service: dict[str, Any] = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}}
        service["spec"] = {"type": "ExternalName", "externalName": f"{SECRET_OPEN}db{SECRET_CLOSE}"}
        (wanted,) = app.written({"manifest": service, "secrets": {"db": "shop/db"}})
        with pytest.raises(Refused, match=r"spec\.externalName") as refused:
            await app.apply(*await app.operations(wanted))
        assert "Host!" not in str(refused.value)
        (plain,) = app.of({**service, "spec": {"type": "ExternalName", "externalName": "db.example"}})
        await app.bring(plain)
        (seen,) = await app.seen(wanted)
        assert "spec.externalName" in repr(seen)
        assert "Host!" not in repr(seen)


USELESS_WATCHES = {"ends at once": Answer(200, body=""), "never has the version": Answer(200, body=GONE_IN_WATCH)}


@pytest.mark.parametrize("fault", USELESS_WATCHES.values(), ids=USELESS_WATCHES.keys())
async def test_a_server_whose_watches_are_of_no_use_is_not_asked_all_the_time(cluster: Cluster, fault: Answer) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            await app.bring(wanted)
            proxy.fault(fault, "watch=1", times=1_000_000)
            proxy.forget()
            proxy.cut()
            for _ in range(20):
                await app.seen(wanted)
                await asyncio.sleep(0.1)
            assert 0 < len(proxy.requests("watch=1")) <= 8


BUSY = {
    "asks to wait": (Answer(429, retry_after=1), 1),
    "fails": (Answer(500), 2),
    "is away for a moment": (Answer(503), 1),
    "is cut off": (Cut(), 2),
    "loses its answer": (Lost(), 1),
    "is slow": (Delay(0.5), 1),
}


@pytest.mark.parametrize(("fault", "times"), BUSY.values(), ids=BUSY.keys())
async def test_what_is_over_soon_is_waited_for(cluster: Cluster, fault: Answer, times: int) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            operations = await app.operations(wanted)
            proxy.fault(fault, "PATCH", times=times)
            await app.apply(*operations)
            assert len(proxy.requests("PATCH")) == times + (not isinstance(fault, Delay))
            assert await app.differences(wanted) == [None]


async def test_a_server_that_goes_on_failing_is_unreachable_and_nothing_is_known(cluster: Cluster) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            operations = await app.operations(wanted)
            proxy.fault(Answer(500), times=100)
            with pytest.raises(Unreachable, match="cannot apply ConfigMap"):
                await app.apply(*operations)
            assert isinstance((await app.seen(*app.of(deployment())))[0], Unknown)


async def test_a_server_that_is_away_is_told_with_its_url(cluster: Cluster) -> None:
    async with one_app(cluster, url="https://127.0.0.1:1") as app:
        (seen,) = await app.seen(*app.of(config_map(text="a")))
        assert isinstance(seen, Unknown)
        assert "(https://127.0.0.1:1) does not answer: connection refused" in seen.reason


async def test_a_token_that_was_renewed_is_read_anew_and_one_that_was_not_is_said_so(cluster: Cluster) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            operations = await app.operations(wanted)
            proxy.expire(cluster.token())
            with pytest.raises(Denied, match=r"does not take our login \(401\); renew the secret"):
                await app.apply(*operations)
            app.secrets.values["kube"] = cluster.access.spare_token("admin")
            await app.apply(*operations)
            assert await app.differences(wanted) == [None]


async def test_a_part_that_was_done_stays_and_is_said_so(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        wrong = deployment()
        wrong["spec"]["replicas"] = -1
        operations = await app.operations(*app.of(config_map(text="a"), wrong))
        with pytest.raises(Halfway, match=r"spec.replicas.*1 changes before it were made and stay"):
            await app.apply(*operations)
        with pytest.raises(Refused):
            await app.apply(operations[1])


async def test_what_somebody_changes_between_look_and_apply_is_not_overwritten(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        await app.bring(*app.of(deployment(replicas=2)))
        operations = await app.operations(*app.of(deployment(replicas=3)))
        cluster.merge(app.path("apps/v1", "deployments", "shop"), {"spec": {"replicas": 9}})
        with pytest.raises(Exception, match=r"spec.replicas is set by kubectl-edit"):
            await app.apply(*operations)


async def test_a_kind_that_the_cluster_does_not_know_is_said_so(cluster: Cluster) -> None:
    async with one_app(cluster) as app:
        thing = {"apiVersion": "nowhere.example/v1", "kind": "Thing", "metadata": {"name": "one"}}
        (wanted,) = app.of(thing)
        assert await app.seen(wanted) == [Absent()]
        with pytest.raises(Refused, match=r"the cluster knows no Thing of nowhere.example/v1; is its CRD there\?"):
            await app.apply(*await app.operations(wanted))


async def test_who_may_nothing_is_told_what_he_may_not(cluster: Cluster) -> None:
    async with one_app(cluster, user="nobody") as app:
        (wanted,) = app.of(config_map(text="a"))
        (seen,) = await app.seen(wanted)
        assert isinstance(seen, Unknown)
        assert 'cannot get resource "configmaps"' in seen.reason
        name = ObjectName("v1", "ConfigMap", app.namespace, "shop")
        with pytest.raises(Denied, match='cannot patch resource "configmaps"'):
            await app.apply(ApplyObject(object=name, manifest=wanted.contents["manifest"], unit=str(app.unit)))


async def test_an_object_that_was_deleted_and_cannot_be_made_anew_is_not_as_it_was(cluster: Cluster) -> None:
    with cluster.proxy() as proxy:
        async with one_app(cluster, url=proxy.url) as app:
            (wanted,) = app.of(config_map(text="a"))
            await app.bring(wanted)
            (change,) = await app.operations(*app.of(config_map(text="b")))
            assert isinstance(change, ApplyObject)
            proxy.fault(Answer(403), "PATCH .*configmaps/shop")
            with pytest.raises(Halfway, match="deleted to be made anew"):
                await app.apply(replace(change, recreate=True))
            assert await app.seen(wanted) == [Absent()]
