"""What programs on hosts print is seen with the real command line: while they run, masked, and not without bounds."""

import base64
import json
import re
import subprocess
from datetime import timedelta
from typing import Any

from reconciler.model.event import StepEnded
from tests.e2e.documents import check, file
from tests.e2e.world import RECONCILER, World
from tests.leaks import may_hold, unmistakable

LIMIT_KIB = 64


def command(world: World, script: str, name: str = "load", **rest: Any) -> dict[str, Any]:
    """Return a command that runs once, in the folder of the host."""
    home = world.home()
    text = f"cd {home}\n{script}\n: >{name}.done"
    return {"command": {"name": name, "script": text, "creates": f"{home}/{name}.done", **rest}}


def pieces(world: World, *words: str) -> list[dict[str, Any]]:
    """Return the pieces that are kept of the unit's newest rollout."""
    said = world.reconciler("logs", "shop@test", "--json", *words)
    assert said.status == 0, said.text
    found: list[dict[str, Any]] = json.loads(said.out)["pieces"]
    return found


def printed(world: World) -> str:
    said = world.reconciler("logs", "shop@test")
    return said.out if said.status == 0 else ""


def test_what_a_script_prints_is_seen_before_it_ends(world: World) -> None:
    world.app(command(world, "echo begun; while ! test -e go; do sleep 0.1; done; echo went >&2"))
    with world.daemon():
        world.until(lambda: "begun" in printed(world), "what it has printed so far is there")
        assert "went" not in printed(world)
        assert not (world.home() / "load.done").exists()
        following = subprocess.Popen(
            [RECONCILER, "logs", "shop@test", "--follow"],
            cwd=world.folder,
            env=world.environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert following.stdout is not None
        heard = [following.stdout.readline() for _ in range(3)]
        (world.home() / "go").touch()
        rest, _ = following.communicate(timeout=60)
    assert "Step 1 of" in heard[0]
    assert heard[1].endswith("* run load\n")
    assert heard[2].startswith("web-1  ")
    assert heard[2].endswith("  begun\n")
    assert "  went\n" in rest
    assert "shop@test 1 at" in rest.splitlines()[-1]
    assert "succeeded" in rest.splitlines()[-1]
    assert following.returncode == 0
    # The daemon is gone: the journal itself tells.
    after = world.reconciler("logs", "shop@test").out
    assert after.index("  begun\n") < after.index("  went\n")


def test_a_secret_that_a_script_prints_is_masked_however_it_is_written(world: World) -> None:
    secret = unmistakable("db'x")
    may_hold(world.folder / "secrets", world.home())
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets/db").write_text(secret)
    world.settings(secrets={"directory": "secrets"})
    world.write({"desired-state/shop.conf": "{{ secrets.db }}"})
    shows = (
        "cat shop.conf; echo; base64 -w 0 shop.conf; echo; (printf user:; cat shop.conf) | base64 -w 0; echo; exit 3"
    )
    conf = {"file": {"path": "~/shop.conf", "template": "shop.conf", "mode": "0600", "secrets": {"db": "db"}}}
    # The command alone: the file is there from the rollout before, and its secret is no less one.
    world.app(conf)
    world.settled()
    world.app(conf, command(world, shows), version="2")
    world.reconciler("run", "--once")
    told = printed(world)
    assert told.count("(secret)") >= 3, told
    assert "cannot run load: " in told
    for form in (secret, base64.b64encode(secret.encode()).decode()[:-4]):
        assert form not in told
        assert not [each for each in world.state.rglob("*.db*") if form.encode() in each.read_bytes()]
    assert secret not in world.reconciler("history", "shop@test").text


def test_much_that_is_printed_keeps_its_beginning_and_its_end(world: World) -> None:
    world.settings(output={"step": LIMIT_KIB})
    world.app(command(world, "echo the first; yes 'a line of this and that' | head -c 10000000; echo; echo the last"))
    world.settled()
    kept = pieces(world)
    assert sum(each["size"] for each in kept) <= (LIMIT_KIB + 33) * 1024
    told = printed(world)
    assert "  the first\n" in told
    assert "  the last\n" in told
    assert re.search(r"\.\.\. 9\.[45] MiB left out \.\.\.", told)
    (applied, *_) = [each.event.record for each in world.entries() if isinstance(each.event, StepEnded)]
    assert applied.ended_at - applied.started_at < timedelta(seconds=30), "nobody waits for what is printed"


def test_checks_and_failures_and_what_takes_them_back_are_told_under_their_steps(world: World) -> None:
    world.app(file("one\n"), health=[check("echo well && echo aside >&2")])
    world.settled()
    told = printed(world)
    assert "* health check sh -c" in told
    assert "  well\n" in told
    assert "! aside\n" in told
    undone = {"undo": ["echo", "taken back"]}
    first = command(world, "echo made", "first", **undone)
    world.app(first, command(world, "echo broken; exit 7", "second"), version="2")
    ended = world.reconciler("run", "--once").status
    assert ended in (3, 4)
    assert world.reconciler("logs", "shop@test", "--follow").status == ended
    told = printed(world)
    order = ["* run first", "  made", "* run second", "  broken", "* take back: run first", "  taken back"]
    assert [told.index(each) for each in order] == sorted(told.index(each) for each in order)
    assert "cannot run second: broken; everything there is as it was" in told
    only = pieces(world, "--step", "1", "--target", "web-1")
    assert only
    assert pieces(world, "--target", "web-2") == []


def test_a_unit_or_a_rollout_that_is_not_there_is_named(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    said = world.reconciler("logs", "shop@tset")
    assert (said.status, "did you mean shop@test?" in said.flat) == (1, True)
    said = world.reconciler("logs", "shop@test", "--rollout", "none")
    assert (said.status, "shop@test has no rollout none; reconciler history shop@test" in said.flat) == (1, True)
    assert "Nothing was printed" in world.reconciler("logs", "shop@test").out
