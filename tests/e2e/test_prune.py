"""What is taken away: only what we made, only when policy says so, and never too much at once."""

from tests.e2e.documents import app, file
from tests.e2e.world import World

DELETE = {"mode": "delete", "atMost": "100%"}


def test_only_what_we_made_is_taken_away_and_only_when_policy_says_so(world: World) -> None:
    (world.home() / "theirs.txt").write_text("theirs\n")
    many = [file("one\n"), file("ours\n", path="~/ours.txt"), file("theirs\n", path="~/theirs.txt", mode="0600")]
    world.app(*many)
    world.settled()
    world.app(many[0])
    world.settled()
    assert (world.home() / "ours.txt").read_text() == "ours\n"
    world.policy(prune=DELETE)
    world.app(many[0])
    said = world.settled()
    assert not (world.home() / "ours.txt").exists(), said.text
    assert (world.home() / "theirs.txt").read_text() == "theirs\n"
    assert (world.home() / "shop.txt").read_text() == "one\n"


def test_a_plan_that_would_delete_too_much_waits_for_a_person(world: World) -> None:
    world.policy(prune={"mode": "delete", "atMost": "20%"})
    paths = [f"~/{number}.txt" for number in range(5)]
    world.app(*(file("x\n", path=path) for path in paths))
    world.settled()
    world.app(file("x\n", path=paths[0]))
    held = world.reconciler("run", "--once")
    assert held.status == 4, held.text
    assert "would delete 4 of 5 resources; the policy allows 1 (prune.atMost 20%)" in held.out
    assert len(list(world.home().glob("*.txt"))) == 5
    planned = world.reconciler("plan", "--out", "plan.json")
    assert planned.status == 0, planned.text
    applied = world.reconciler("apply", "plan.json")
    assert applied.status == 0, applied.text
    assert [each.name for each in world.home().glob("*.txt")] == ["0.txt"]


def test_a_unit_that_has_left_git_keeps_what_it_has(world: World) -> None:
    world.policy(prune=DELETE)
    world.app(file("one\n"))
    world.settled()
    world.commit(
        {
            "desired-state/shop.yaml": None,
            "desired-state/other.yaml": app(file("other\n", path="~/other.txt"), name="other"),
        }
    )
    world.reconciler("run", "--once")
    assert (world.home() / "other.txt").exists()
    assert (world.home() / "shop.txt").read_text() == "one\n"
    assert world.unit()["waiting"]["reason"] == "removed"
