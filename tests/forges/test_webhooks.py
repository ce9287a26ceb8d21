"""A delivery is heard when it is signed as its forge documents it, once, and it only ever rings."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api.app import app
from reconciler.api.webhooks import LARGEST, webhooks
from reconciler.daemon.forge_settings import WebhookSettings
from reconciler.daemon.webhooks import Webhooks
from reconciler.model.forge import ForgeKind, HookEvent
from reconciler.providers.hooks_in import Delivery, NotSigned, Unreadable, heard
from tests import factory
from tests.api import world as api
from tests.forges import deliveries
from tests.forges.deliveries import PUSHES, REQUESTS, SECRET, Headers
from tests.providers.secret_values import SecretValues
from tests.sim.clock import SimClock

NAMES = {"gitlab signed": "signed"}


@dataclass
class Door:
    """A server with a webhook of each forge, and what they rang."""

    client: httpx.AsyncClient
    rung: list[str] = field(default_factory=list)

    async def send(self, kind: ForgeKind, data: bytes, headers: Headers, name: str = "") -> int:
        path = f"/hooks/{kind}/{name or kind}"
        return (await self.client.post(path, content=data, headers=headers)).status_code


@asynccontextmanager
async def opened() -> AsyncIterator[Door]:
    hooks = {str(kind): WebhookSettings(kind=kind, secret="hooks/one") for kind in ForgeKind}
    hooks |= {"signed": WebhookSettings(kind=ForgeKind.GITLAB, secret="hooks/signing"), "": hooks["github"]}
    hooks |= {"lost": WebhookSettings(kind=ForgeKind.GITHUB, secret="hooks/nowhere")}
    secrets = SecretValues({"hooks/one": SECRET, "hooks/signing": deliveries.SIGNING})
    rung: list[str] = []
    parts = Webhooks(
        hooks, "main", secrets, SimClock(factory.NOW), lambda: rung.append("git"), lambda: rung.append("requests")
    )
    bare = FastAPI()
    bare.include_router(webhooks(parts))
    # What a server would answer with 500 is raised here, and fails the test.
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=bare), base_url="http://door") as client:
        yield Door(client, rung)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened() as made:
        yield made


@pytest.mark.parametrize("name", PUSHES)
async def test_a_push_to_our_branch_has_git_asked(name: str, door: Door) -> None:
    kind, event, payload, sign = PUSHES[name]
    data = deliveries.body(payload)
    assert await door.send(kind, data, sign(event, data, "d-1"), NAMES.get(name, "")) == 202
    assert door.rung == ["git"]


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_pull_request_has_pull_requests_looked_at(name: str, door: Door) -> None:
    kind, event, payload, sign = REQUESTS[name]
    data = deliveries.body(payload)
    assert await door.send(kind, data, sign(event, data, "d-1")) == 202
    assert door.rung == ["requests"]


@pytest.mark.parametrize("name", PUSHES)
async def test_a_push_to_another_branch_rings_nothing(name: str, door: Door) -> None:
    kind, event, payload, sign = PUSHES[name]
    data = deliveries.body(payload).replace(b"refs/heads/main", b"refs/heads/other").replace(b'"main"', b'"other"')
    assert await door.send(kind, data, sign(event, data, "d-1"), NAMES.get(name, "")) == 204
    assert door.rung == []


@pytest.mark.parametrize("name", PUSHES)
async def test_what_is_nothing_to_us_is_taken_and_left(name: str, door: Door) -> None:
    kind, _, _, sign = PUSHES[name]
    data = b'{"zen": "Keep it logically awesome.", "hook_id": 1}'
    assert await door.send(kind, data, sign("ping", data, "d-1"), NAMES.get(name, "")) == 204
    assert door.rung == []


@pytest.mark.parametrize("name", PUSHES)
async def test_a_changed_body_is_nobodys(name: str, door: Door) -> None:
    kind, event, payload, sign = PUSHES[name]
    data = deliveries.body(payload)
    headers = sign(event, data, "d-1")
    if "x-gitlab-token" in headers:
        headers["x-gitlab-token"] = SECRET[:-1]
    assert await door.send(kind, data + b" ", headers, NAMES.get(name, "")) == 401
    assert door.rung == []


@pytest.mark.parametrize("name", PUSHES)
@pytest.mark.parametrize("twist", ["same", "other id"])
async def test_what_came_before_is_refused_also_under_another_id(name: str, twist: str, door: Door) -> None:
    kind, event, payload, sign = PUSHES[name]
    data = deliveries.body(payload)
    first = sign(event, data, "d-1")
    # Whoever caught a delivery has no secret: they can only change what is not signed.
    again = {key: "d-2" if value == "d-1" and twist == "other id" else value for key, value in first.items()}
    assert await door.send(kind, data, first, NAMES.get(name, "")) == 202
    expected = 401 if name == "gitlab signed" and twist == "other id" else 409
    assert await door.send(kind, data, again, NAMES.get(name, "")) == expected
    assert door.rung == ["git"]


@pytest.mark.parametrize(
    ("kind", "name", "status"),
    [("github", "gitlab", 404), ("github", "nobody", 404), ("github", "lost", 401), ("svn", "github", 422)],
)
async def test_a_webhook_that_is_not_there_or_has_no_secret_hears_nothing(
    kind: str, name: str, status: int, door: Door
) -> None:
    data = deliveries.body("github-push")
    answer = await door.client.post(f"/hooks/{kind}/{name}", content=data, headers=deliveries.github("push", data))
    assert answer.status_code == status
    assert SECRET not in answer.text
    assert door.rung == []


async def test_behind_the_gate_of_the_api_a_signature_is_all_that_is_asked_for(tmp_path: Path) -> None:
    rung: list[str] = []
    hooks = {"": WebhookSettings(kind=ForgeKind.GITHUB, secret="hooks/one")}
    parts = Webhooks(
        hooks,
        "main",
        SecretValues({"hooks/one": SECRET}),
        SimClock(factory.NOW),
        lambda: rung.append("git"),
        rung.clear,
    )
    await api.prepared(tmp_path)
    async with api.opened(tmp_path) as world:
        application = app(world.door(), [webhooks(parts)])
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            data = deliveries.body("github-push")
            heard_it = await client.post("/hooks/github", content=data, headers=deliveries.github("push", data))
            again = await client.post("/hooks/github", content=data, headers=deliveries.github("push", data))
            stranger = await client.post("/hooks/github", content=b"{}", headers={"Authorization": "Bearer owner"})
            document = (await client.get("/openapi.json")).json()
    assert (heard_it.status_code, heard_it.content, rung) == (202, b"", ["git"])
    assert again.status_code == 409
    assert stranger.status_code == 401
    assert stranger.headers["content-type"] == "application/problem+json"
    assert "not signed with the secret" in stranger.json()["detail"]
    assert {"202", "204", "401", "409", "413"} <= set(document["paths"]["/hooks/{forge}"]["post"]["responses"])


async def test_the_webhook_of_the_forge_has_no_name(door: Door) -> None:
    data = deliveries.body("github-push")
    answer = await door.client.post("/hooks/github", content=data, headers=deliveries.github("push", data))
    assert (answer.status_code, door.rung) == (202, ["git"])


async def test_a_form_with_the_payload_is_read_too(door: Door) -> None:
    data = urlencode({"payload": deliveries.body("github-push").decode()}).encode()
    headers = {**deliveries.github("push", data), "content-type": "application/x-www-form-urlencoded"}
    assert await door.send(ForgeKind.GITHUB, data, headers) == 202


async def test_a_delivery_that_is_too_large_is_not_read_to_its_end(door: Door) -> None:
    data = b" " * (LARGEST + 1)
    assert await door.send(ForgeKind.GITHUB, data, deliveries.github("push", data)) == 413


async def test_of_what_is_for_no_webhook_not_a_byte_is_read(door: Door) -> None:
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b"x")
        yield b"x"

    answer = await door.client.post("/hooks/github/nobody", content=body())
    assert (answer.status_code, read) == (404, [])


async def test_a_delivery_that_comes_byte_by_byte_is_heard_whole(door: Door) -> None:
    data = deliveries.body("github-push")

    async def body() -> AsyncIterator[bytes]:
        for each in data:
            yield bytes([each])

    answer = await door.client.post("/hooks/github", content=body(), headers=deliveries.github("push", data))
    assert (answer.status_code, door.rung) == (202, ["git"])


async def test_a_signed_delivery_that_makes_no_sense_is_told_so(door: Door) -> None:
    for data in (b"", b"[]", b"\xff", b"[" * 100_000, b'{"ref": 1e999999}'):
        status = await door.send(ForgeKind.GITHUB, data, deliveries.github("push", data, str(len(data))))
        assert status in (204, 400), data[:20]
    assert door.rung == []


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_with_a_time_of_its_own_is_good_for_five_minutes(seconds: int) -> None:
    data = deliveries.body("gitlab-push")
    delivery = Delivery(deliveries.gitlab_signed("Push Hook", data), data)
    near = factory.NOW + timedelta(seconds=seconds - (1 if seconds > 0 else -1))
    assert heard(ForgeKind.GITLAB, delivery, deliveries.SIGNING, near).event is HookEvent.PUSH
    with pytest.raises(NotSigned, match="5 minutes"):
        heard(ForgeKind.GITLAB, delivery, deliveries.SIGNING, factory.NOW + timedelta(seconds=seconds))


def test_an_old_signature_of_github_is_not_enough() -> None:
    data = deliveries.body("github-push")
    headers = deliveries.github("push", data)
    del headers["x-hub-signature-256"]
    with pytest.raises(NotSigned, match="x-hub-signature-256 is missing"):
        heard(ForgeKind.GITHUB, Delivery(headers, data), SECRET, factory.NOW)


def test_a_bad_signature_of_forgejo_is_not_saved_by_that_of_gitea() -> None:
    data = deliveries.body("gitea-push")
    headers = {**deliveries.forgejo("push", data), "x-forgejo-signature": "0" * 64}
    with pytest.raises(NotSigned):
        heard(ForgeKind.GITEA, Delivery(headers, data), SECRET, factory.NOW)


@pytest.mark.parametrize("kind", ForgeKind)
def test_without_a_secret_nothing_is_believed(kind: ForgeKind) -> None:
    with pytest.raises(NotSigned):
        heard(kind, Delivery({"x-gitlab-token": ""}, b"{}"), "", factory.NOW)


def test_a_delivery_shows_nothing_of_itself() -> None:
    assert SECRET not in repr(Delivery({"x-gitlab-token": SECRET}, b"x"))


HEADER = st.sampled_from(
    sorted({name for _, event, payload, sign in PUSHES.values() for name in sign(event, deliveries.body(payload), "d")})
)
HEADERS = st.dictionaries(HEADER, st.text(max_size=80) | st.just(SECRET[:-1]), max_size=8)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ref", "changes", "push", "new", "old", "type", "name", "object_kind", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(kind=st.sampled_from(ForgeKind), headers=HEADERS, body=st.binary(max_size=300))
def test_nothing_that_is_not_signed_is_ever_believed(kind: ForgeKind, headers: Mapping[str, str], body: bytes) -> None:
    with pytest.raises(NotSigned):
        heard(kind, Delivery(headers, body), SECRET, factory.NOW)
    with pytest.raises(NotSigned):
        heard(kind, Delivery(headers, body), deliveries.SIGNING, factory.NOW)


@given(name=st.sampled_from(sorted(PUSHES)), said=ANY, event=st.sampled_from(["push", "System Hook", "repo:push", "x"]))
def test_whatever_is_signed_is_told_or_unreadable(name: str, said: object, event: str) -> None:
    kind, _, _, sign = PUSHES[name]
    data = json.dumps(said).encode()
    try:
        told = heard(kind, Delivery(sign(event, data, "d"), data), deliveries.secret_of(name), factory.NOW)
    except Unreadable:
        assert not isinstance(said, dict)
        return
    assert all(isinstance(branch, str) for branch in told.branches)


@given(
    path=st.sampled_from(["github", "gitlab/signed", "gitea/gitea", "bitbucket/bitbucket", "gitlab/gitlab", "x/y"]),
    headers=st.dictionaries(
        HEADER, st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80), max_size=8
    ),
    body=st.binary(max_size=300),
)
async def test_no_bytes_make_the_server_fail(path: str, headers: Mapping[str, str], body: bytes) -> None:
    async with opened() as door:
        answer = await door.client.post(
            f"/hooks/{path}", content=body, headers={**headers, "content-length": str(len(body))}
        )
        assert answer.status_code in (401, 422)
        assert door.rung == []
