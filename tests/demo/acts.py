"""The acts, in order. Each ends as it is told here, or raises NotAsTold."""

from collections.abc import Callable
from functools import partial

from tests.demo import repository
from tests.demo.stage import NotAsTold, Picture
from tests.demo.telling import Telling

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
    telling.watch(_everywhere("motd", "1 in sync") | _everywhere("shop", "1.4.2 in sync"))
    _insist_all_in_sync(telling)
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
    telling.say("It is merged; the daemon sees that by itself.")
    telling.stage.quietly("git", "checkout", "--quiet", "main")
    telling.git("merge --quiet --ff-only next")
    telling.watch(_everywhere("shop", "1.4.3 in sync"))
    _insist_all_in_sync(telling)
    telling.on("web-3", f"readlink {CURRENT}; grep workers {CONFIG}")
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
    unit = "shop@production"
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
    telling.watch({"shop@staging": "1.5.0 in sync", "shop@production": "1.4.3 holding"})
    _insist_held(telling, stage.head())
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
    telling.watch(_everywhere("motd", "2 in sync") | {"shop@production": "1.4.3 holding"})
    _insist_held(telling, bad)
    telling.reconciler("plan --unit shop@production")
    _insist_link(telling, "web-1", "1.4.3")


def fix(telling: Telling) -> None:
    stage = telling.stage
    telling.say("Shop 1.5.1 is mended. That commit changes the unit, so it clears the verdict by itself.")
    repository.release(stage.repository, "1.5.1", repository.HEALTHY)
    _commit(telling, "Shop 1.5.1 shares its connections")
    telling.watch(_everywhere("shop", "1.5.1 in sync"))
    _insist_all_in_sync(telling)
    telling.reconciler("status")
    telling.reconciler("history shop@production")
    telling.reconciler("plan --detailed-exitcode")
    telling.stop_daemon()
    for host in PRODUCTION:
        _insist_link(telling, host, "1.5.1")


def record(telling: Telling) -> None:
    telling.say(
        """What failed, when and why, is in the record: every entry carries a digest of the one before it, and how far
        it is was signed. Nobody has changed it since."""
    )
    telling.reconciler("audit query shop@production --outcome failed")
    telling.reconciler("logs shop@production --step 2")
    telling.reconciler("audit verify")


ACTS: tuple[tuple[str, Callable[[Telling], None]], ...] = (
    ("1. The first rollout", first_rollout),
    ("2. The plan of a change", plan),
    ("3. The change is rolled out", change),
    ("4. Drift is healed", drift),
    ("5. A bad release is taken back", bad_release),
    ("6. Another commit changes nothing about that", another_commit),
    ("7. The fix", fix),
    ("8. The record", record),
)


def _commit(telling: Telling, message: str) -> None:
    telling.stage.quietly("git", "add", "--all")
    telling.git(f"commit --message '{message}'")


def _everywhere(app: str, standing: str) -> dict[str, str]:
    return {f"{app}@staging": standing, f"{app}@production": standing}


def _insist_all_in_sync(telling: Telling) -> None:
    stage = telling.stage
    head = stage.head()
    stage.until(
        stage.status,
        lambda seen: (
            (seen.get("commit"), seen.get("needsAPerson")) == (head, False)
            and all(unit["state"] == "in sync" and unit["inSync"] for unit in seen["units"])
        ),
        f"everything is in sync at {head}",
    )


def _insist_held(telling: Telling, bad: str) -> None:
    picture = telling.stage.status()
    unit = next(each for each in picture["units"] if each["unit"] == "shop@production")
    if unit["state"] != "holding" or (unit["rejected"] or {}).get("commit") != bad or not picture["needsAPerson"]:
        raise NotAsTold(f"shop@production is not held for {bad}: {unit}")


def _healed(rollout: Picture) -> bool:
    return (rollout.get("cause"), rollout.get("state")) == ("drift", "succeeded")


def _insist_link(telling: Telling, host: str, version: str) -> None:
    if (there := telling.stage.link(host, CURRENT)) != f"releases/{version}":
        raise NotAsTold(f"{CURRENT} on {host} leads to {there!r}, not to releases/{version}")
