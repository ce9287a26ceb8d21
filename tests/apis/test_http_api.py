"""Things behind an HTTP API, which a real server plays: found, made, changed and deleted, whatever it does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from reconciler.model.change import Action
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.ports.errors import Halfway, Lost, Refused, Stale, Unreachable
from tests.apis.http_server import Api, Fault
from tests.apis.http_world import KIND, World, marker, record


@pytest.fixture
async def world(api: Api) -> AsyncIterator[World]:
    world = World(api)
    yield world
    await world.close()


async def test_it_is_made_changed_healed_and_taken_away(api: Api, world: World) -> None:
    www = world.of(record())
    assert await world.seen(www) == Absent()
    await world.bring(www)
    assert [each["ttl"] for each in api.named("www")] == [300]
    name = str(api.named("www")[0]["id"])

    api.edit(name, ttl=60)
    found = await world.differs(www)
    assert found is not None
    assert (found.action, [(each.path, each.before, each.after) for each in found.fields]) == (
        Action.UPDATE,
        [("body.ttl", 60, 300)],
    )
    await world.bring(www)
    assert [each["ttl"] for each in api.named("www")] == [300]

    api.remove(name)
    await world.bring(www)
    assert len(api.named("www")) == 1
    await world.apply(*KIND.removal(www, await world.seen(www)))
    assert await world.seen(www) == Absent()
    assert api.methods() == ["POST /v1/records", "PUT /v1/records/1", "POST /v1/records", "DELETE /v1/records/2"]


async def test_what_the_api_adds_is_no_difference(api: Api, world: World) -> None:
    www = world.of(record(body={"name": "www", "ttl": 300, "checks": [{"port": 80}], "weight": 1}))
    api.add(name="www", ttl=300.0, checks=[{"port": 80, "id": 7}], weight=1.0, owner="somebody")
    assert await world.plan(www) == ()


NEXT = {
    "link": ("/records", {"link": True}),
    "numbered": ("/numbered", {"page": {"sizeParameter": "per_page", "size": 3}}),
    "numbered, size not known": ("/numbered", {"page": {}}),
    "offset": ("/offset", {"offset": {"size": 2}}),
    "cursor": ("/cursor", {"cursor": {"parameter": "after", "at": "$.next.after"}}),
    "url": ("/urls", {"url": "$.next"}),
}


@pytest.mark.parametrize("how", NEXT)
async def test_it_is_found_on_any_page(api: Api, world: World, how: str) -> None:
    path, following = NEXT[how]
    for number in range(8):
        api.add(name=f"host-{number}", ttl=300)
    read = {"path": path, "items": "$.records", "match": "item.name == 'www'", "next": following}
    www = world.of(record(read=read, body={"name": "www", "ttl": 300}))
    assert await world.seen(www) == Absent()
    api.add(name="www", ttl=300)
    assert isinstance(await world.seen(www), Present)
    first = world.of(record(read={**read, "match": "item.name == 'host-0'"}, body={"name": "host-0"}))
    assert isinstance(await world.seen(first), Present)


async def test_each_page_is_asked_for_once_however_many_things_are_looked_for(api: Api, world: World) -> None:
    for number in range(8):
        api.add(name=f"host-{number}", ttl=300)
    many = []
    for number in range(8):
        read = {**record()["read"], "match": f"item.name == 'host-{number}'"}
        many.append(world.of(record(name=f"host-{number}", read=read, body={"name": f"host-{number}"})))
    survey = await world.targets.survey(world.target, many)
    assert all(isinstance(survey.of(each.id), Present) for each in many)
    assert len(api.heard) == 3


async def test_several_that_match_are_none_of_ours(api: Api, world: World) -> None:
    api.add(name="www", ttl=300)
    api.add(name="www", ttl=60)
    seen = await world.look(world.of(record()))
    assert isinstance(seen, Unknown)
    assert "2 things are found" in seen.reason


@pytest.mark.parametrize(
    ("read", "why"),
    [
        ({"items": "$.recrods"}, "the answer has no list at $.recrods"),
        ({"match": "item.nmae == 'www'"}, "match cannot be told of any item"),
        ({"path": "/rekords"}, "HTTP 404"),
        ({"object": "$.data"}, "nothing at $.data"),
    ],
)
async def test_a_mistake_in_read_is_unknown_and_never_absent(
    api: Api, world: World, read: dict[str, str], why: str
) -> None:
    api.add(name="www", ttl=300)
    seen = await world.look(world.of(record(read={**record()["read"], **read})))
    assert isinstance(seen, Unknown)
    assert why in seen.reason


async def test_a_thing_that_is_made_and_not_found_is_told_and_not_made_again(api: Api, world: World) -> None:
    www = world.of(record(read={**record()["read"], "match": "item.name == 'wwww'"}))
    with pytest.raises(Halfway, match="does `match` fit what `create` makes"):
        await world.apply(*await world.plan(www))
    assert api.methods() == ["POST /v1/records"]


@pytest.mark.parametrize("half", [False, True])
async def test_an_answer_that_was_lost_makes_nothing_twice(api: Api, world: World, half: bool) -> None:
    www = world.of(record())
    planned = await world.plan(www)
    api.faults.append(Fault(cut=True, half=half, done=True, method="POST"))
    with pytest.raises(Lost):
        await world.apply(*planned, again="same")
    await world.apply(*planned, again="same")
    assert len(api.named("www")) == 1
    assert await world.differs(www) is None


async def test_a_key_lets_what_is_made_be_asked_for_again(api: Api, world: World) -> None:
    www = world.of(record(create={"path": "/records", "once": "Idempotency-Key"}))
    api.faults.append(Fault(cut=True, done=True, method="POST"))
    await world.bring(www)
    assert len(api.named("www")) == 1
    assert api.methods() == ["POST /v1/records"] * 2


async def test_a_failure_while_it_is_made_is_looked_at_before_the_next_try(api: Api, world: World) -> None:
    www = world.of(record())
    api.faults.append(Fault(status=500, done=True, method="POST"))
    await world.bring(www)
    assert api.methods() == ["POST /v1/records"]


async def test_what_passes_is_waited_for(api: Api, world: World) -> None:
    www = world.of(record())
    api.faults += [Fault(status=503, method="GET"), Fault(status=429, headers={"Retry-After": "0"}, method="POST")]
    await world.bring(www)
    api.edit("1", ttl=90)
    api.faults += [Fault(status=500, method="PUT"), Fault(cut=True, method="PUT"), Fault(cut=True, half=True)]
    await world.bring(www)
    assert api.named("www")[0]["ttl"] == 300


async def test_an_api_that_asks_for_a_long_wait_is_left_alone(api: Api, world: World) -> None:
    www = world.of(record())
    api.faults.append(Fault(status=429, headers={"Retry-After": "3600"}))
    for _ in range(3):
        seen = await world.look(www)
        assert isinstance(seen, Unknown)
        assert "to wait" in seen.reason
    assert len(api.heard) == 1
    with pytest.raises(Unreachable):
        await world.apply(*KIND.commands(www, Absent(), {}))
    assert len(api.heard) == 1


async def test_an_update_goes_to_what_was_seen_only(api: Api, world: World) -> None:
    read = {"path": "/records/1"}
    update = {"path": "/records/{seen.id}", "headers": {"If-Match": "{etag}"}}
    www = world.of(record(read=read, update=update))
    api.add(name="www", ttl=60)
    planned = await world.plan(www)
    api.edit("1", ttl=90)
    with pytest.raises(Stale, match="somebody else has changed it"):
        await world.apply(*planned)
    assert api.named("www")[0]["ttl"] == 90
    await world.bring(www)


async def test_a_version_in_the_body_does_the_same(api: Api, world: World) -> None:
    update = {"method": "PATCH", "path": "/records/{seen.id}", "also": {"version": "{seen.version}"}}
    www = world.of(record(update=update))
    api.add(name="www", ttl=60, values=[])
    planned = await world.plan(www)
    api.edit("1", ttl=90)
    with pytest.raises(Stale, match="the version is 2, not 1"):
        await world.apply(*planned)
    await world.bring(www)
    assert api.named("www")[0]["ttl"] == 300


async def test_what_the_api_refuses_is_told_in_its_own_words(api: Api, world: World) -> None:
    www = world.of(record(body={"name": "www", "ttl": 5}))
    api.add(name="www", ttl=300)
    with pytest.raises(Refused, match="dns cannot update httpResource:www: HTTP 422: ttl has to be at least 60"):
        await world.apply(*await world.plan(www))


async def test_a_second_request_that_fails_leaves_it_half_way(api: Api, world: World) -> None:
    www = world.of(record())
    other = world.of(record(name="api", read={**record()["read"], "match": "item.name == 'api'"}, body={"name": "api"}))
    api.faults.append(Fault(status=400, method="PUT"))
    api.add(name="api", ttl=1)
    changes = (*KIND.commands(www, Absent(), {}), *KIND.commands(other, await world.seen(other), {}))
    with pytest.raises(Halfway, match=r"what came before it \(1 of 2\) was done"):
        await world.apply(*changes)


async def test_what_cannot_be_changed_is_deleted_and_made_anew(api: Api, world: World) -> None:
    api.add(name="www", ttl=300, values=["192.0.2.1", "192.0.2.2"], type="A")
    www = world.of(record(body={**record()["body"], "type": "AAAA"}, immutable=["$.type"]))
    found = await world.differs(www)
    assert found is not None
    assert (found.action, found.loses) == (Action.REPLACE, ("www on dns",))
    await world.bring(www)
    assert api.methods() == ["DELETE /v1/records/1", "POST /v1/records"]
    other = world.of({key: value for key, value in record(body={"name": "www", "ttl": 90}).items() if key != "update"})
    await world.bring(other)
    assert api.methods()[2:] == ["DELETE /v1/records/2", "POST /v1/records"]


async def test_the_order_of_a_list_may_mean_nothing(api: Api, world: World) -> None:
    api.add(name="www", ttl=300, values=["192.0.2.2", "192.0.2.1"])
    assert await world.plan(world.of(record()))
    assert await world.plan(world.of(record(unordered=["$.values"]))) == ()
    api.edit("1", values=["192.0.2.2", "192.0.2.1", "192.0.2.3"])
    assert await world.plan(world.of(record(unordered=["$.values"])))


async def test_what_is_ignored_stays_as_it_is_when_the_rest_is_changed(api: Api, world: World) -> None:
    from reconciler.policy.ignoring import settled

    api.add(name="www", ttl=90, values=[])
    www = world.of(record(), ignore=("body.ttl",))
    seen = await world.seen(www)
    wanted = settled(www, seen)
    await world.apply(*KIND.commands(wanted, seen, {}))
    assert [(each["ttl"], each["values"]) for each in api.named("www")] == [(90, ["192.0.2.1", "192.0.2.2"])]


async def test_a_body_may_have_the_thing_in_it(api: Api, world: World) -> None:
    put = {"method": "PUT", "path": "/flags/dark-mode", "body": {"flag": "{body}", "overwrite": True}}
    read = {"path": "/flags/dark-mode", "object": "$.flag"}
    flag = world.of(
        {"name": "dark-mode", "read": read, "create": put, "update": put, "delete": {"path": "/flags/dark-mode"}}
        | {"body": {"on": True, "share": 10}}
    )
    await world.bring(flag)
    assert api.records["dark-mode"]["flag"] == {"on": True, "share": 10}
    api.edit("dark-mode", flag={"on": False, "share": 10, "by": "hand"})
    await world.bring(flag)
    assert api.records["dark-mode"]["flag"]["on"] is True


async def test_what_an_api_says_leads_no_request_elsewhere(api: Api, world: World) -> None:
    www = world.of(record(read={"path": "/records/1"}))
    api.add(name="www", ttl=60)
    api.records["1"]["id"] = "../../admin?x=/#y"
    (planned,) = await world.plan(www)
    assert planned.path == "/records/..%2F..%2Fadmin%3Fx%3D%2F%23y"  # type: ignore[union-attr]
    for odd in ("..", "", None, ["1"], marker("token")):
        api.edit("1", id=odd)
        seen = await world.look(www)
        assert isinstance(seen, Unknown)
        assert "its id, which" in seen.reason


async def test_it_does_well_when_its_rule_says_so(api: Api, world: World) -> None:
    world.of(record(healthy="object.state == 'active'", failed="object.state == 'failed'"))
    check = world.check
    assert (await world.health(check)).detail == "it is not there"
    api.add(name="www", state="pending")
    answers = []
    for state in ("pending", "failed", "active"):
        api.edit("1", state=state)
        answer = await world.health(check)
        answers.append((answer.healthy, answer.pending))
    assert answers == [(False, True), (False, False), (True, False)]
    api.remove("1")
    api.add(name="www")
    assert "cannot be told" in (await world.health(check)).detail


async def test_what_is_shown_beside_is_no_difference(api: Api, world: World) -> None:
    www = world.of(record(status={"owner": "$.owner.name", "none": "$.none"}))
    api.add(name="www", ttl=300, values=["192.0.2.1", "192.0.2.2"], owner={"name": "ops"})
    seen = await world.seen(www)
    assert isinstance(seen, Present)
    assert seen.status == {"owner": "ops", "id": 1}


async def test_what_is_under_way_goes_on_when_the_document_of_the_api_changes(api: Api, world: World) -> None:
    api.add(name="www", ttl=300, values=["192.0.2.1", "192.0.2.2"])
    read = record()["read"]
    several = [world.of(record(name=f"www-{each}", read={**read, "query": {"try": str(each)}})) for each in range(40)]
    under_way = asyncio.create_task(world.targets.survey(world.target, several))
    api.faults += [Fault(slow=0.02, done=True) for _ in range(40)]
    newer = replace(world.target, per_second=999)
    while not under_way.done():
        survey = await world.targets.survey(newer, several[:1])
        assert isinstance(survey.of(several[0].id), Present)
    survey = await under_way
    assert [each for each in survey.observations.values() if not isinstance(each, Present)] == []
