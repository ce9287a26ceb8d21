"""Resources that are asked for only when something is so."""

from tests.e2e.documents import file
from tests.e2e.world import World


def test_what_a_host_says_of_itself_decides(world: World) -> None:
    world.app(
        file("yes\n", "~/yes.txt", when="facts.kernel == 'Linux'"), file("no\n", "~/no.txt", when="facts.cpus > 4096")
    )
    said = world.settled()
    assert (world.home() / "yes.txt").read_text() == "yes\n"
    assert not (world.home() / "no.txt").exists()
    again = world.settled()
    assert again.out == "Nothing to do: everything is as it shall be.\n", (said.out, again.out)
    assert "kernel" in world.reconciler("query", "web-1").out


def test_what_does_not_apply_any_more_is_left_as_it_is(world: World) -> None:
    there = "seen.exists(s, s.resource == 'file:~/flag' && s.present)"
    world.app(file("on\n", "~/flag"), file("one\n", "~/shop.txt", when=there))
    world.settled()
    world.settled()
    assert (world.home() / "shop.txt").read_text() == "one\n"
    world.app(file("on\n", "~/flag"), file("two\n", "~/shop.txt", when=f"!{there}"))
    world.settled()
    assert (world.home() / "shop.txt").read_text() == "one\n"
    (world.home() / "shop.txt").write_text("mine\n")
    world.settled()
    assert (world.home() / "shop.txt").read_text() == "mine\n"


def test_what_cannot_be_said_is_told_and_nothing_is_done_there(world: World) -> None:
    world.app(file("yes\n", "~/yes.txt", when="facts.colour == 'red'"))
    said = world.reconciler("run", "--once")
    assert "cannot say whether facts.colour == 'red' (file:~/yes.txt)" in said.flat
    assert not (world.home() / "yes.txt").exists()


def test_a_condition_that_is_none_is_a_mistake_of_the_commit(world: World) -> None:
    world.app(file("yes\n", "~/yes.txt", when="facts.os =="))
    said = world.reconciler("validate", str(world.repository))
    assert said.status == 1
    assert "when" in said.flat
