"""What was there before us: taken over only when asked, and given back; what a person confirms; a fight with a tool."""

import time

from tests.e2e.documents import check, file
from tests.e2e.world import World


def test_a_file_that_is_not_ours_is_left_until_the_document_asks_for_it(world: World) -> None:
    theirs = world.home() / "shop.txt"
    theirs.write_text("theirs\n")
    world.app(file("ours\n"))
    said = world.reconciler("run", "--once")
    assert said.status == 4, said.text
    assert "~/shop.txt is there already" in " ".join(said.out.split())
    assert "Write `adopt: true` in the resource" in " ".join(said.out.split())
    assert theirs.read_text() == "theirs\n"
    world.app(file("ours\n", adopt=True))
    world.settled()
    assert theirs.read_text() == "ours\n"


def test_a_first_version_that_fails_leaves_what_was_there_before(world: World) -> None:
    theirs, new = world.home() / "shop.txt", world.home() / "new.txt"
    theirs.write_text("theirs\n")
    theirs.chmod(0o600)
    world.app(file("ours\n", adopt=True), file("new\n", path="~/new.txt"), health=[check("grep -q theirs shop.txt")])
    said = world.reconciler("run", "--once")
    assert said.status == 3, said.text
    assert (theirs.read_text(), theirs.stat().st_mode & 0o777) == ("theirs\n", 0o600)
    assert not new.exists()
    shown = world.reconciler("status")
    assert shown.status == 4, shown.text
    world.app(file("better\n", adopt=True))
    world.settled()
    assert theirs.read_text() == "better\n"


def test_what_was_taken_over_is_put_back_when_it_leaves_git(world: World) -> None:
    world.policy(prune={"mode": "delete", "atMost": "100%"})
    theirs, link = world.home() / "shop.txt", world.home() / "link"
    theirs.write_text("theirs\n")
    link.symlink_to("elsewhere")
    stays = file("stays\n", path="~/stays.txt")
    world.app(stays, file("ours\n", adopt=True), {"symlink": {"path": "~/link", "to": "shop.txt", "adopt": True}})
    world.settled()
    assert (theirs.read_text(), str(link.readlink())) == ("ours\n", "shop.txt")
    world.app(stays, file("newer\n", adopt=True), {"symlink": {"path": "~/link", "to": "shop.txt", "adopt": True}})
    world.settled()
    world.app(stays)
    shown = world.reconciler("plan")
    assert "2 to put back as before us" in shown.flat
    world.settled()
    assert (theirs.read_text(), str(link.readlink())) == ("theirs\n", "elsewhere")


def test_what_a_person_has_to_confirm_goes_only_when_the_plan_is_applied(world: World) -> None:
    world.policy(prune={"mode": "delete", "atMost": "100%", "confirm": ["file:*/data.txt"]})
    stays = file("stays\n")
    world.app(stays, file("x\n", path="~/data.txt"), file("x\n", path="~/junk.txt"))
    world.settled()
    world.app(stays)
    held = world.reconciler("run", "--once")
    assert held.status == 4, held.text
    assert "a person has to confirm that this goes (prune: confirm): file:~/data.txt on web-1" in held.flat
    assert not (world.home() / "junk.txt").exists()
    assert (world.home() / "data.txt").exists()
    world.reconciler("plan", "--unit", "shop@test", "--out", "plan.json")
    applied = world.reconciler("apply", "plan.json")
    assert applied.status == 0, applied.text
    assert not (world.home() / "data.txt").exists()


def test_prune_keep_that_is_written_later_counts_though_nothing_else_changes(world: World) -> None:
    world.policy(prune={"mode": "delete", "atMost": "100%"})
    stays = file("stays\n")
    world.app(stays, file("x\n", path="~/data.txt"))
    world.settled()
    world.app(stays, file("x\n", path="~/data.txt", prune="keep"))
    world.settled()
    world.app(stays)
    world.settled()
    assert (world.home() / "data.txt").exists()


def test_a_fight_with_another_tool_slows_down_and_is_told_with_the_field(world: World) -> None:
    commit = world.app(file("ours\n"))
    ours = world.home() / "shop.txt"
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")

        def meddled() -> bool:
            if ours.read_text() == "ours\n":
                ours.write_text("theirs\n")
            return world.unit().get("waiting", {}) is not None and bool(world.unit().get("fights"))

        began = time.monotonic()  # noqa: TID251 - processes live in real time
        world.until(meddled, "the third heal is a fight")
        assert time.monotonic() - began > 2 + 6 - 1  # noqa: TID251
        shown = world.reconciler("status")
        assert "file:~/shop.txt on web-1 was healed 3 times" in shown.flat
        assert "content changed by somebody else" in shown.flat
