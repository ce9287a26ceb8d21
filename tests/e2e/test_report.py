"""Reports on what the real program did: measures from Git's own times, a rollout whole, and rules with exceptions."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.documents import check, file, text
from tests.e2e.world import World

CONSENT = text(
    {"kind": "Role", "metadata": {"name": "sre"}, "spec": {"actions": ["read", "approve"]}},
    {"kind": "RoleBinding", "metadata": {"name": "sre"}, "spec": {"role": "sre", "subjects": ["user:bob"]}},
    {"kind": "ApprovalPolicy", "metadata": {"name": "one"}, "spec": {"stages": [{"count": 1, "roles": ["sre"]}]}},
)
LIVES = [check("grep -q -v broken shop.txt")]


def _app(content: str, version: str) -> str:
    spec = {"version": version, "environments": {"test": {}}, "targets": {"hosts": {"role": "web"}}, "health": LIVES}
    labels = {"team": "checkout"}
    return text(
        {"kind": "App", "metadata": {"name": "shop", "labels": labels}, "spec": {**spec, "resources": [file(content)]}}
    )


@pytest.fixture
def storied(world: World) -> World:
    """A first version that nobody approved, a second one that bob did, and a third that was taken back."""
    world.commit({"desired-state/shop.yaml": _app("one\n", "1")}, "the first")
    world.settled()
    world.write({"policies/consent.yaml": CONSENT})
    for version, content, state in (("2", "two\n", "succeeded"), ("3", "broken\n", "reverted")):
        world.commit({"desired-state/shop.yaml": _app(content, version)}, f"version {version}")
        with world.daemon() as daemon:
            world.until(lambda: "approval" in json.dumps(world.unit().get("waiting")), "people are waited for")
            said = world.reconciler("approve", "shop@test", "--reason", "read it", SUDO_USER="bob")
            assert said.status == 0, said.text
            world.until(lambda wanted=state: _newest(world) == wanted, f"version {version} has {state}")
            assert daemon.stop() == 0
    return world


def _newest(world: World) -> str:
    told = json.loads(world.reconciler("history", "shop@test", "--json").out)
    return str(told["rollouts"][0]["state"])


def _json(world: World, *words: str) -> dict[str, Any]:
    said = world.reconciler("report", *words, "--format", "json")
    assert said.err == ""
    told: dict[str, Any] = json.loads(said.out)
    return told


def test_what_the_program_did_is_told_as_measures_as_a_story_and_by_rules(storied: World, tmp_path: Path) -> None:
    world = storied
    period = _json(world, "--since", "1d", "--by", "team")
    now = period["measures"]
    assert (now["deployments"], now["succeeded"], now["failed"], now["reverted"]) == (3, 2, 1, 1)
    assert period["leadTimesFrom"] == {"written": 2}
    assert 0 < now["leadTime"]["median"] < 120
    assert now["timeToRestore"]["count"] == 1
    assert [each["name"] for each in period["groups"]] == ["checkout"]
    assert period["approvals"]["answered"]["count"] == 2

    whole = _json(world, "shop@test")
    assert (whole["state"], whole["commit"]["subject"], whole["commit"]["author"]) == ("reverted", "version 3", "Ada")
    assert whole["commit"]["emails"] == ["ada@example.org"]
    assert [(each["who"], each["why"]) for each in whole["people"] if each["what"] == "approved"] == [
        ("bob", "read it")
    ]
    assert [each["ended"] for each in whole["targets"]] == ["taken back"]
    assert next(each["outcome"] for each in whole["steps"] if each["sort"] == "probe") == "failed"
    told = world.reconciler("report", whole["rollout"][:12])
    assert told.out.startswith("shop@test 3: reverted\n")
    assert "reconciler retry shop@test" in told.out

    page = tmp_path / "report.html"
    assert world.reconciler("report", "shop@test", "--format", "html", "-o", str(page)).status == 0
    assert "version 3" in page.read_text()

    said = world.reconciler("report", "--compliance", "--environment", "test", "--format", "json")
    assert said.status == 2, said.text
    found = json.loads(said.out)
    rules = {each["name"]: each for each in found["rules"]}
    assert [name for name, each in rules.items() if not each["holds"]] == ["approved", "signed"]
    assert (rules["approved"]["kept"], rules["approved"]["asked"]) == (2, 3)
    assert rules["not-by-its-author"]["kept"] == 2
    assert {each["stands"] for each in rules["signed"]["exceptions"]} == {"broken"}
    assert rules["journal-unchanged"]["kept"] == 1
    assert [each["evidence"]["health"] for each in found["changes"]][:2] == [1, 1]
