"""The whole program on an HTTP API: from a commit to records, drift, bad commits, lost answers, deaths."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.apis.http_server import Api, Fault, serving
from tests.e2e import documents
from tests.e2e.conftest import made_world
from tests.e2e.world import World

READ = {"path": "/records", "items": "$.records", "next": {"link": True}}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with made_world(tmp_path, "web-1") as made:
        yield made


def begin(world: World, api: Api, **spec: Any) -> None:
    """Write down the API, and who we are to it."""
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets" / "token").write_text("t0p-s3cret\n")
    world.settings(secrets={"directory": "secrets"}, drift={"interval": "1h"}, log={"level": "debug"})
    api.allowed = {"Bearer t0p-s3cret"}
    written = {"environment": "test", "url": api.url, "auth": {"bearer": {"secret": "token"}}, "lookEvery": "1s"}
    target = {"kind": "HttpApi", "metadata": {"name": "dns", "labels": {"role": "dns"}}, "spec": {**written, **spec}}
    world.write({"desired-state/dns.yaml": documents.text(target)})


def record(name: str = "www", ttl: int = 300, **more: Any) -> dict[str, Any]:
    written = {
        "name": name,
        "read": {**READ, "match": f"item.name == '{name}'"},
        "create": {"path": "/records"},
        "update": {"path": "/records/{seen.id}"},
        "delete": {"path": "/records/{seen.id}"},
        "body": {"name": name, "ttl": ttl},
        **more,
    }
    return {"httpResource": written}


def app(world: World, *records: dict[str, Any], **spec: Any) -> str:
    """Commit the app with these records."""
    return world.app(*records, targets={"httpApis": {"role": "dns"}}, **spec)


def ttls(api: Api, name: str = "www") -> list[int]:
    return [each["ttl"] for each in api.named(name)]


def test_a_commit_becomes_records_is_kept_and_what_leaves_git_is_taken_away(world: World, api: Api) -> None:
    begin(world, api)
    world.policy(prune={"mode": "delete", "atMost": "100%"})
    first = app(world, record(), record("api"))
    planned = world.reconciler("plan")
    assert "body.ttl" in planned.text
    assert "POST /records" in planned.text or "create httpResource:www" in planned.text
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        assert (ttls(api), ttls(api, "api")) == ([300], [300])
        assert "No changes." in world.reconciler("plan").text

        api.edit(str(api.named("www")[0]["id"]), ttl=61)
        world.until(lambda: ttls(api) == [300], "what was edited by hand is healed")
        api.remove(str(api.named("api")[0]["id"]))
        world.until(lambda: ttls(api, "api") == [300], "what was deleted by hand is made again")

        second = app(world, record(ttl=600))
        world.until(world.in_sync_at(second), "the second commit is there")
        assert ttls(api) == [600]
        world.until(lambda: ttls(api, "api") == [], "what is no longer in Git is taken away")

        app(world, record(ttl=5))
        world.until(lambda: "rejected" in str(world.unit()), "what the API refuses is rejected")
        world.until(world.state_of("holding"), "and taken back")
        assert ttls(api) == [600]
        assert "ttl has to be at least 60" in world.reconciler("explain", "shop@test").flat
    for path in world.folder.rglob("*"):
        if path.is_file() and path.parent.name != "secrets":
            assert b"t0p-s3cret" not in path.read_bytes(), path


def test_a_record_that_does_not_do_well_is_taken_back(world: World, api: Api) -> None:
    begin(world, api)
    well: dict[str, Any] = {"healthy": "object.ttl <= 600", "failed": "object.ttl > 600"}
    first = app(world, record(**well))
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        app(world, record(ttl=900, **well))
        world.until(world.state_of("holding"), "the bad commit was taken back")
        assert ttls(api) == [300]
        assert "PUT /v1/records/1" in api.methods()


def test_answers_that_are_lost_and_a_daemon_that_is_killed_make_nothing_twice(world: World, api: Api) -> None:
    begin(world, api)
    api.faults += [
        Fault(cut=True, done=True, method="POST"),
        Fault(slow=60, done=True, method="POST"),
    ]
    commit = app(world, record(), record("api"))
    with world.daemon() as daemon:
        world.until(lambda: len(api.methods()) > 1, "the second record is being made")
        daemon.kill()
    with world.daemon():
        world.until(world.in_sync_at(commit), "the next daemon goes on")
    assert (ttls(api), ttls(api, "api")) == ([300], [300])
    assert len(api.methods()) == 2


def test_an_api_that_is_away_or_slow_is_waited_for(world: World, api: Api) -> None:
    begin(world, api, limit="1s")
    api.faults += [
        Fault(status=500, method="GET"),
        Fault(slow=1.5, method="GET"),
        *[Fault(status=503, method="POST")] * 2,
        Fault(status=429, headers={"Retry-After": "1"}, method="POST"),
        Fault(cut=True, half=True, method="GET"),
    ]
    commit = app(world, record())
    with world.daemon():
        world.until(world.in_sync_at(commit), "it is there in the end")
    assert ttls(api) == [300]


def test_a_token_that_ran_out_is_told_and_a_new_one_is_used_at_once(world: World, api: Api) -> None:
    begin(world, api)
    first = app(world, record())
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is there")
        api.allowed = {"Bearer renewed"}
        app(world, record(ttl=600))
        world.until(lambda: "HTTP 401" in str(world.unit()), "who we are is no longer known there")
        assert ttls(api) == [300]
        (world.folder / "secrets" / "token").write_text("renewed\n")
        world.until(lambda: ttls(api) == [600], "the new token is used")


def test_one_api_after_the_other_and_back_when_one_of_them_refuses(world: World, api: Api) -> None:
    begin(world, api)
    other = Api()
    with serving(other):
        other.allowed = api.allowed
        spec = {"environment": "test", "url": other.url, "auth": {"bearer": {"secret": "token"}}, "lookEvery": "1s"}
        target = {"kind": "HttpApi", "metadata": {"name": "dns-2", "labels": {"role": "dns"}}, "spec": spec}
        world.write({"desired-state/dns-2.yaml": documents.text(target)})
        world.policy(strategy={"rolling": {"batchSize": 1}})
        first = app(world, record())
        with world.daemon():
            world.until(world.in_sync_at(first), "both have it")
            assert (ttls(api), ttls(other)) == ([300], [300])
            other.faults.append(Fault(status=409, method="PUT", body=b'{"message": "the zone is locked"}'))
            app(world, record(ttl=600))
            world.until(world.state_of("holding"), "the second API refuses it")
            assert (ttls(api), ttls(other)) == ([300], [300])
            assert "the zone is locked" in world.reconciler("explain", "shop@test").flat
    assert api.methods() == ["POST /v1/records", "PUT /v1/records/1", "PUT /v1/records/1"]
    assert other.methods() == ["POST /v1/records", "PUT /v1/records/1"]
