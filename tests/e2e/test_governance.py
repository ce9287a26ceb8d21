"""A change waits for two people with devices and for a window, though the daemon is started anew in between."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest

from reconciler.model.word import AccessRefused
from tests.e2e.documents import file, text
from tests.e2e.world import Said, World

DEVICES = {name: pyotp.random_base32() for name in ("ada", "bob", "cat")}
PEOPLE = {"sre": ("user:ada", "user:bob"), "lead": ("user:cat",)}


def _document(kind: str, name: str, **spec: Any) -> Mapping[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


def _rules(frozen_until: datetime) -> str:
    """Two of the sre with a device, after two seconds of leads too; and a freeze."""
    roles = [_document("Role", name, actions=["read", "plan", "approve"]) for name in PEOPLE]
    bound = [_document("RoleBinding", name, role=name, subjects=list(people)) for name, people in PEOPLE.items()]
    bound.append(_document("RoleBinding", "watchers", role="viewer", subjects=["user:fred"]))
    consent = _document(
        "ApprovalPolicy",
        "two-people",
        stages=[{"count": 2, "roles": ["sre"]}],
        secondFactor=True,
        escalate=[{"after": "2s", "roles": ["lead"]}],
    )
    times = {"from": "2026-01-01T00:00:00Z", "to": frozen_until.isoformat()}
    return text(*roles, *bound, consent, _document("ChangeWindow", "freeze", mode="deny", **times))


def _approved(world: World, who: str, code: str | None = None) -> Said:
    """What somebody behind sudo is told; with the code that their device shows now, unless it is another."""
    shown = pyotp.TOTP(DEVICES[who]).now() if code is None else code
    words = ["--code", shown] if shown else []
    return world.reconciler("approve", "shop@test", "--reason", "read it", *words, SUDO_USER=who)


def _waits(world: World, word: str) -> bool:
    return word in json.dumps(world.unit().get("waiting"))


@pytest.fixture
def governed(world: World) -> World:
    """A world in which the first version is there, and people have devices."""
    devices = world.folder / "secrets/one-time-codes"
    devices.mkdir(parents=True)
    for name, secret in DEVICES.items():
        (devices / name).write_text(secret)
    world.settings(secrets={"directory": "secrets"}, git={"poll": "300ms"})
    world.app(file("one\n"))
    world.settled()
    return world


def test_a_change_waits_for_two_people_and_a_window_and_survives_a_restart(governed: World) -> None:
    world = governed
    opens = datetime.now(UTC) + timedelta(seconds=45)  # noqa: TID251 - the daemon's window is in real time
    world.write({"policies/rules.yaml": _rules(opens)})
    commit = world.app(file("two\n"), version="2")
    with world.daemon() as daemon:
        world.until(lambda: _waits(world, "approval"), "people are waited for")
        told = world.reconciler("explain", "shop@test").flat
        assert "reconciler approve shop@test" in told
        refused = _approved(world, "ada")
        assert refused.status == 1, refused.text
        assert "wrote" in refused.flat or "author" in refused.flat
        bare = _approved(world, "bob", "")
        assert bare.status == 1, bare.text
        assert "code" in bare.flat
        code = pyotp.TOTP(DEVICES["bob"]).now()
        assert _approved(world, "bob", code).status == 0
        again = _approved(world, "bob", code)
        assert again.status == 1, again.text
        assert daemon.stop() == 0
    with world.daemon():
        world.until(lambda: "lead" in str(world.unit().get("waiting")), "leads are asked too")
        assert _waits(world, "approval")
        last = _approved(world, "cat")
        assert last.status == 0, last.text
        world.until(lambda: _waits(world, "freeze"), "the window is waited for")
        assert (world.home() / "shop.txt").read_text() == "one\n"
        world.until(world.in_sync_at(commit), "the window has opened and the rollout went on", within=90)
        assert datetime.now(UTC) >= opens  # noqa: TID251
    assert (world.home() / "shop.txt").read_text() == "two\n"


def _with_a_token_of(world: World, who: str) -> str:
    made = world.reconciler("token", "make", who, "--expires", "1h")
    assert made.status == 0, made.text
    return next(word for word in made.out.split() if word.startswith("rcl_"))


def test_outsiders_are_refused_see_nothing_and_that_is_written_down(governed: World) -> None:
    world = governed
    world.write({"policies/rules.yaml": _rules(datetime.now(UTC) + timedelta(hours=1))})  # noqa: TID251
    world.app(file("two\n"), version="2")
    with world.daemon():
        world.until(lambda: _waits(world, "approval"), "people are waited for")
        server = ("--server", f"unix://{world.state}/api.sock")
        eve, fred = _with_a_token_of(world, "eve"), _with_a_token_of(world, "fred")
        nothing = world.reconciler(*server, "approve", "shop@test", RECONCILER_TOKEN=eve)
        assert nothing.status == 1
        assert "eve may not" in nothing.flat
        assert "shop@test" not in nothing.flat
        assert "shop@test" in world.reconciler(*server, "status", RECONCILER_TOKEN=fred).out
        no = world.reconciler(*server, "approve", "shop@test", RECONCILER_TOKEN=fred)
        assert no.status == 1
        assert "approve" in no.flat
        bad = world.reconciler(*server, "status", RECONCILER_TOKEN=f"{fred[:-4]}xxxx")
        assert bad.status == 1
        assert all(token not in said.text for said in (nothing, no, bad) for token in (eve, fred))
        refused = [each.event for each in world.entries() if isinstance(each.event, AccessRefused)]
        assert ("fred", "approve") in {(each.name, each.action) for each in refused}
        assert (world.home() / "shop.txt").read_text() == "one\n"
