"""Services of a real Swarm: brought there, kept, changed, taken away."""

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.kinds.catalog import CATALOG
from reconciler.model.change import Action
from reconciler.model.resource import Absent, Present
from reconciler.policy.adoption import refused
from reconciler.ports.errors import Refused, Stale
from reconciler.ports.kind import InputError
from tests.apis.engine_world import SECRET
from tests.apis.swarm_world import QUICK, one_app
from tests.lab.swarm import RealSwarm

pytestmark = pytest.mark.lab


async def test_a_service_is_brought_there_does_well_needs_nothing_more_and_goes(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(replicas=2)
        assert await app.seen(wanted) == [Absent()]
        await app.bring(wanted)
        health = await app.health(wanted)
        assert (health.healthy, health.detail) == (True, "shop: 2 of 2 tasks run")
        assert swarm.running("shop") == ["app:1", "app:1"]
        assert await app.operations(wanted) == []
        (seen,) = await app.seen(wanted)
        assert isinstance(seen, Present)
        assert (seen.status["running"], seen.status["desired"], seen.status["image"]) == (2, 2, "app:1")
        await app.take_away(wanted)
        assert swarm.names("service") == []


async def test_swarm_brings_another_version_by_itself_as_the_document_says(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(replicas=2))
        other = app.service("app:2", replicas=2, update={"parallelism": 1, "order": "start-first"})
        assert (await app.fields(other))["image"] == ("app:1", "app:2")
        await app.bring(other)
        assert (await app.check(other)).pending
        assert (await app.health(other)).healthy
        assert swarm.running("shop") == ["app:2", "app:2"]


EVERYTHING: dict[str, Any] = {
    "replicas": 1,
    "env": {"LOG": "info"},
    "ports": [
        {"published": 18080, "target": 80, "mode": "host"},
        {"published": 18081, "target": 81, "protocol": "udp", "mode": "host"},
    ],
    "mounts": [
        {"type": "volume", "source": "data", "target": "/data"},
        {"type": "bind", "source": "/etc/hostname", "target": "/host", "readOnly": True},
        {"type": "tmpfs", "target": "/scratch"},
    ],
    "constraints": ["node.role == manager"],
    "maxPerNode": 3,
    "limits": {"cpus": 0.5, "memory": "64MiB", "pids": 50},
    "reservations": {"cpus": 0.1, "memory": "16MiB"},
    "restart": {"condition": "on-failure", "delay": "1s", "maxAttempts": 3, "window": "10s"},
    "healthcheck": {"test": ["true"], "interval": "1s", "timeout": "1s", "retries": 2, "startPeriod": "1s"},
    "update": {
        "parallelism": 2,
        "delay": "100ms",
        "order": "start-first",
        "failureAction": "continue",
        "maxFailureRatio": 0.2,
    },
    "rollback": {"parallelism": 0, "delay": "1s", "monitor": "2s", "failureAction": "continue", "order": "stop-first"},
    "user": "1000",
    "workingDir": "/scratch",
    "hostname": "shop",
    "capAdd": ["NET_ADMIN"],
    "capDrop": ["MKNOD"],
    "readOnly": True,
    "init": True,
    "stopSignal": "SIGINT",
    "labels": {"team": "checkout"},
    "containerLabels": {"tier": "web"},
    "stack": "shop",
}


async def test_whatever_can_be_written_of_a_service_is_found_there_again(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(**EVERYTHING))
        assert (await app.health(app.service(**EVERYTHING))).healthy
        assert "shop" in swarm.engine.docker("stack", "ls")


async def test_what_is_no_longer_written_goes_back_to_what_swarm_does_by_itself(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(env={"A": "1", "B": "2"}, hostname="shop"))
        less = app.service(env={"A": "1"})
        assert set(await app.fields(less)) == {"spec"}
        await app.bring(less)
        container = swarm.service("shop")["Spec"]["TaskTemplate"]["ContainerSpec"]
        assert container["Env"] == ["A=1"]
        assert "Hostname" not in container


BY_HAND: dict[str, tuple[tuple[str, ...], dict[str, tuple[object, object]]]] = {
    "scaled": (("--replicas", "3"), {"replicas": (3, 2)}),
    "with another image": (("--image", "app:2", "--no-resolve-image"), {"image": ("app:2", "app:1")}),
    "with another variable": (("--env-add", "LOG=debug"), {"env.LOG": ("debug", "info")}),
    "with another command": (("--args", "sleep 999"), {"command": (["sleep", "999"], ["sleep", "1000"])}),
}


@pytest.mark.parametrize(("words", "differing"), BY_HAND.values(), ids=BY_HAND.keys())
async def test_what_a_person_does_to_a_service_is_drift_and_is_mended(
    swarm: RealSwarm, words: tuple[str, ...], differing: dict[str, tuple[object, object]]
) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(replicas=2, env={"LOG": "info"})
        await app.bring(wanted)
        swarm.engine.docker("service", "update", "--detach", *words, "shop")
        assert await app.fields(wanted) == differing
        await app.bring(wanted)
        assert (await app.health(wanted)).healthy


async def test_a_service_that_a_person_removed_is_made_again(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service()
        await app.bring(wanted)
        swarm.engine.docker("service", "rm", "shop")
        assert (await app.differences(wanted))["swarmService:shop"].action is Action.CREATE
        await app.bring(wanted)
        assert (await app.health(wanted)).healthy


async def test_replicas_that_nobody_wrote_and_fields_that_are_ignored_stay_as_they_are(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(hostname="one"))
        swarm.engine.docker("service", "update", "--detach", "--replicas", "3", "--hostname", "two", "shop")
        assert set(await app.fields(app.service(hostname="one"))) == {"hostname"}
        other = app.service(hostname="one", env={"A": "1"}, ignore=("hostname",))
        await app.apply(*await app.operations(other))
        assert swarm.replicas_of("shop") == 3
        assert swarm.service("shop")["Spec"]["TaskTemplate"]["ContainerSpec"]["Hostname"] == "two"


async def test_a_change_between_the_look_and_the_update_wins_and_is_planned_anew(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(replicas=1))
        operations = await app.operations(app.service("app:2", replicas=1))
        swarm.engine.docker("service", "update", "--detach", "--replicas", "3", "shop")
        with pytest.raises(Stale, match="the service shop on swarm-1 was changed since it was looked at"):
            await app.apply(*operations)
        assert (swarm.image_of("shop"), swarm.replicas_of("shop")) == ("app:1", 3)
        swarm.engine.docker("service", "rm", "shop")
        with pytest.raises(Stale, match="was removed since it was looked at"):
            await app.apply(*operations)


async def test_who_was_faster_is_found_before_anything_is_done(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(replicas=1))
        config = app.of("swarmConfig", name="settings", content="a = 1")
        service = app.service(replicas=1, configFiles=[{"config": "settings", "path": "/etc/shop.toml"}])
        operations = await app.operations(config, service)
        assert [each.op for each in operations] == ["put_version", "put_service"]
        swarm.engine.docker("service", "update", "--detach", "--replicas", "3", "shop")
        with pytest.raises(Stale, match="was changed since it was looked at"):
            await app.apply(*operations)
        assert swarm.names("config") == []


async def test_what_only_swarm_writes_of_its_update_makes_no_plan_stale(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(replicas=1))
        second = app.service("app:2", replicas=1)
        await app.apply(*await app.operations(second))
        before = swarm.service("shop")["Version"]
        operations = await app.operations(app.service("app:1", replicas=1))
        swarm.wait(lambda: bool(swarm.service("shop")["Version"] != before))
        await app.apply(*operations)
        assert swarm.image_of("shop") == "app:1"


async def test_an_operation_that_is_done_again_changes_nothing(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        operations = await app.operations(app.service(replicas=1))
        await app.apply(*operations)
        version = swarm.service("shop")["Version"]
        await app.apply(*operations)
        assert swarm.service("shop")["Version"] == version


async def test_a_service_gets_a_task_on_each_node_when_its_mode_changes(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service(replicas=2))
        everywhere = app.service(mode="global")
        assert (await app.differences(everywhere))["swarmService:shop"].action is Action.REPLACE
        await app.bring(everywhere)
        assert (await app.health(everywhere)).healthy
        assert swarm.running("shop") == ["app:1"]


async def test_one_that_is_not_ours_is_only_taken_over_where_git_says_so_and_never_removed(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        swarm.engine.docker("service", "create", "--detach", "--no-resolve-image", "--name", "shop", "app:2")
        wanted = app.service()
        (seen,) = await app.seen(wanted)
        assert isinstance(seen, Present)
        difference = (await app.differences(wanted))["swarmService:shop"]
        said = refused(wanted, seen, difference, None)
        assert said is not None
        assert "the service shop is there already" in said
        assert CATALOG["swarmService"].removal(wanted, seen) == ()
        await app.bring(replace(wanted, adopt=True))
        assert swarm.image_of("shop") == "app:1"


async def test_the_value_of_a_secret_in_a_variable_gets_there_and_nowhere_else(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        wanted = app.service(env={"DB": f"postgres://shop:{SECRET}@db"}, secrets={"password": "shop/db"})
        await app.bring(wanted)
        env = swarm.service("shop")["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"]
        assert env == ["DB=postgres://shop:hunter2@db"]
        survey = await app.targets.survey(app.target, [wanted])
        assert "hunter2" not in repr(survey)
        app.secrets.values["shop/db"] = "hunter3"
        other = app.service(env={"DB": f"postgres://shop:{SECRET}@db"}, secrets={"password": "shop/db"})
        assert set(await app.fields(other)) == {"env.DB", "spec"}
        await app.bring(other)
        assert "hunter3" in json.dumps(swarm.service("shop")["Spec"])


async def test_a_secret_in_the_open_is_a_mistake_of_the_document(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        with pytest.raises(InputError, match="a secret can stand in env only"):
            app.service(command=["login", SECRET], secrets={"password": "shop/db"})


async def test_services_find_each_other_in_a_network_that_goes_when_no_task_has_it(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        network = app.of("swarmNetwork", name="backend", attachable=True)
        web = app.of("swarmService", **{"name": "web", "image": "app:1", "networks": ["backend"], **QUICK})
        await app.bring(web, network)
        assert (await app.health(web)).healthy
        await app.take_away(web, network)
        assert "backend" not in swarm.names("network")


async def test_what_a_service_needs_and_is_not_there_is_named(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        for body, missing in (
            ({"networks": ["nowhere"]}, "there is no network nowhere on swarm-1"),
            ({"configFiles": [{"config": "none", "path": "/none"}]}, "there is no config none on swarm-1"),
            ({"secretFiles": [{"secret": "none"}]}, "there is no secret none on swarm-1"),
        ):
            with pytest.raises(Refused, match=missing):
                await app.apply(*await app.operations(app.service(**body)))
        assert swarm.names("service") == []


async def test_what_swarm_refuses_is_told_in_its_words_and_leaves_all_as_it_was(swarm: RealSwarm) -> None:
    async with one_app(swarm) as app:
        await app.bring(app.service())
        with pytest.raises(Refused, match=r"cannot update the service shop on swarm-1: .* Must be at least 4MiB"):
            await app.apply(
                *await app.operations(app.service(limits={"memory": "64MiB"}, reservations={"memory": "1B"}))
            )
        assert swarm.image_of("shop") == "app:1"
