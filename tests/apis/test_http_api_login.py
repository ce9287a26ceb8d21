"""Who we are to an API, whom we believe, how fast we ask, and that nobody else hears of it."""

import asyncio
import ssl
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from reconciler.model.resource import Absent, Observation, Present, Unknown
from reconciler.model.target import ApiTls, Basic, Bearer, ClientCredentials
from reconciler.ports.errors import Broken, Refused
from reconciler.providers.http_api.pace import Pace, retry_after
from tests import factory
from tests.apis.http_server import Api, Fault, serving
from tests.apis.http_world import World, record
from tests.providers import tls
from tests.providers.tls import Authority
from tests.sim.clock import SimClock


async def seen_by(world: World) -> Observation:
    try:
        return await world.look(world.of(record()))
    finally:
        await world.close()


async def test_a_token_goes_into_its_header(api: Api) -> None:
    api.allowed = {"Bearer t0p-s3cret"}
    assert await seen_by(World(api, auth=Bearer(token="dns/token"))) == Absent()
    await seen_by(World(api, auth=Bearer(token="dns/token", header="X-Api-Key", prefix="")))
    assert api.heard[-1].headers["x-api-key"] == "t0p-s3cret"


async def test_a_user_and_a_password_are_basic(api: Api) -> None:
    api.allowed = {"Basic b3BzOnQwcC1zM2NyZXQ="}
    assert await seen_by(World(api, auth=Basic(user="ops", password="dns/token"))) == Absent()


async def test_who_is_not_let_in_is_told_without_the_token(api: Api) -> None:
    api.faults.append(Fault(status=401, body=b'{"message": "t0p-s3cret has run out"}'))
    seen = await seen_by(World(api, auth=Bearer(token="dns/token")))
    assert isinstance(seen, Unknown)
    assert seen.reason == "dns does not let us read /records: HTTP 401: (secret) has run out"
    missing = await seen_by(World(api, auth=Bearer(token="dns/none")))
    assert isinstance(missing, Unknown)
    assert "cannot log in to dns" in missing.reason


def oauth(api: Api, **more: str) -> ClientCredentials:
    url = api.url.removesuffix("/v1") + "/token"
    return ClientCredentials(token_url=url, client="reconciler", secret=more.get("secret", "dns/client"), scopes=("a",))


async def test_a_token_is_fetched_kept_and_fetched_again_before_it_runs_out(api: Api) -> None:
    api.add(name="www", ttl=300)
    api.allowed = {"nobody yet"}
    clock = SimClock(factory.NOW)
    world = World(api, clock, auth=oauth(api))
    www = world.of(record())
    for _ in range(3):
        assert isinstance(await world.look(www), Present)
    assert api.tokens == 1
    clock.jump(factory.NOW + timedelta(seconds=3541))
    assert isinstance(await world.look(www), Present)
    assert api.tokens == 2
    api.allowed = {"that one was taken back"}
    assert isinstance(await world.look(www), Present)
    assert api.tokens == 3
    await world.close()


async def test_who_gets_no_token_is_told_without_the_secret(api: Api) -> None:
    seen = await seen_by(World(api, auth=oauth(api, secret="dns/token")))
    assert isinstance(seen, Unknown)
    assert "no token for dns" in seen.reason
    assert "reconciler may not, with (secret)" in seen.reason


async def test_many_at_once_fetch_one_token(api: Api) -> None:
    api.allowed = {"nobody yet"}
    world = World(api, auth=oauth(api))
    several = [world.of(record(name=f"r{n}", read={"path": f"/records/{n}"})) for n in range(6)]
    survey = await world.targets.survey(world.target, several)
    assert set(survey.observations.values()) == {Absent()}
    assert api.tokens == 1
    await world.close()


@pytest.mark.parametrize("how", ["redirect", "link"])
async def test_an_api_that_leads_elsewhere_is_not_followed(api: Api, how: str) -> None:
    other = Api()
    with serving(other):
        if how == "redirect":
            api.faults.append(Fault(status=302, headers={"Location": f"{other.url}/records"}))
        else:
            api.faults.append(Fault(status=200, body=b'{"records": [{"name": "a"}]}', headers=link(other)))
        seen = await seen_by(World(api, auth=Bearer(token="dns/token")))
    assert isinstance(seen, Unknown)
    assert "leads to another host" in seen.reason
    assert other.heard == []


def link(other: Api) -> dict[str, str]:
    return {"Link": f'<{other.url}/records?page=2>; rel="next"'}


async def test_a_redirect_on_the_same_host_is_followed_when_reading_only(api: Api) -> None:
    api.add(name="www", ttl=1)
    api.faults.append(Fault(status=307, headers={"Location": "/v1/records?moved=1"}))
    world = World(api)
    www = world.of(record())
    planned = await world.plan(www)
    assert str(api.heard[1]) == "GET /v1/records?moved=1"
    api.faults.append(Fault(status=307, headers={"Location": "/v1/elsewhere"}, method="PUT"))
    with pytest.raises(Refused, match="which leads elsewhere"):
        await world.apply(*planned)
    await world.close()


async def test_what_has_not_changed_is_not_sent_again(api: Api) -> None:
    api.add(name="www", ttl=1)
    world = World(api)
    www = world.of(record(read={"path": "/records/1"}))
    first, again = await world.look(www), await world.look(www)
    assert first == again
    assert [each.headers.get("if-none-match") for each in api.heard] == [None, '"v1"']
    api.edit("1", ttl=2)
    assert await world.look(www) != first
    await world.close()


async def test_both_sides_show_a_certificate(tmp_path: Path) -> None:
    ours = Authority.make()
    certificate, key = (each.decode() for each in ours.issue("reconciler"))
    context = tls.serving(tmp_path, *ours.issue("127.0.0.1"))
    context.load_verify_locations(cadata=ours.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    api = Api()
    with serving(api, context):
        trusted = ApiTls(ca=ours.pem, certificate=certificate, key="dns/key")
        world = World(api, tls=trusted)
        world.values["dns/key"] = key
        assert await seen_by(world) == Absent()
        assert isinstance(await seen_by(World(api, tls=ApiTls(ca=ours.pem))), Unknown)
        strangers = await seen_by(World(api))
        assert isinstance(strangers, Unknown)
        assert "certificate" in strangers.reason.lower()
        wrong = World(api, tls=trusted)
        wrong.values["dns/key"] = "no key"
        denied = await seen_by(wrong)
        assert isinstance(denied, Unknown)
        assert "the secret dns/key" in denied.reason


async def test_requests_come_no_faster_than_is_said() -> None:
    clock = SimClock(factory.NOW)
    pace = Pace("dns", 5, clock)
    async with clock.ticking():
        for _ in range(5):
            await pace.turn()
        assert clock.now() == factory.NOW
        for _ in range(10):
            await pace.turn()
        assert clock.now() - factory.NOW == timedelta(seconds=2)
        clock.jump(clock.now() + timedelta(minutes=1))
        before = clock.now()
        for _ in range(6):
            await pace.turn()
        assert clock.now() - before == timedelta(milliseconds=200)


async def test_while_an_api_rests_everybody_waits() -> None:
    clock = SimClock(factory.NOW)
    pace = Pace("dns", 5, clock)
    pace.rest(timedelta(seconds=7))
    async with clock.ticking():
        await asyncio.gather(pace.turn(), pace.turn())
    assert clock.now() - factory.NOW == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        (" 120 ", 120),
        ("soon", None),
        ("-1", None),
        ("99999999999999999999", None),
        (format_datetime(factory.NOW + timedelta(seconds=9), usegmt=True), 9),
        (format_datetime(factory.NOW - timedelta(days=9), usegmt=True), 0),
    ],
)
def test_how_long_to_wait_is_read(header: str | None, seconds: int | None) -> None:
    found = retry_after(header, factory.NOW)
    assert found == (None if seconds is None else timedelta(seconds=seconds))


async def test_an_api_that_leads_to_no_url_is_told_so(api: Api) -> None:
    world = World(api)
    www = world.of(record())
    operations = await world.plan(www)
    api.faults.append(Fault(status=307, headers={"Location": "http://[nowhere"}, method="GET"))
    with pytest.raises(Broken, match="leads to what is no URL"):
        await world.apply(*operations)
    await world.close()
