"""The programs of a checkout: who runs them where, and what takes each of them back."""

from reconciler.kinds.catalog import CATALOG
from reconciler.model.operation import RunCommand
from reconciler.model.resource import Absent, Present
from tests.kinds.cases import resource_of

OLD, NEW = "1" * 40, "2" * 40
WRITTEN = {"path": "/srv/shop", "repository": "git@git.example:shop.git", "revision": NEW, "owner": "shop"}
KIND, SHOP = CATALOG["gitCheckout"], resource_of("gitCheckout", WRITTEN)


def there(**more: object) -> Present:
    seen = {"type": "checkout", "owner": "shop", "group": "shop", "revision": NEW, "modified": []}
    return Present({**seen, "repository": WRITTEN["repository"], **more})  # type: ignore[dict-item]


def told(seen: Present | Absent) -> list[tuple[str, str | None, str | None]]:
    done = KIND.commands(SHOP, seen, {})
    assert all(isinstance(each, RunCommand) for each in done)
    return [(each.what, each.user, each.directory) for each in done if isinstance(each, RunCommand)]


def test_a_clone_is_made_beside_by_its_owner_and_renamed() -> None:
    assert told(Absent()) == [
        ("make a folder beside /srv/shop", None, "/srv"),
        ("clone git@git.example:shop.git for /srv/shop", "shop", "/srv/.rcl-shop.new"),
        ("put the clone at /srv/shop", None, "/srv"),
    ]
    clone = KIND.commands(SHOP, Absent(), {})[1]
    assert isinstance(clone, RunCommand)
    assert clone.argv[-3:] == (WRITTEN["repository"], NEW, "")
    assert clone.environment == (("PROTOCOL", "ssh"),), "git may speak nothing else"


def test_another_commit_is_checked_out_by_who_has_the_files_and_the_way_back_is_the_old_one() -> None:
    seen = there(revision=OLD, owner="shop", repository="https://old")
    assert told(seen) == [("check out 222222222222 in /srv/shop", "shop", "/srv/shop")]
    move = KIND.commands(SHOP, seen, {})[0]
    assert isinstance(move, RunCommand)
    assert move.undo[-2:] == ("https://old", OLD)


def test_a_checkout_of_somebody_else_is_given_away_first() -> None:
    assert told(there(owner="root", group="root", modified=["a"])) == [
        ("change the owner of /srv/shop", None, "/srv/shop"),
        ("check out 222222222222 in /srv/shop", "shop", "/srv/shop"),
    ]
    give = KIND.commands(SHOP, there(owner="root", group="root"), {})
    assert [(each.argv, each.undo) for each in give if isinstance(each, RunCommand)] == [
        (("chown", "-hR", "--", "shop", "."), ("chown", "-hR", "--", "root:root", "."))
    ]


def test_what_is_no_checkout_is_not_taken_away() -> None:
    assert KIND.removal(SHOP, Present({"type": "directory"})) == ()
    assert [(each.what, each.aside) for each in KIND.removal(SHOP, there()) if isinstance(each, RunCommand)] == [
        ("remove /srv/shop", None),
        ("move /srv/shop aside", "/srv/.rcl-shop.old"),
    ]


def test_a_unit_that_reads_a_checkout_is_restarted_by_its_commit() -> None:
    unit = {"name": "a.service", "content": "x", "running": True, "restartOn": ["gitCheckout:/srv/shop"]}
    restart = CATALOG["systemdUnit"].restart(resource_of("systemdUnit", unit), {SHOP.id.ref: SHOP})
    assert restart[0].inputs == ("/etc/systemd/system/a.service", "/srv/shop/.git/HEAD")  # type: ignore[union-attr]


def test_a_checkout_that_somebody_has_made_otherwise_would_be_lost() -> None:
    for seen in (there(revision=OLD), there(modified=["a"]), there(repository="https://elsewhere")):
        found = KIND.diff(SHOP, seen)
        assert found is not None
        assert found.loses == ("/srv/shop",)
    given = KIND.diff(SHOP, there(owner="root"))
    assert given is not None
    assert given.loses == ()
