"""What the state folder knows, in a file, and back: of a daemon at work, of a killed one, of a world that went on."""

import json
import shutil
import tarfile
from pathlib import Path

import pyrage

from tests.e2e.documents import FOR_EVER, check, file
from tests.e2e.world import World

DELETE = {"mode": "delete", "atMost": "100%"}


def _backup(world: World, *more: str) -> Path:
    """Make one and return where it is."""
    folder = world.folder / "backups"
    folder.mkdir(exist_ok=True)
    said = world.reconciler("backup", str(folder), "--json", *more)
    assert said.status == 0, said.text
    return Path(json.loads(said.out)["file"])


def _restored(world: World, made: Path, *more: str) -> None:
    said = world.reconciler("restore", str(made), *more)
    assert said.status == 0, said.text


def _nothing_to_do(world: World) -> None:
    plan = world.reconciler("plan", "--detailed-exitcode")
    assert plan.status == 0, plan.text


def test_a_backup_of_a_daemon_at_work_brings_back_all_after_it_was_killed(world: World) -> None:
    commit = world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(commit), "the first rollout")
        made = _backup(world)
        controller = (world.state / "controller").read_text()
        secret = (world.state / "secret-key").read_bytes()
        daemon.kill()
    shutil.rmtree(world.state)
    assert made.stat().st_mode & 0o777 == 0o600

    _restored(world, made)
    assert (world.state / "controller").read_text() == controller
    assert (world.state / "secret-key").read_bytes() == secret
    _nothing_to_do(world)
    types = [entry.event.event for entry in world.entries()]
    assert types.count("restored") == 1
    assert world.reconciler("audit", "verify").status == 0
    with world.daemon():
        world.until(world.in_sync_at(commit), "it goes on where it was")


def test_a_backup_leaves_an_entry_and_the_daemon_goes_on(world: World) -> None:
    commit = world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.in_sync_at(commit), "the first rollout")
        made = _backup(world)
        commit = world.app(file("two\n"))
        world.until(world.in_sync_at(commit), "the next rollout")
        assert daemon.stop() == 0
    (deed,) = [entry.event for entry in world.entries() if entry.event.event == "backup_taken"]
    assert deed.file == str(made)


def test_what_was_rolled_out_since_the_backup_is_found_and_is_ours(world: World) -> None:
    world.policy(prune=DELETE)
    world.app(file("one\n"))
    world.settled()
    made = _backup(world)
    world.app(file("two\n"), file("new\n", "~/new.txt"))
    world.settled()
    shutil.rmtree(world.state)

    _restored(world, made)
    said = world.reconciler("rebuild")
    assert said.status == 0, said.text
    assert "good at 1" in said.out
    _nothing_to_do(world)
    assert world.reconciler("rebuild").out.endswith("nothing to learn: the journal knows all that hosts keep\n")
    world.app(file("two\n"))
    world.settled()
    assert not (world.home() / "new.txt").exists()


def test_a_dry_run_of_rebuild_says_what_rebuild_does_of_a_unit_with_a_secret(world: World) -> None:
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets" / "db").write_text("hunter2\n")
    world.settings(secrets={"directory": "secrets"})
    world.write({"desired-state/db.conf": "password = {{ secrets.db }}\n"})
    conf = {"file": {"path": "~/db.conf", "template": "db.conf", "secrets": {"db": "db"}}}
    world.app(file("one\n"), conf)
    world.settled()
    made = _backup(world)
    shutil.rmtree(world.state)

    _restored(world, made)
    rehearsed = world.reconciler("rebuild", "--dry-run")
    assert rehearsed.out == world.reconciler("rebuild").out
    assert "nothing to learn" in rehearsed.out, rehearsed.text


def test_a_rollout_that_was_under_way_at_the_backup_is_not_taken_up_again(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    world.app(file("two\n"), health=[check("test -e ok", FOR_EVER)])
    with world.daemon() as daemon:
        world.until(lambda: world.rollout_state() == "running", "the rollout waits")
        made = _backup(world)
        daemon.kill()
    shutil.rmtree(world.state)
    commit = world.app(file("three\n"))
    _restored(world, made)
    assert world.rollout_state() == ""
    world.settled()
    assert (world.home() / "shop.txt").read_text() == "three\n"
    assert world.in_sync_at(commit)()


def test_a_journal_that_is_there_is_only_put_aside(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    made = _backup(world)
    refused = world.reconciler("restore", str(made))
    assert refused.status == 1
    assert "it knows more than any backup of it" in refused.flat
    said = world.reconciler("restore", str(made), "--force")
    assert said.status == 0, said.text
    (aside,) = world.state.glob("before-restore-*")
    assert (aside / "journal.db").exists()
    _nothing_to_do(world)


def test_nothing_is_restored_under_a_daemon(world: World) -> None:
    commit = world.app(file("one\n"))
    with world.daemon():
        world.until(world.in_sync_at(commit), "the first rollout")
        made = _backup(world)
        said = world.reconciler("restore", str(made), "--force")
        assert said.status == 1
        assert "is at work on" in said.flat


def test_a_sealed_backup_needs_the_key_it_is_sealed_for(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    ours, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    made = _backup(world, "--recipient", str(ours.to_public()))
    assert made.read_bytes().startswith(b"age-encryption.org/")
    shutil.rmtree(world.state)
    assert "name the file with the private key" in world.reconciler("restore", str(made)).flat
    key = world.folder / "key"
    key.write_text(f"{other}\n")
    assert "it is not sealed for the keys" in world.reconciler("restore", str(made), "--identity", str(key)).flat
    assert not (world.state / "journal.db").exists()
    key.write_text(f"# a comment\n{ours}\n")
    _restored(world, made, "--identity", str(key))
    _nothing_to_do(world)


def test_of_many_backups_the_newest_stay_and_what_is_not_ours_too(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    folder = world.folder / "backups"
    folder.mkdir()
    old = ["reconciler-20250101T000000Z.tar.gz", "reconciler-20250102T000000Z.tar.age", "reconciler-mine.tar.gz"]
    for name in old:
        (folder / name).touch()
    made = _backup(world, "--keep", "2")
    assert {each.name for each in folder.iterdir()} == {old[1], old[2], made.name}


def test_a_backup_holds_the_journal_and_the_keys_and_nothing_else(world: World) -> None:
    world.app(file("one\n"))
    with world.daemon() as daemon:
        world.until(world.state_of("in sync"), "the first rollout")
        assert daemon.stop() == 0
    with tarfile.open(_backup(world)) as tar:
        names = set(tar.getnames())
    assert names == {"manifest.json", "journal.db", "controller", "secret-key", "audit-key", "audit-key.pub"}


def test_a_backup_that_cannot_be_written_says_so_and_leaves_nothing(world: World) -> None:
    world.app(file("one\n"))
    world.settled()
    said = world.reconciler("backup", str(world.folder / "nowhere" / "file.tar.gz"))
    assert said.status == 1
    assert "cannot write the backup" in said.flat
