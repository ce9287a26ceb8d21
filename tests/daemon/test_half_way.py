"""A host on which a change was cut off: nothing is planned from what is seen there before it was taken back."""

from dataclasses import replace

from reconciler.daemon.carry_out import carry_out
from reconciler.daemon.one_pass import one_pass
from reconciler.model.ground import Ground, Running
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Present, Survey, Unknown
from reconciler.observe import settled
from tests.daemon.fleet import Fleet, app

WALL = ResourceId(UnitId("shop", "testing"), "web-1", "thing", "/shop")
SEEN = Survey({WALL: Present({"colour": "red"})})


def on(ground: Ground) -> object:
    return settled(replace(SEEN, grounds={"web-1": ground}), {"r1"}).of(WALL)


def running(transaction: str, ours: bool) -> Ground:
    return Ground(running=Running(transaction=transaction, ours=ours, by="ctl-b (host b)"))


def test_what_is_seen_counts_where_nothing_is_half_way() -> None:
    assert on(Ground()) == SEEN.of(WALL)
    assert on(Ground(fence=7)) == SEEN.of(WALL)
    assert on(running("r1-p-0", ours=True)) == SEEN.of(WALL)


def test_nothing_is_known_where_something_is() -> None:
    cut_off = "a change was cut off there (t1) and has to be taken back first"
    assert on(Ground(interrupted=("t1",))) == Unknown(cut_off)
    assert on(running("r1-p-0", ours=False)) == Unknown("ctl-b (host b) is changing it right now")
    assert on(running("r0-p-0", ours=True)) == Unknown(
        "a change of an earlier rollout (r0-p-0) is still under way there"
    )


async def test_a_pass_only_says_so_and_the_daemon_has_it_taken_back_before_it_plans(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))
    await fleet.settled()
    before = len(fleet.hosts.effects)
    fleet.hosts.cut_off("web-1", "t9")
    calls = len(fleet.hosts.calls)
    seen = await one_pass(fleet.world)
    assert seen.review.interrupted == ("web-1",)
    assert [each.target for each in seen.review.assessments[0].unseen] == ["web-1"]
    assert not [call for call in fleet.hosts.calls[calls:] if call[0] == "apply"]
    await carry_out(seen, fleet.world, fleet.hands)
    ended = await fleet.settled()
    assert fleet.colours() == ["red", "red"]
    assert (ended.review.interrupted, ended.exit_status) == ((), 0)
    assert [one.id.partition("-")[0] for one in fleet.hosts.effects[before:]] == ["settle"]
