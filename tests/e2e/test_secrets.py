"""A secret arrives on its host, and is nowhere else."""

from pathlib import Path

import pyrage

from tests.e2e.documents import app, file
from tests.e2e.world import World
from tests.leaks import may_hold, unmistakable
from tests.providers.secret_servers import VaultServer, serving

STORES = """\
kind: SecretStore
metadata: {{name: vault}}
spec: {{vault: {{url: "{url}", approle: {{roleId: the-role, secretId: vault/id}}}}, cacheFor: 1s}}
---
kind: SecretStore
metadata: {{name: sealed}}
spec: {{age: {{repository: policies/files, identities: [age/key]}}}}
---
kind: SecretStore
metadata: {{name: told}}
spec: {{command: {{program: tell}}}}
"""


def test_a_secret_is_written_to_its_host_and_nowhere_else(world: World) -> None:
    secret, newer = unmistakable("db"), unmistakable("the newer db")
    may_hold(world.folder / "secrets", world.home())
    (world.folder / "secrets").mkdir()
    (world.folder / "secrets/db").write_text(f"{secret}\n")
    world.settings(secrets={"directory": "secrets"}, git={"poll": "300ms"}, log={"level": "debug"})
    held = world.hold("mv")
    resource = {"file": {"path": "~/shop.conf", "template": "shop.conf", "mode": "0600", "secrets": {"db": "db"}}}
    world.write({"desired-state/shop.conf": "password = {{ secrets.db }}\n"})
    commit = world.app(resource)
    said = [world.reconciler("plan", *words) for words in ((), ("--format", "json"), ("--out", "plan.json"))]
    with world.daemon() as daemon:
        world.until(held.reached, "the host is being changed")
        assert secret not in _every_argument()
        held.release()
        world.until(world.in_sync_at(commit), "the rollout")
        conf = world.home() / "shop.conf"
        assert conf.read_text() == f"password = {secret}\n"
        assert conf.stat().st_mode & 0o777 == 0o600
        conf.write_text("password = by hand\n")
        world.until(lambda: conf.read_text() == f"password = {secret}\n", "the heal")
        world.until(world.in_sync_at(commit), "the heal has ended")
        (world.folder / "secrets/db").write_text(f"{newer}\n")
        world.until(lambda: conf.read_text() == f"password = {newer}\n", "a new value arrives")
        world.until(world.state_of("in sync"), "its rollout has ended")
        conf.write_text("password = by hand\n")
        said += [world.reconciler(*words) for words in (("plan",), ("status",), ("history",), ("explain", "shop@test"))]
        assert daemon.stop() == 0
    for value in (secret, newer):
        assert all(value not in each.text for each in said)
        assert value not in daemon.log
        assert not _files_with(world.state, value)
        assert not _files_with(world.repository, value)
        assert value not in (world.folder / "plan.json").read_text()


def test_a_secret_that_is_missing_blocks_its_unit_alone(world: World) -> None:
    secret = unmistakable("db")
    may_hold(world.home())
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
    again = world.reconciler("run", "--once", RECONCILER_SECRET_SHOP_DB=secret)
    assert again.status == 0, again.text
    assert (world.home() / "shop.conf").read_text() == secret


def test_secrets_of_stores_arrive_on_their_host_and_a_new_one_is_noticed(world: World) -> None:
    known, newer, login = unmistakable("db"), unmistakable("the newer db"), unmistakable("vault id")
    identity, sealed = pyrage.x25519.Identity.generate(), unmistakable("sealed")
    own, home = world.folder / "secrets", world.home()
    may_hold(own, home)
    for name, text in (("vault/id", login), ("age/key", str(identity)), ("told", unmistakable("told"))):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text)
    server = VaultServer(role=("the-role", login))
    server.put("shop/db", {"user": "shop", "password": known})
    with serving(server):
        programs = {"tell": ["/bin/cat", f"{own}/told", "--"]}
        world.settings(
            secrets={"directory": "secrets", "programs": programs}, git={"poll": "300ms"}, log={"level": "debug"}
        )
        names = {"db": "vault:shop/db#password", "sealed": "sealed:shop", "told": "told:dev/null"}
        text = "{{ secrets.db }} {{ secrets.sealed }} {{ secrets.told }}\n"
        world.write(
            {
                "desired-state/shop.conf": text,
                "policies/stores.yaml": STORES.format(url=server.url),
                "policies/files/shop.age": pyrage.encrypt(sealed.encode(), [identity.to_public()]),
            }
        )
        commit = world.app({"file": {"path": "~/shop.conf", "template": "shop.conf", "secrets": names}})
        said = [world.reconciler("plan"), world.reconciler("plan", "--format", "json"), world.reconciler("doctor")]
        with world.daemon() as daemon:
            world.until(world.in_sync_at(commit), "the rollout")
            assert (home / "shop.conf").read_text().split()[:2] == [known, sealed]
            server.put("shop/db", {"user": "shop", "password": newer})
            world.until(lambda: newer in (home / "shop.conf").read_text(), "a new value arrives")
            world.until(world.state_of("in sync"), "its rollout has ended")
            server.away = 503
            world.until(lambda: world.unit().get("state") == "waiting", "the store is missed")
            said += [world.reconciler(*words) for words in (("explain", "shop@test"), ("status",))]
            assert newer in (home / "shop.conf").read_text()
            server.away = 0
            world.until(world.state_of("in sync"), "the store is back")
            assert daemon.stop() == 0
    assert "the store vault cannot be asked for shop/db: HTTP 503, it is sealed" in said[-2].flat
    assert [each.text for each in said if "Kp9~" in each.text or str(identity) in each.text] == []


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
