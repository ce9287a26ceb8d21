"""What only shows when it is tried: each gets its words, blocks its own unit alone, and leaves the host as it was."""

import asyncio
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.store.journal import SqliteStore
from tests.e2e.archives import device, link_to, tar_gz
from tests.e2e.conftest import made_world
from tests.e2e.documents import app, file, host, text
from tests.e2e.world import DEFAULTS, RECONCILER, Said, World

NOWHERE = "http://127.0.0.1:1/shop.tar.gz"


@dataclass(frozen=True, slots=True)
class Bad:
    """A resource that cannot be had, and what is said about it. ``waits`` when no rollout is begun for it."""

    made: Callable[[Path], Mapping[str, Any]]
    said: tuple[str, ...]


def _release(name: str, *odd: tarfile.TarInfo, climbs: str = "", sha256: str = "") -> Callable[[Path], dict[str, Any]]:
    def made(folder: Path) -> dict[str, Any]:
        files = {climbs: b"out"} if climbs else {"bin/shop": b"in"}
        artifact, digest = tar_gz(folder / f"{name}.tar.gz", files, *odd)
        spec = {"name": name, "artifact": artifact, "sha256": sha256 or digest, "path": f"~/{name}"}
        return {"release": spec}

    return made


def _always(resource: Mapping[str, Any]) -> Callable[[Path], Mapping[str, Any]]:
    return lambda _: resource


BAD: dict[str, Bad] = {
    "wrong-sha256": Bad(_release("wrong-sha256", sha256="0" * 64), ("has the wrong digest", "it was not opened")),
    "unreachable": Bad(
        _always({"release": {"name": "u", "artifact": NOWHERE, "sha256": "0" * 64, "path": "~/unreachable"}}),
        (NOWHERE, "cannot"),
    ),
    "climbs": Bad(_release("climbs", climbs="../../out.txt"), ("is not safe to unpack", "../../out.txt")),
    "absolute": Bad(_release("absolute", climbs="/tmp/reconciler-e2e-out"), ("is not safe to unpack", "absolute")),
    "link-out": Bad(_release("link-out", link_to("../../../etc/passwd")), ("is not safe to unpack", "link")),
    "device": Bad(_release("device", device()), ("is not safe to unpack", "device")),
    "folder": Bad(_always(file("x", path="~/a-folder")), ("~/a-folder", "directory")),
    "owner": Bad(_always(file("x", path="~/owner.txt", owner="nobody-of-that-name")), ("nobody-of-that-name",)),
    "stranger": Bad(_always(file("x", path="~/stranger.txt")), ("stranger-1", "key")),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What ``run --once`` said to all that is bad at once, what the hosts have then, and what a person is shown."""

    world: World
    said: Said
    status: Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    with made_world(tmp_path_factory.mktemp("bad"), "web-1", "stranger-1") as world:
        (world.home() / "a-folder").mkdir()
        world.write({f"desired-state/{name}.yaml": _app(name, bad.made(world.folder)) for name, bad in BAD.items()})
        environment = {"kind": "Environment", "metadata": {"name": "test"}, "spec": {}}
        known, stranger = (world.there.fleet.host(name) for name in world.names)
        shown = host(stranger, hostKey=known.host_key)
        shown["metadata"]["labels"] = {"role": "stranger"}
        world.write({"desired-state/hosts.yaml": text(environment, host(known), shown)})
        world.app(file("one\n"))
        said = world.reconciler("run", "--once")
        yield Tried(world, said, {each["unit"]: each for each in world.status()["units"]})


def test_what_is_good_is_done_all_the_same(tried: Tried) -> None:
    assert (tried.world.home() / "shop.txt").read_text() == "one\n"
    assert tried.status["shop@test"]["state"] == "in sync"
    assert tried.said.status == 4, tried.said.text
    assert "internal error" not in tried.said.text


def test_hosts_are_as_they_were(tried: Tried) -> None:
    ours = {".local", "bin", "a-folder", "shop.txt"}
    assert {each.name for each in tried.world.home().iterdir()} == ours
    assert list((tried.world.home() / "a-folder").iterdir()) == []
    assert {each.name for each in tried.world.home("stranger-1").iterdir()} == {"bin"}
    assert not Path("/tmp/reconciler-e2e-out").exists()
    assert not (tried.world.home().parent / "out.txt").exists()


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_had_is_told(tried: Tried, name: str) -> None:
    unit = tried.status[f"{name}@test"]
    assert unit["stuck"], unit
    told = str(unit["waiting"]["detail"]) + str(unit["rejected"])
    assert all(word in told for word in BAD[name].said), told
    lines = [line for line in tried.said.out.splitlines() if line.startswith(f"{name}@test")]
    assert any(all(word in line for word in BAD[name].said) for line in lines), tried.said.out


def test_a_settings_file_that_is_not_there_is_told(world: World) -> None:
    said = world.reconciler("status", "--config", "nowhere.toml")
    assert said.status == 1
    assert said.err == "error: nowhere.toml: there is no such settings file\n"


def test_a_setting_that_is_not_known_is_told(world: World) -> None:
    world.settings(git={**DEFAULTS["git"], "brunch": "main"})
    said = world.reconciler("run", "--once")
    assert said.status == 1
    assert said.err == f"error: {world.settings_file}: git.brunch: there is no such setting\n"


def test_a_journal_that_cannot_be_written_is_told_and_nothing_is_done(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    world.app(file("two\n"))
    journal = world.state / "journal.db"
    asyncio.run(_fold(journal))
    for each in world.state.glob("journal.db*"):
        each.chmod(0o400)
    said = _without_power_over_files(world, "run", "--once")
    assert said.status == 1, said.text
    assert str(journal) in said.err
    assert "internal error" not in said.text
    assert (world.home() / "shop.txt").read_text() == "one\n"


async def _fold(journal: Path) -> None:
    store = await SqliteStore.open(journal)
    await store.close()


def _without_power_over_files(world: World, *words: str) -> Said:
    """Run a command as somebody to whom the modes of files mean something, also when we are root."""
    limits = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*limits, RECONCILER, *words],
        cwd=world.folder,
        env=world.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def _app(name: str, resource: Mapping[str, Any]) -> str:
    role = "stranger" if name == "stranger" else "web"
    return app(resource, name=name, targets={"hosts": {"role": role}})
