"""A secret arrives on its host, and is nowhere else."""

from pathlib import Path

from tests.e2e.documents import app, file
from tests.e2e.world import World

SECRET = "correct-horse-battery-staple"
NEWER = "another-horse-altogether-now"


def test_a_secret_is_written_to_its_host_and_nowhere_else(world: World) -> None:
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets/db").write_text(f"{SECRET}\n")
    world.settings(secrets={"directory": "secrets"}, git={"poll": "300ms"}, log={"level": "debug"})
    held = world.hold("mv")
    resource = {"file": {"path": "~/shop.conf", "template": "shop.conf", "mode": "0600", "secrets": {"db": "db"}}}
    world.write({"desired-state/shop.conf": "password = {{ secrets.db }}\n"})
    commit = world.app(resource)
    said = [world.reconciler("plan", *words) for words in ((), ("--format", "json"), ("--out", "plan.json"))]
    with world.daemon() as daemon:
        world.until(held.reached, "the host is being changed")
        assert SECRET not in _every_argument()
        held.release()
        world.until(world.in_sync_at(commit), "the rollout")
        conf = world.home() / "shop.conf"
        assert conf.read_text() == f"password = {SECRET}\n"
        assert conf.stat().st_mode & 0o777 == 0o600
        conf.write_text("password = by hand\n")
        world.until(lambda: conf.read_text() == f"password = {SECRET}\n", "the heal")
        world.until(world.in_sync_at(commit), "the heal has ended")
        (world.folder / "secrets/db").write_text(f"{NEWER}\n")
        world.until(lambda: conf.read_text() == f"password = {NEWER}\n", "a new value arrives")
        world.until(world.state_of("in sync"), "its rollout has ended")
        conf.write_text("password = by hand\n")
        said += [world.reconciler(*words) for words in (("plan",), ("status",), ("history",), ("explain", "shop@test"))]
        assert daemon.stop() == 0
    for value in (SECRET, NEWER):
        assert all(value not in each.text for each in said)
        assert value not in daemon.log
        assert not _files_with(world.state, value)
        assert not _files_with(world.repository, value)
        assert value not in (world.folder / "plan.json").read_text()


def test_a_secret_that_is_missing_blocks_its_unit_alone(world: World) -> None:
    resource = {"file": {"path": "~/shop.conf", "template": "shop.conf", "secrets": {"db": "shop/db"}}}
    files = {
        "desired-state/shop.conf": "{{ secrets.db }}",
        "desired-state/other.yaml": app(file("other\n", path="~/other.txt"), name="other"),
    }
    world.write(files)
    world.app(resource)
    said = world.reconciler("run", "--once")
    assert said.status == 4, said.text
    assert "shop@test waits (blocked): the secret shop/db is nowhere; looked at " in said.out
    assert "RECONCILER_SECRET_SHOP_DB" in said.out
    assert (world.home() / "other.txt").exists()
    assert not (world.home() / "shop.conf").exists()
    again = world.reconciler("run", "--once", RECONCILER_SECRET_SHOP_DB=SECRET)
    assert again.status == 0, again.text
    assert (world.home() / "shop.conf").read_text() == SECRET


def _every_argument() -> str:
    """Return the arguments of every process that we may look at."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    return b"\n".join(found).decode(errors="replace")


def _files_with(folder: Path, value: str) -> list[str]:
    needle = value.encode()
    return [str(each) for each in folder.rglob("*") if each.is_file() and needle in each.read_bytes()]
