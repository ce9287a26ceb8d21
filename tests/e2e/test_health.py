"""How an app does after its rollout: told within seconds, and taken back where policy says so."""

from tests.e2e.documents import check, file
from tests.e2e.world import World

WITHIN = 10.0
"""In seconds: the period of the vigil is far below, and the machine may be slow."""

LIVES = [check("test ! -e broken", failures=2)]
REPORT = {"period": "300ms"}
REVERT = {"onUnhealthy": "revert", "period": "300ms", "revertWithin": "1h"}


def test_an_app_that_gets_unhealthy_after_its_rollout_is_told_and_so_is_that_it_is_well_again(pair: World) -> None:
    pair.policy(health=REPORT)
    commit = pair.app(file("one\n"), health=LIVES)
    with pair.daemon():
        pair.until(pair.in_sync_at(commit), "the rollout")
        (pair.home("web-2") / "broken").touch()
        pair.until(pair.state_of("unhealthy"), "it is told", WITHIN)
        (told,) = pair.unit()["health"]
        assert (told["target"], told["condition"]) == ("web-2", "unhealthy")
        assert told["detail"] == "exec sh -c cd && test ! -e broken: exit 1"
        said = pair.reconciler("status")
        assert said.status == 4
        assert "shop@test is unhealthy on web-2 for " in said.flat
        assert "unhealthy on web-2" in pair.reconciler("explain", "shop@test").flat
        (pair.home("web-2") / "broken").unlink()
        pair.until(pair.in_sync_at(commit), "it is well again", WITHIN)
        assert pair.unit()["health"] == []


def test_an_app_that_gets_unhealthy_soon_after_its_rollout_is_taken_back(pair: World) -> None:
    pair.policy(health=REVERT)
    good = pair.app(file("one\n"), health=LIVES)
    with pair.daemon():
        pair.until(pair.in_sync_at(good), "the first rollout")
        bad = pair.app(file("two\n"), health=[check("test ! -e broken || grep -q one shop.txt", failures=2)])
        pair.until(pair.in_sync_at(bad), "the second rollout")
        (pair.home("web-1") / "broken").touch()
        pair.until(lambda: (pair.home("web-1") / "shop.txt").read_text() == "one\n", "it is taken back", WITHIN)
        pair.until(pair.state_of("holding"), "the revert is told")
    assert pair.unit()["commit"] == good
    assert pair.unit()["rejected"]["commit"] == bad
    assert "after its rollout on web-1 (exec" in pair.unit()["rejected"]["reason"]
    assert (pair.home("web-2") / "shop.txt").read_text() == "one\n"


def test_a_host_that_is_away_makes_no_app_unhealthy_and_is_no_reason_to_go_back(pair: World) -> None:
    pair.policy(health=REVERT)
    counts = [check("echo >>asked", failures=1)]
    pair.app(file("one\n"), health=counts)
    pair.settled()
    second = pair.app(file("two\n"), health=counts)
    with pair.daemon():
        pair.until(pair.in_sync_at(second), "the second rollout")
        pair.there.cut("web-1")
        pair.until(lambda: pair.unit().get("unseen"), "it is known that the host is away")
        asked = pair.home("web-2") / "asked"
        before = asked.stat().st_size
        pair.until(lambda: asked.stat().st_size > before + 5, "the checks go on meanwhile")
        assert pair.unit()["health"] == []
        assert pair.unit()["rejected"] is None
