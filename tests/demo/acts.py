"""The acts, in order. Each ends as it is told here, or raises NotAsTold."""

from collections.abc import Callable
from functools import partial

from tests.demo import repository
from tests.demo.stage import NotAsTold, Picture
from tests.demo.telling import Telling

SHOP = ("shop@staging", "shop@production")
MOTD = ("motd@staging", "motd@production")
PRODUCTION = ("web-1", "web-2", "web-3")
CONFIG = "shop/etc/shop.toml"
CURRENT = "shop/current"


def first_rollout(telling: Telling) -> None:
    telling.say(
        """Git says what runs on one staging host and three production hosts. They are empty SSH servers, with nothing
        installed. The daemon starts: staging first, then production, host by host."""
    )
    telling.git("ls-files")
    telling.reconciler("validate repository")
    telling.start_daemon()
    telling.watch(MOTD + SHOP, _all_in_sync({"shop": "1.4.2", "motd": "1"}, telling), "everything is in sync")
    telling.on("web-1", f"readlink {CURRENT}; cat {CONFIG}")
    for host in PRODUCTION:
        _insist_link(telling, host, "1.4.2")


def plan(telling: Telling) -> None:
    stage = telling.stage
    telling.say(
        """Somebody proposes shop 1.4.3 and two more workers, on a branch. What would that do in production? Exit status
        2 means that there are changes."""
    )
    stage.quietly("git", "checkout", "--quiet", "-b", "next")
    repository.release(stage.repository, "1.4.3", repository.HEALTHY)
    repository.edit(stage.repository / "desired-state/environments.yaml", "workers: 4", "workers: 6")
    stage.quietly("git", "add", "--all")
    telling.git("commit --message 'Shop 1.4.3 with six workers'")
    telling.reconciler("plan --commit next --unit shop@production --detailed-exitcode", exits=2)
    _insist_link(telling, "web-1", "1.4.2")


def change(telling: Telling) -> None:
    telling.say("It is merged; the daemon sees that by itself. Afterwards nothing is left to do.")
    telling.stage.quietly("git", "checkout", "--quiet", "main")
    telling.git("merge --quiet --ff-only next")
    telling.watch(SHOP, _all_in_sync({"shop": "1.4.3"}, telling), "shop 1.4.3 is in sync")
    telling.on("web-3", f"readlink {CURRENT}; grep workers {CONFIG}")
    telling.reconciler("plan --detailed-exitcode")
    for host in PRODUCTION:
        _insist_link(telling, host, "1.4.3")


def drift(telling: Telling) -> None:
    stage = telling.stage
    wanted = stage.file("web-2", CONFIG)
    telling.say("Somebody edits a file on web-2 by hand, and takes another one away. Policy says: heal.")
    telling.on("web-2", f"sed -i 's/workers = 6/workers = 60/' {CONFIG} && rm motd")
    stage.until(
        lambda: (stage.file("web-2", CONFIG), stage.file("web-2", "motd")),
        lambda seen: seen[0] == wanted and seen[1] != "",
        "both files on web-2 are as before",
    )
    for unit in ("shop@production", "motd@production"):
        stage.until(partial(stage.history, unit), _healed, f"the newest rollout of {unit} healed drift")
    telling.on("web-2", f"grep workers {CONFIG}; cat motd")
    telling.reconciler("history shop@production --limit 1")


def bad_release(telling: Telling) -> None:
    stage = telling.stage
    telling.say(
        """Shop 1.5.0 is healthy with the one worker that staging has, and fails with the six of production. web-1 gets
        it first there, and nobody after it."""
    )
    repository.release(stage.repository, "1.5.0", repository.SHORT_OF_CONNECTIONS)
    _commit(telling, "Shop 1.5.0")
    bad = stage.head()
    telling.watch(SHOP, lambda picture: _is_held(picture, bad), "shop@production is held at 1.4.3")
    telling.reconciler("status", exits=4)
    telling.reconciler("explain shop@production")
    telling.on("web-1", f"ls shop/releases; readlink {CURRENT}")
    for host in PRODUCTION:
        _insist_link(telling, host, "1.4.3")
    if "reverted" not in (state := stage.history("shop@production")["state"]):
        raise NotAsTold(f"the rollout of 1.5.0 ended as {state}, not as reverted")


def another_commit(telling: Telling) -> None:
    stage = telling.stage
    telling.say("A commit to another app is rolled out as ever. It is no reason to try shop 1.5.0 again.")
    bad = stage.head()
    motd = stage.repository / "desired-state/apps/motd.yaml"
    repository.edit(motd, 'version: "1"', 'version: "2"')
    repository.edit(motd, "what you change here by hand is put back.", "change it in Git.")
    _commit(telling, "A shorter message of the day")
    telling.watch(
        (*MOTD, "shop@production"),
        lambda picture: _stands(picture, "motd@production", "in sync", "2") and picture["commit"] == stage.head(),
        "motd 2 is in sync",
    )
    telling.reconciler("plan --unit shop@production")
    if not _is_held(stage.status(), bad):
        raise NotAsTold("shop@production is not held any more")
    _insist_link(telling, "web-1", "1.4.3")


def fix(telling: Telling) -> None:
    stage = telling.stage
    telling.say("Shop 1.5.1 is mended. That commit changes the unit, so it clears the verdict by itself.")
    repository.release(stage.repository, "1.5.1", repository.HEALTHY)
    _commit(telling, "Shop 1.5.1 shares its connections")
    telling.watch(SHOP, _all_in_sync({"shop": "1.5.1", "motd": "2"}, telling), "shop 1.5.1 is in sync")
    telling.reconciler("status")
    telling.reconciler("history shop@production")
    telling.reconciler("plan --detailed-exitcode")
    telling.stop_daemon()
    for host in PRODUCTION:
        _insist_link(telling, host, "1.5.1")


ACTS: tuple[tuple[str, Callable[[Telling], None]], ...] = (
    ("1. The first rollout", first_rollout),
    ("2. The plan of a change", plan),
    ("3. The change is rolled out", change),
    ("4. Drift is healed", drift),
    ("5. A bad release is taken back", bad_release),
    ("6. Another commit changes nothing about that", another_commit),
    ("7. The fix", fix),
)


def _commit(telling: Telling, message: str) -> None:
    telling.stage.quietly("git", "add", "--all")
    telling.git(f"commit --message '{message}'")


def _all_in_sync(versions: dict[str, str], telling: Telling) -> Callable[[Picture], bool]:
    head = telling.stage.head()
    units = {f"{app}@{place}": version for app, version in versions.items() for place in ("staging", "production")}
    return lambda picture: (
        picture.get("commit") == head
        and not picture["needsAPerson"]
        and all(_stands(picture, unit, "in sync", version) for unit, version in units.items())
    )


def _is_held(picture: Picture, bad: str) -> bool:
    rejected = _unit(picture, "shop@production").get("rejected") or {}
    return _stands(picture, "shop@production", "holding", "1.4.3") and rejected.get("commit") == bad


def _stands(picture: Picture, unit: str, state: str, version: str) -> bool:
    seen = _unit(picture, unit)
    return (seen.get("state"), seen.get("version")) == (state, version)


def _unit(picture: Picture, name: str) -> Picture:
    return next((unit for unit in picture.get("units", []) if unit["unit"] == name), {})


def _healed(rollout: Picture) -> bool:
    return (rollout.get("cause"), rollout.get("state")) == ("drift", "succeeded")


def _insist_link(telling: Telling, host: str, version: str) -> None:
    if (there := telling.stage.link(host, CURRENT)) != f"releases/{version}":
        raise NotAsTold(f"{CURRENT} on {host} leads to {there!r}, not to releases/{version}")
