"""SecretStores in Git: what they become, the files that come with them, and which commits' stores are asked."""

from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.desired.load import Folders, Loading
from reconciler.model.identity import UnitId
from reconciler.model.secret_store import (
    AgeStore,
    AppRole,
    AwsInstance,
    AwsKeys,
    AwsStore,
    AwsWebIdentity,
    CommandStore,
    CredentialStore,
    Encrypted,
    EnvironmentStore,
    FolderStore,
    JwtLogin,
    SecretStore,
    SopsStore,
    TokenLogin,
    VaultStore,
    parsed,
)
from reconciler.ports.secrets import SecretUnknown
from reconciler.providers.secret_stores import AllSecrets
from tests.desired.note import BASE, KINDS, loaded
from tests.providers.secret_benches import Bench

URL = "https://vault.example.net"


@pytest.mark.parametrize(
    ("spec", "source"),
    [
        ("environment: {prefix: team/}", EnvironmentStore(prefix="team/")),
        ("environment:", EnvironmentStore()),
        ("files: {folder: team}", FolderStore(folder="team")),
        ("credentials:", CredentialStore()),
        ("command: {program: pass}", CommandStore(program="pass")),
        (
            "age: {repository: policies/files, identities: [age/key]}",
            AgeStore(encrypted=Encrypted(files=(("shop/db.age", b"sealed"),)), identities=("age/key",)),
        ),
        ("sops: {folder: team}", SopsStore(encrypted=Encrypted(folder="team"), identities=())),
        (
            f'vault: {{url: "{URL}/", approle: {{roleId: r, secretId: vault/id}}, namespace: ops}}',
            VaultStore(url=URL, login=AppRole(role="r", secret="vault/id"), namespace="ops"),
        ),
        (
            f'vault: {{url: "{URL}", jwt: {{role: r, token: vault/jwt, mount: k8s}}, mount: kv, prefix: team/}}',
            VaultStore(url=URL, login=JwtLogin(role="r", token="vault/jwt", mount="k8s"), mount="kv", prefix="team/"),
        ),
        (
            'vault: {url: "http://127.0.0.1:8200", token: vault/token}',
            VaultStore(url="http://127.0.0.1:8200", login=TokenLogin(token="vault/token")),
        ),
        ("aws: {region: eu-central-1}", AwsStore(region="eu-central-1")),
        (
            "aws: {region: us-gov-west-1, login: keys, keys: {accessKeyId: AKIAIOSFODNN7EXAMPLE, secretAccessKey: k}}",
            AwsStore(region="us-gov-west-1", login=AwsKeys(key="AKIAIOSFODNN7EXAMPLE", secret="k")),
        ),
        (
            "aws: {region: eu-west-1, login: web-identity}",
            AwsStore(region="eu-west-1", login=AwsWebIdentity()),
        ),
        ("aws: {region: eu-west-1, login: instance}", AwsStore(region="eu-west-1", login=AwsInstance())),
    ],
)
def test_a_store_is_read_with_all_that_is_said_of_it(spec: str, source: object) -> None:
    text = f"kind: SecretStore\nmetadata: {{name: it}}\nspec:\n  {spec}\n  cacheFor: 90s\n  limit: 3s\n"
    desired = loaded({"policies/s.yaml": text, "policies/files/shop/db.age": b"sealed"})
    wanted = SecretStore(name="it", source=source, cache_for=timedelta(seconds=90), limit=timedelta(seconds=3))  # type: ignore[arg-type]
    assert dict(desired.stores) == {"it": wanted}
    assert "sealed" not in repr(desired.stores)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("shop/db", ("", "shop/db", "", "")),
        ("vault:shop/db#password", ("vault", "shop/db", "", "password")),
        ("vault:shop/db@3#a.b", ("vault", "shop/db", "3", "a.b")),
        ("aws:team/shop_db+x@AWSPREVIOUS", ("aws", "team/shop_db+x", "AWSPREVIOUS", "")),
        ("a:b", ("a", "b", "", "")),
    ],
)
def test_a_reference_is_taken_apart(text: str, parts: tuple[str, ...]) -> None:
    found = parsed(text)
    assert (found.store, found.path, found.version, found.key) == parts


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            ":",
            "a:",
            ":a",
            "a:/b",
            "a:b/",
            "a:../b",
            "a:b/../c",
            "a:.b",
            "a:-rf",
            "a:b//c",
            "a:b#",
            "a:b@",
            "a:b@1@2",
        ),
        *(
            "a:b#c#d",
            "a b:c",
            "a:b c",
            "a:b\n",
            "a:b\0",
            "a:b?c",
            "a:b%2f",
            "a:b;c",
            "a:$(b)",
            "-a:b",
            "a:" + "b" * 1000,
        ),
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write words joined by /"):
        parsed(text)


APP = """\
kind: App
metadata: {name: shop}
spec:
  version: "1"
  environments: {production: {}}
  targets: {hosts: {role: web}}
  resources: [note: {path: /a, template: t.txt, secrets: {db: "it:shop/db"}}]
"""


def files(store: str) -> dict[str, bytes]:
    texts = {
        "desired-state/base.yaml": BASE,
        "desired-state/app.yaml": APP,
        "desired-state/t.txt": "{{ secrets.db }}",
        "policies/s.yaml": f"kind: SecretStore\nmetadata: {{name: it}}\nspec: {{{store}}}\n",
    }
    return {name: text.encode() for name, text in texts.items()}


def blocked(loading: Loading, store: str, how: str = "load") -> str | None:
    desired = getattr(loading, how)("c" * 40, files(store))
    if how == "load":
        loading.secrets.follow(desired.stores)
    found: str | None = desired.units[UnitId("shop", "production")].blocked
    return found


@pytest.fixture
def machine(tmp_path: Path) -> AllSecrets:
    asked = f"""echo "$2" >>{tmp_path}/asked; echo value"""
    programs = {"get": ("/bin/sh", "-c", asked, "get", "--"), "other": ("/bin/sh", "-c", asked, "other", "--")}
    bench = Bench(folder=tmp_path, environment={"PATH": "/usr/bin:/bin"}, programs=programs)
    bench.source = EnvironmentStore()
    secrets = bench.secrets()
    secrets.follow({})
    return secrets


def test_a_commit_that_is_only_looked_at_has_no_store_of_its_own_asked(tmp_path: Path, machine: AllSecrets) -> None:
    loading = Loading(KINDS, machine, Folders())
    not_asked = (
        "the secret it:shop/db is not looked up: no commit that is followed has the SecretStore it as it is here"
    )
    assert blocked(loading, "command: {program: get}", "preview") == not_asked
    assert not (tmp_path / "asked").exists()
    assert blocked(loading, "command: {program: get}") is None
    assert blocked(loading, "command: {program: get}", "preview") is None
    assert (tmp_path / "asked").read_text() == "shop/db\n"
    assert blocked(loading, "command: {program: other}", "preview") == not_asked
    assert (tmp_path / "asked").read_text() == "shop/db\n"


def test_a_reference_is_looked_up_by_the_stores_that_are_followed_now(tmp_path: Path, machine: AllSecrets) -> None:
    loading = Loading(KINDS, machine, Folders())
    assert blocked(loading, "command: {program: get}") is None
    assert machine.value("it:older/one") == "value"
    assert blocked(loading, "command: {program: other}") is None
    assert machine.value("it:older/one") == "value"
    assert (tmp_path / "asked").read_text().split() == ["shop/db", "older/one", "shop/db", "older/one"]


def test_a_commit_of_before_is_told_by_the_stores_that_are_followed_now(tmp_path: Path, machine: AllSecrets) -> None:
    loading = Loading(KINDS, machine, Folders())
    assert blocked(loading, "command: {program: get}") is None
    (tmp_path / "asked").unlink()
    assert blocked(loading, "command: {program: other}", "recall") is None
    assert not (tmp_path / "asked").exists()
    machine.follow({})
    nowhere = "the secret it:shop/db is nowhere: Git has no SecretStore named it"
    assert blocked(loading, "command: {program: other}", "recall") == nowhere
    assert not (tmp_path / "asked").exists()


def test_a_store_wants_what_the_settings_of_the_machine_name(machine: AllSecrets) -> None:
    loading = Loading(KINDS, machine, Folders())
    said = blocked(loading, "command: {program: nope}") or ""
    assert said == (
        "the store it wants the program nope, and the settings of this machine name its programs under "
        "[secrets.programs]: it names get, other"
    )
    assert "it names none" in (blocked(loading, "files: {folder: team}") or "")
    with pytest.raises(SecretUnknown):
        machine.value("it:shop/db")
