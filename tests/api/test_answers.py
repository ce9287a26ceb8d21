"""What every answer is like: tags, pages, problems, and what is done once."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import httpx
import pytest
from starlette.types import Message

from reconciler.api.app import app
from reconciler.api.door import Limits
from reconciler.model.event import Paused
from reconciler.ports.identities import PASSED_ON
from tests.api.world import BANK, INSIDE, SHOP, World, client

PROBLEM = "application/problem+json"


def _problem(answer: httpx.Response) -> dict[str, object]:
    assert answer.headers["content-type"] == PROBLEM
    told: dict[str, object] = answer.json()
    assert told["status"] == answer.status_code
    assert told["type"] == "about:blank"
    assert told["instance"] == answer.headers["x-request-id"]
    assert told["detail"]
    return told


async def test_an_answer_that_the_caller_has_is_not_sent_again(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        first = await owner.get(f"/v1/units/{SHOP}")
        tag = first.headers["etag"]
        again = await owner.get(f"/v1/units/{SHOP}", headers={"If-None-Match": f'"other", W/{tag}'})
        other = await owner.get(f"/v1/units/{SHOP}", headers={"If-None-Match": '"other"'})
        await owner.post(f"/v1/units/{SHOP}/pause", json={"reason": "a fire"})
        changed = await owner.get(f"/v1/units/{SHOP}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert other.status_code == HTTPStatus.OK
    assert changed.status_code == HTTPStatus.OK


async def test_what_was_decided_is_seen_by_the_next_who_asks(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        assert (await owner.get(f"/v1/units/{SHOP}")).json()["summary"]["paused"] is None
        said = await owner.post(f"/v1/units/{SHOP}/pause", json={"reason": "a fire"})
        after = (await owner.get("/v1/units")).json()["units"]
    assert said.json()["said"].startswith("Paused shop@production.")
    assert said.json()["poll"] == f"/v1/units/{SHOP}"
    assert {each["unit"]: each["paused"] for each in after} == {
        str(BANK): None,
        str(SHOP): {"author": "owner", "reason": "a fire"},
    }
    assert world.woken == 1


async def test_pages_follow_each_other_until_the_last(world: World) -> None:
    seen: list[str] = []
    async with client(world.app(), "owner") as owner:
        query = {"limit": "1"}
        while True:
            page = (await owner.get("/v1/units", params=query)).json()
            seen += [each["unit"] for each in page["units"]]
            if page["next"] is None:
                break
            query["cursor"] = page["next"]
        bad = await owner.get("/v1/units", params={"cursor": "%%%"})
    assert seen == [str(BANK), str(SHOP)]
    assert "take `next` of the page before" in str(_problem(bad)["detail"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"app": "shop"}, [str(SHOP)]),
        ({"environment": "production"}, [str(BANK), str(SHOP)]),
        ({"environment": "staging"}, []),
        ({"state": "rolling out", "app": "bank"}, [str(BANK)]),
        ({"state": "holding"}, []),
    ],
)
async def test_units_are_found_by_what_they_are(world: World, query: dict[str, str], found: list[str]) -> None:
    async with client(world.app(), "owner") as owner:
        assert [each["unit"] for each in (await owner.get("/v1/units", params=query)).json()["units"]] == found


_WRONG = {
    "a path that is none": ("GET", "/v1/nothing", None, 404),
    "a method that is not for it": ("PUT", "/v1/units", None, 405),
    "a unit that is none": ("GET", "/v1/units/shop", None, 404),
    "a query that is none": ("GET", "/v1/units?limit=lots", None, 422),
    "a query that nobody knows": ("GET", "/v1/units?colour=red", None, 422),
    "no JSON": ("POST", f"/v1/units/{SHOP}/pause", b"{", 422),
    "a field too few": ("POST", f"/v1/units/{SHOP}/pause", b"{}", 422),
    "a field too many": ("POST", f"/v1/units/{SHOP}/pause", b'{"reason": "x", "colour": 1}', 422),
    "half of a character": ("POST", f"/v1/units/{SHOP}/pause", b'{"reason": "\\ud800"}', 422),
    "text that rings": ("POST", f"/v1/units/{SHOP}/pause", b'{"reason": "\\u0007"}', 422),
    "a duration that is none": ("POST", f"/v1/units/{SHOP}/lock", b'{"reason": "x", "duration": "soon"}', 422),
    "a gate that is none": ("POST", f"/v1/units/{SHOP}/waive", b'{"reason": "x", "gates": ["luck"]}', 422),
    "what cannot be now": ("POST", f"/v1/units/{SHOP}/resume", None, 409),
    "a rollout that is none": ("GET", "/v1/rollouts/none", None, 404),
    "a revision that is none": ("GET", "/v1/plan?revision=--upload-pack=x", None, 422),
    "a revision that Git has not": ("GET", "/v1/plan?revision=gone", None, 503),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), _WRONG.values(), ids=list(_WRONG))
async def test_what_goes_wrong_is_told_as_a_problem(
    world: World, method: str, path: str, body: bytes | None, status: int
) -> None:
    async with client(world.app(), "owner") as owner:
        answer = await owner.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    _problem(answer)
    assert world.troubles == []


async def test_a_mistake_in_a_body_is_told_by_its_place_and_never_sent_back(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        answer = await owner.post(f"/v1/units/{SHOP}/approve", json={"code": ["123456"], "plan": 7})
    assert "123456" not in answer.text
    assert [each["where"] for each in answer.json()["errors"]] == ["body.plan", "body.code"]


async def test_a_bug_is_told_by_an_id_that_is_also_in_the_log_and_nothing_else(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        answer = await owner.get("/v1/plan?revision=bug")
    told = _problem(answer)
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert INSIDE not in answer.text
    assert [(name, str(error)) for name, error in world.troubles] == [(told["instance"], INSIDE)]


async def test_a_journal_that_cannot_be_read_is_told_and_asked_again_later(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        world.damaged = "cannot use the journal: the disk is full; make room"
        answer = await owner.get("/v1/units")
        ready = await owner.get("/readyz")
        world.damaged = None
        after = await owner.get("/v1/units")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert _problem(answer)["detail"] == "cannot use the journal: the disk is full; make room"
    assert answer.headers["retry-after"] == "5"
    assert (ready.status_code, ready.json()["details"]["journal"]) == (503, "cannot be read")
    assert after.status_code == HTTPStatus.OK


async def test_we_are_not_ready_while_the_loop_is_silent(world: World) -> None:
    made = world.app()
    async with client(made) as anybody:
        assert (await anybody.get("/readyz")).json()["ready"] is True
        world.dead = "nothing was heard of the loop since 12:00:00Z"
        answer = await anybody.get("/readyz")
        assert (await anybody.get("/healthz")).status_code == HTTPStatus.OK
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json()["details"]["loop"] == world.dead


async def test_the_same_request_sent_twice_is_done_once(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        key = {"Idempotency-Key": "build-17"}
        path = f"/v1/units/{SHOP}/pause"
        both = await asyncio.gather(*(owner.post(path, json={"reason": "a fire"}, headers=key) for _ in range(2)))
        other = await owner.post(path, json={"reason": "another"}, headers=key)
        elsewhere = await owner.post(f"/v1/units/{BANK}/pause", json={"reason": "a fire"}, headers=key)
    assert [each.status_code for each in both] == [HTTPStatus.OK] * 2
    assert both[0].content == both[1].content
    assert sorted(each.headers.get("idempotency-replayed", "") for each in both) == ["", "true"]
    assert (other.status_code, elsewhere.status_code) == (422, 422)
    assert await _pauses(world) == ["a fire"]


async def test_a_request_that_failed_may_be_sent_again_with_its_key(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        key = {"Idempotency-Key": "build-17"}
        resume = f"/v1/units/{SHOP}/resume"
        assert (await owner.post(resume, headers=key)).status_code == HTTPStatus.CONFLICT
        await owner.post(f"/v1/units/{SHOP}/pause", json={"reason": "a fire"})
        assert (await owner.post(resume, headers=key)).status_code == HTTPStatus.OK


async def test_one_callers_key_is_not_anothers(world: World) -> None:
    made = world.app()
    key = {"Idempotency-Key": "1"}
    async with client(made, "owner") as owner, client(made, "all-admin") as admin:
        assert (await owner.post("/v1/pause", json={"reason": "a"}, headers=key)).status_code == HTTPStatus.OK
        assert (await admin.post("/v1/resume", json={}, headers=key)).status_code == HTTPStatus.OK


async def test_a_token_is_shown_once_also_to_who_asks_again_with_the_same_key(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        key = {"Idempotency-Key": "1"}
        wanted = {"name": "ci", "duration": "90d", "scope": {"actions": ["sync"], "match": {"units": ["shop@*"]}}}
        first = await owner.post("/v1/tokens", json=wanted, headers=key)
        again = await owner.post("/v1/tokens", json=wanted, headers=key)
        listed = await owner.get("/v1/tokens")
        events = await owner.get("/v1/events")
    assert first.json()["secret"].startswith("rcl_")
    assert again.status_code == HTTPStatus.CONFLICT
    (token,) = listed.json()["tokens"]
    assert (token["name"], token["actions"], token["units"]) == ("ci", ["sync"], ["shop@*"])
    for told in (again, listed, events):
        assert first.json()["secret"] not in told.text
        assert 'digest":"sha256' not in told.text.replace(" ", "") or told is events
    issued = next(each["event"] for each in events.json()["events"] if each["event"]["event"] == "token_issued")
    assert "digest" not in issued


async def test_who_asks_too_often_waits_and_others_do_not(world: World) -> None:
    made = world.app(Limits(requests=0.001, burst=2))
    async with client(made, "owner") as owner, client(made, "viewer") as viewer:
        told = [await owner.get("/v1/commits") for _ in range(3)]
        other = await viewer.get("/v1/commits")
    assert [each.status_code for each in told] == [200, 200, 429]
    assert _problem(told[2])
    assert 0 < int(told[2].headers["retry-after"]) <= 1000
    assert other.status_code == HTTPStatus.OK


async def test_who_guesses_tokens_is_slowed_down_by_address(world: World) -> None:
    made = world.app(Limits(requests=0.001, burst=2))
    async with client(made) as stranger, client(made, address="192.0.2.8") as other:
        told = [(await stranger.get("/v1/units")).status_code for _ in range(3)]
        assert [*told, (await other.get("/v1/units")).status_code] == [401, 401, 429, 401]


@pytest.mark.parametrize("chunked", [False, True], ids=["with its length", "in chunks"])
async def test_a_body_that_is_too_large_is_not_taken(world: World, chunked: bool) -> None:
    large = json.dumps({"reason": "x" * 5000}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for begin in range(0, len(large), 1000):
            yield large[begin : begin + 1000]

    async with client(world.app(Limits(body=2048)), "owner") as owner:
        content = chunks() if chunked else large
        headers = {"Content-Type": "application/json"}
        answer = await owner.post("/v1/pause", content=content, headers=headers)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    _problem(answer)
    assert await _pauses(world) == []


async def test_a_body_of_another_sort_is_not_taken(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        answer = await owner.post("/v1/pause", content=b"reason=x", headers={"Content-Type": "text/plain"})
    assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    _problem(answer)


async def test_a_body_has_one_time_for_all_of_it_however_slowly_its_bytes_come(world: World) -> None:
    loop = asyncio.get_running_loop()

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(300):
            drop = loop.create_future()
            loop.call_later(0.005, drop.set_result, b" ")
            yield await drop

    async with client(world.app(Limits(body_within=timedelta(milliseconds=500))), "owner") as owner:
        headers = {"Content-Type": "application/json"}
        answer = await owner.post("/v1/pause", content=drops(), headers=headers)
    assert answer.status_code == HTTPStatus.REQUEST_TIMEOUT
    _problem(answer)


@pytest.mark.parametrize("path", ["/v1/values/decide", "/v1/pause"])
async def test_who_leaves_before_all_was_sent_is_not_answered_and_no_bug(world: World, path: str) -> None:
    parts = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])
    sent: list[Message] = []

    async def receive() -> Message:
        return next(parts)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer owner"), (b"content-type", b"application/json"), (b"content-length", b"9")]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": path, "headers": headers}
    await world.app()({**scope, "scheme": "http", "query_string": b"", "client": ("192.0.2.7", 1)}, receive, send)
    assert world.troubles == []
    assert [each["status"] for each in sent if "status" in each] in ([], [HTTPStatus.BAD_REQUEST])


async def test_every_answer_says_what_browsers_may_not_do_with_it(world: World) -> None:
    async with client(world.app(), "owner") as owner:
        answers = [await owner.get("/v1/units"), await owner.get("/v1/nothing"), await owner.get("/healthz")]
        preflight = await owner.options("/v1/units", headers={"Origin": "https://evil.example"})
    for each in (*answers, preflight):
        assert each.headers["x-content-type-options"] == "nosniff"
        assert each.headers["content-security-policy"].startswith("default-src 'none'")
        assert not [name for name in each.headers if name.startswith("access-control")]
    assert preflight.status_code == HTTPStatus.METHOD_NOT_ALLOWED


async def test_figures_are_in_the_form_that_prometheus_reads(world: World) -> None:
    made = world.app()
    async with client(made, address="127.0.0.1") as local, client(made, "viewer") as viewer:
        await local.get("/v1/units")
        answer = await local.get("/metrics")
        assert (await viewer.get("/metrics")).status_code == HTTPStatus.FORBIDDEN
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'reconciler_units{environment="production",state="rolling out"} 2.0' in lines
    assert 'reconciler_rollouts_active{environment="production",state="pending"} 2.0' in lines
    assert 'http_server_request_duration_seconds_count{method="GET",route="other",status="401"} 1.0' in lines
    assert "reconciler_loop_alive 1.0" in lines
    assert answer.text.endswith("\n")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Proxy-Secret"])
async def test_what_a_proxy_on_this_machine_passes_on_is_not_of_this_machine(world: World, header: str) -> None:
    made = app(replace(world.door(), passed_on=PASSED_ON | {"x-proxy-secret"}))
    async with client(made, address="127.0.0.1") as local:
        assert (await local.get("/metrics")).status_code == HTTPStatus.OK
        assert (await local.get("/metrics", headers={header: "x"})).status_code == HTTPStatus.UNAUTHORIZED


async def _pauses(world: World) -> list[str]:
    entries = await world.store.history.since(0)
    return [each.event.reason for each in entries if isinstance(each.event, Paused)]
