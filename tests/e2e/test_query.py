"""What is there can be asked for: as it was seen last, with its age, or as it is now."""

import json

import pytest

from tests.e2e.documents import file
from tests.e2e.world import World

WHAT = "shop@test/web-1/file:~/shop.txt"


@pytest.fixture
def there(world: World) -> World:
    world.app(file("red\n"))
    world.settled()
    return world


def test_what_was_seen_last_is_told_with_its_age(there: World) -> None:
    said = there.reconciler("query", WHAT)
    assert said.status == 0
    assert said.out.splitlines()[0].startswith(f"{WHAT}  there, seen ")
    (seen,) = json.loads(there.reconciler("query", "shop@*", "--json").out)
    assert seen["name"] == WHAT
    assert seen["attributes"]["mode"] == "0644"
    assert seen["ageSeconds"] >= 0


def test_a_fresh_look_sees_what_nobody_has_looked_at_since(there: World) -> None:
    (there.home("web-1") / "shop.txt").unlink()
    assert "there, seen" in there.reconciler("query", WHAT).out
    assert "not there, seen just now" in there.reconciler("query", WHAT, "--fresh").out


@pytest.mark.parametrize(
    ("check", "status", "words"),
    [
        ("resource.present", 0, f"{WHAT}: yes"),
        ("resource.attributes.mode == '0600'", 4, f"{WHAT}: no"),
        ("resource.attributes.size > 1", 1, "cannot say whether"),
        ("resource.present &&", 1, "--check: "),
    ],
)
def test_a_condition_is_answered_by_the_exit_status(there: World, check: str, status: int, words: str) -> None:
    said = there.reconciler("query", WHAT, "--check", check)
    assert said.status == status
    assert words in said.out + said.err


def test_what_nobody_knows_is_told_with_the_nearest_name(there: World) -> None:
    said = there.reconciler("query", "shop@test/web-1/file:~/shop.tx")
    assert said.status == 1
    assert f"did you mean {WHAT}?" in said.err
