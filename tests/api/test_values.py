"""What our own command line elsewhere is told: what its user may read, and nothing more."""

import threading
from collections.abc import ItemsView, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus

import httpx
import pytest

from reconciler.api.app import app
from reconciler.model.access import Identity, Login
from reconciler.model.asking import Approve, Delegate, GoBack, Hold, IssueToken, Lock, Pause, Request, Waive
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, GateKind, Governance
from reconciler.model.record import Picture
from reconciler.model.resource import Observation
from reconciler.model.sighting import Sighting
from reconciler.model.unit import Desired
from reconciler.model.word import AccessRefused, Delegated, TokenIssued
from reconciler.store.codec import decode, encode
from tests.api.world import BANK, SHOP, Prospect, World, client
from tests.factory import NOW

READS = (
    "picture",
    "took?unit=shop@production",
    "may?action=read&unit=shop@production",
    "rollouts",
    "events?rollout=01jq8-shop",
    "since?number=0",
    "states?unit=shop@production",
    "review",
    "sightings?what=shop*",
    "remembered",
    "printed?unit=shop@production",
)
OF_BANK = (
    "took?unit=bank@production",
    "rollouts?unit=bank@production",
    "states?unit=bank@production",
    "printed?unit=bank@production",
)


async def send(caller: httpx.AsyncClient, name: str, request: Request) -> httpx.Response:
    content = {"Content-Type": "application/json"}
    return await caller.post(f"/v1/values/{name}", content=encode(request), headers=content)


@pytest.mark.parametrize("path", READS)
async def test_a_stranger_is_told_nothing(world: World, path: str) -> None:
    async with client(world.app()) as stranger:
        assert (await stranger.get(f"/v1/values/{path}")).status_code == HTTPStatus.UNAUTHORIZED
        assert (await stranger.post("/v1/values/decide", content=b"{}")).status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("path", READS)
async def test_who_may_read_one_unit_finds_nothing_of_another(world: World, path: str) -> None:
    async with client(world.app(), "viewer") as viewer, client(world.app(), "owner") as owner:
        mine, everything = await viewer.get(f"/v1/values/{path}"), await owner.get(f"/v1/values/{path}")
    assert (mine.status_code, everything.status_code) == (HTTPStatus.OK, HTTPStatus.OK), mine.text
    assert "bank" not in mine.text
    if path in ("picture", "rollouts", "since?number=0", "review", "remembered"):
        assert "bank" in everything.text


@pytest.mark.parametrize("path", OF_BANK)
async def test_a_unit_that_one_may_not_read_is_not_there(world: World, path: str) -> None:
    async with client(world.app(), "viewer") as viewer:
        assert (await viewer.get(f"/v1/values/{path}")).status_code == HTTPStatus.NOT_FOUND


async def test_a_plan_of_another_unit_is_not_there(world: World) -> None:
    plans = {each.unit: each.plan for each in await world.store.history.rollouts()}
    async with client(world.app(), "viewer") as viewer:
        mine = await viewer.get(f"/v1/values/plan?plan={plans[SHOP]}")
        others = await viewer.get(f"/v1/values/plan?plan={plans[BANK]}")
        nobodys = await viewer.get("/v1/values/plan?plan=gone")
    assert [each.status_code for each in (mine, others, nobodys)] == [200, 404, 404]
    assert others.json()["detail"] == nobodys.json()["detail"]


async def test_what_somebody_may_not_do_is_refused_and_written_down(world: World) -> None:
    async with client(world.app(), "viewer") as viewer:
        own = await send(viewer, "decide", Hold(unit=SHOP))
        others = await send(viewer, "decide", Hold(unit=BANK))
        back = await send(viewer, "way-back", GoBack(unit=BANK))
        all_of_it = await send(viewer, "decide", Pause(unit=None, reason="x"))
    assert [each.status_code for each in (own, others, back, all_of_it)] == [403, 404, 404, 403]
    assert "viewer may not hold shop@production" in own.json()["detail"]
    assert "bank" not in others.text


async def test_a_refusal_is_written_down_once(world: World) -> None:
    async with client(world.app(), "viewer") as viewer:
        assert (await send(viewer, "decide", Hold(unit=BANK))).status_code == HTTPStatus.NOT_FOUND
    entries = await world.store.history.since(0, 1000)
    told = [each.event.action for each in entries if isinstance(each.event, AccessRefused)]
    assert told == ["hold"]


async def test_a_lock_of_an_environment_names_no_unit_that_one_may_not_read(world: World) -> None:
    lock = Lock(unit=None, environment="production", reason="x", duration=None)
    async with client(world.app(), "admin") as admin:
        by_value = await send(admin, "decide", lock)
        by_route = await admin.post("/v1/environments/production/lock", json={"reason": "x", "duration": None})
    for answer in (by_value, by_route):
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert answer.json()["detail"].startswith("admin may not lock every unit of production")


class _Watched(dict[str, Observation]):
    """Knows in which thread it was read."""

    def __init__(self) -> None:
        super().__init__()
        self.by: list[threading.Thread] = []

    def items(self) -> ItemsView[str, Observation]:  # type: ignore[override] # a view of the same
        self.by.append(threading.current_thread())
        return {}.items()


class _Seen(Prospect):
    def __init__(self, seen: _Watched) -> None:
        self._seen = seen

    async def sightings(self, what: str) -> Sequence[Sighting]:
        return (Sighting(unit=SHOP, target="web-1", at=NOW, seen=self._seen),)


async def test_a_large_answer_is_written_beside_the_loop(world: World) -> None:
    door, seen = world.door(), _Watched()
    made = app(replace(door, doorway=replace(door.doorway, outlook=_Seen(seen))))
    async with client(made, "owner") as owner:
        assert (await owner.get("/v1/values/sightings?what=shop*")).status_code == HTTPStatus.OK
    assert seen.by
    assert threading.main_thread() not in seen.by


async def test_a_code_that_is_missing_has_a_status_of_its_own(world: World) -> None:
    policy = ApprovalPolicy(name="two-eyes", stages=(ApprovalStage(),), second_factor=True)
    world.desired = Desired(
        commit=world.desired.commit,
        targets={},
        units={},
        access=world.desired.access,
        placed=world.desired.placed,
        governance={SHOP: Governance(approvals=(policy,))},
    )
    async with client(world.app(), "admin") as admin:
        told = await send(admin, "decide", Waive(unit=SHOP, gates=(GateKind.WINDOW,), reason="x"))
        step = await send(admin, "decide", Approve(unit=SHOP))
    assert told.status_code == HTTPStatus.PRECONDITION_REQUIRED, told.text
    assert "two-eyes wants a second factor" in told.json()["detail"]
    assert step.status_code == HTTPStatus.CONFLICT


async def test_of_tokens_not_even_digests_leave(world: World) -> None:
    async with client(world.app(), "owner") as owner, client(world.app(), "all-viewer") as viewer:
        made = (await send(owner, "decide", IssueToken(name="ci", duration=None))).json()
        assert made["secret"].startswith("rcl_")
        seen = [decode(Picture, (await each.get("/v1/values/picture")).text) for each in (owner, viewer)]
        entries = (await viewer.get("/v1/values/since?number=0")).text
    (word,) = seen[0].standing.words
    assert isinstance(word, TokenIssued)
    assert (word.name, word.digest) == ("ci", "")
    assert seen[1].standing.words == ()
    (kept,) = (await world.store.standing()).words
    assert isinstance(kept, TokenIssued)
    assert kept.digest not in entries


async def test_who_stands_in_for_whom_is_told_without_addresses(world: World) -> None:
    ann = Identity(name="all-approver", login=Login.OIDC, emails=("ann@example.net",))
    await world.door().doorway.desk.decide(Delegate(to="bob", duration=timedelta(hours=1)), ann)
    async with client(world.app(), "all-viewer") as viewer:
        seen = decode(Picture, (await viewer.get("/v1/values/picture")).text)
    (word,) = seen.standing.words
    assert isinstance(word, Delegated)
    assert (word.author, word.to, word.emails) == ("all-approver", "bob", ())
