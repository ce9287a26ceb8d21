"""Commits that do not load: each is refused whole, told in the same words by everybody, and touches no host."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import made_world
from tests.e2e.documents import app, file, text
from tests.e2e.world import World

AFTER = {"kind": "Environment", "metadata": {"name": "test"}, "spec": {"after": ["last"]}}
LAST = {"kind": "Environment", "metadata": {"name": "last"}, "spec": {"after": ["test"]}}

MISTAKES: dict[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "broken YAML": ({"desired-state/x.yaml": "kind: App\nspec: [\n"}, ("desired-state/x.yaml:3:1:",)),
    "a kind that is not known": (
        {"desired-state/x.yaml": "kind: Apo\nmetadata: {name: x}\nspec: {}\n"},
        ("desired-state/x.yaml:1:", "'Apo'", "did you mean 'App'?"),
    ),
    "a resource of a kind that is not known": (
        {"desired-state/x.yaml": app({"fille": {"path": "~/x"}}, name="x")},
        ("desired-state/x.yaml:", "fille", "did you mean 'file'?"),
    ),
    "a key that is not known": (
        {"desired-state/x.yaml": app(file("x", path="~/x", mod="0600"), name="x")},
        ("desired-state/x.yaml:", "'mod'", "did you mean 'mode'?"),
    ),
    "a name that is there twice": (
        {"desired-state/x.yaml": app(file("x", path="~/x"))},
        ("desired-state/x.yaml:", "shop", "desired-state/shop.yaml"),
    ),
    "a key that is there twice": (
        {"desired-state/x.yaml": "kind: App\nkind: App\nmetadata: {name: x}\nspec: {}\n"},
        ("desired-state/x.yaml:2:1:", "kind"),
    ),
    "a file that two apps want": (
        {"desired-state/x.yaml": app(file("x"), name="x")},
        ("desired-state/x.yaml:", "~/shop.txt", "shop@test"),
    ),
    "apps that wait for each other": (
        {
            "desired-state/x.yaml": app(file("x", path="~/x"), name="x", dependsOn=["y"]),
            "desired-state/y.yaml": app(file("y", path="~/y"), name="y", dependsOn=["x"]),
        },
        ("x", "y", "dependsOn"),
    ),
    "environments that wait for each other": (
        {"desired-state/x.yaml": text(LAST), "desired-state/hosts.yaml": "", "desired-state/y.yaml": text(AFTER)},
        ("test", "last", "after"),
    ),
    "resources that wait for each other": (
        {
            "desired-state/x.yaml": app(
                file("x", path="~/x", dependsOn=["file:~/y"]), file("y", path="~/y", dependsOn=["file:~/x"]), name="x"
            )
        },
        ("file:~/x", "file:~/y"),
    ),
    "a template that uses what is not there": (
        {
            "desired-state/templates/x.txt": "fine\n{{ vars.colour }}\n",
            "desired-state/x.yaml": app({"file": {"path": "~/x", "template": "templates/x.txt"}}, name="x"),
        },
        ("desired-state/templates/x.txt:2", "vars.colour", "desired-state/x.yaml:"),
    ),
    "a template that is not there": (
        {"desired-state/x.yaml": app({"file": {"path": "~/x", "template": "templates/x.txt"}}, name="x")},
        ("desired-state/x.yaml:", "templates/x.txt"),
    ),
    "a template outside the repository": (
        {"desired-state/x.yaml": app({"file": {"path": "~/x", "template": "../../../etc/passwd"}}, name="x")},
        ("desired-state/x.yaml:", "../../../etc/passwd"),
    ),
    "an environment that is not there": (
        {"desired-state/x.yaml": app(file("x", path="~/x"), name="x", environments={"tst": {}})},
        ("desired-state/x.yaml:", "tst", "did you mean 'test'?"),
    ),
    "a sha256 that is none": (
        {
            "desired-state/x.yaml": app(
                {"release": {"name": "x", "artifact": "https://x.example/x.zip", "sha256": "abc", "path": "~/x"}},
                name="x",
            )
        },
        ("desired-state/x.yaml:", "sha256", "64 hex digits"),
    ),
    "a policy that is wrong": (
        {"policies/x.yaml": "kind: RolloutPolicy\nmetadata: {name: x}\nspec: {drift: heel}\n"},
        ("policies/x.yaml:3:", "heel", "heal"),
    ),
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world in order, with a daemon."""
    with made_world(tmp_path_factory.mktemp("bad"), "web-1") as world:
        commit = world.app(file("one\n"))
        with world.daemon() as daemon:
            world.until(world.in_sync_at(commit), "the first rollout")
            yield world
            assert daemon.stop() == 0, daemon.log
        assert len(world.transactions()) == 1
        assert "internal error" not in daemon.log


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_by_validate_and_by_the_daemon_in_the_same_words(running: World, what: str) -> None:
    files, essentials = MISTAKES[what]
    good = running.git("rev-parse", "HEAD").strip()
    bad = running.commit(files, what)
    try:
        running.until(lambda: (running.status()["refused"] or {}).get("commit") == bad, "the commit is refused")
        told = running.status()["refused"]["problems"]
        said = running.reconciler("validate", str(running.repository))
    finally:
        running.git("reset", "--quiet", "--hard", good)
    assert said.status == 1
    assert said.err == ""
    assert said.out.splitlines()[:-1] == told
    assert any(all(each in problem for each in essentials) for problem in told), told
    assert running.status()["commit"] == good
    assert _files(running.home()) == ["shop.txt"]
    running.until(lambda: running.status()["refused"] is None, "the mistake is taken back", within=15)


def _files(home: Path) -> list[str]:
    return sorted(each.name for each in home.iterdir() if each.is_file())
