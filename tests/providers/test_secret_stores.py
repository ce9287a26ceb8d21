"""All stores of secrets do the same: one suite, run on each of them.

age is real. Vault, OpenBao and AWS are served as documented, ``sops`` is a program that does as documented: none of
them is to be had here.
"""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.secret_store import CredentialStore, EnvironmentStore, FolderStore, TokenLogin, VaultStore
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers.secret_cache import BRIEFLY
from reconciler.providers.secret_reading import LARGEST
from reconciler.providers.secret_stores import AllSecrets
from tests.leaks import may_hold, unmistakable
from tests.providers.secret_benches import BENCHES, CACHED, Bench, came_with_commit

FAR = ["vault", "vault_by_jwt", "vault_by_token", "aws", "aws_by_web_identity", "aws_of_instance"]
CAN_BE_AWAY = ["sops", "command", *FAR]
BYTES = ["files", "credentials", "age", "command", "aws"]


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(folder=tmp_path, environment={"PATH": "/usr/bin:/bin"})
    may_hold(tmp_path / "own", tmp_path / "key")
    if request.param in ("files", "credentials", "command"):
        may_hold(tmp_path / "team", tmp_path / "credentials")
    with BENCHES[request.param](made):
        yield made


@pytest.fixture
def secrets(bench: Bench) -> Iterator[AllSecrets]:
    made = bench.secrets()
    yield made
    made.close()


every = pytest.mark.parametrize("bench", list(BENCHES), indirect=True)


def some(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bench", names, indirect=True)


@every
def test_a_value_is_had_by_its_path(bench: Bench, secrets: AllSecrets) -> None:
    value = unmistakable("db")
    bench.put("shop/db", value.encode())
    assert secrets.value("it:shop/db") == value


@every
def test_a_value_is_had_by_its_key_however_deep(bench: Bench, secrets: AllSecrets) -> None:
    value = unmistakable("db")
    bench.put("shop", json.dumps({"db": {"password": value, "port": 5432}, "flat.name": value}).encode())
    assert secrets.value("it:shop#db.password") == value
    assert secrets.value("it:shop#db.port") == "5432"
    assert secrets.value("it:shop#flat.name") == value


@every
def test_a_key_that_is_not_there_and_one_that_is_no_text_are_told_without_the_rest(
    bench: Bench, secrets: AllSecrets
) -> None:
    bench.put("shop", json.dumps({"db": unmistakable("db"), "on": True, "more": {"a": unmistakable("a")}}).encode())
    for reference, said in (
        ("it:shop#none", "there is no key none in it"),
        ("it:shop#on", "is neither text nor a whole number"),
        ("it:shop#more", "is neither text nor a whole number"),
        ("it:shop#db.deeper", "there is no key db.deeper in it"),
    ):
        with pytest.raises(SecretMissing) as missing:
            secrets.value(reference)
        assert said in str(missing.value)
        assert "Kp9~" not in str(missing.value)


@every
def test_what_is_not_there_is_missing_unless_the_store_cannot_say_so(bench: Bench, secrets: AllSecrets) -> None:
    with pytest.raises(SecretMissing) as missing:
        secrets.value("it:shop/none")
    # A program has but one way to say no.
    assert isinstance(missing.value, SecretUnknown) == (bench.source.__class__.__name__ == "CommandStore")
    assert "it" in str(missing.value)


@every
def test_a_value_that_comes_late_is_found_a_little_later(bench: Bench, secrets: AllSecrets) -> None:
    with pytest.raises(SecretMissing):
        secrets.value("it:shop/db")
    bench.put("shop/db", unmistakable("db").encode())
    bench.clock.time += BRIEFLY
    assert secrets.value("it:shop/db")


@every
def test_a_value_is_kept_for_a_while_and_a_new_one_is_had_after_it(bench: Bench, secrets: AllSecrets) -> None:
    first, second = unmistakable("first"), unmistakable("second")
    bench.put("shop/db", first.encode())
    assert secrets.value("it:shop/db") == first
    bench.put("shop/db", second.encode())
    bench.clock.time += CACHED - timedelta(seconds=1)
    assert secrets.value("it:shop/db") == first
    bench.clock.time += timedelta(seconds=1)
    assert secrets.value("it:shop/db") == second
    assert secrets.keyed("sha256:00") == secrets.keyed("sha256:00") != "keyed:00"


@some(*CAN_BE_AWAY)
def test_a_store_that_is_away_says_nothing_of_its_values_and_comes_back(bench: Bench, secrets: AllSecrets) -> None:
    bench.put("shop/db", unmistakable("db").encode())
    assert secrets.value("it:shop/db")
    bench.clock.time += CACHED
    assert bench.away
    bench.away()
    for reference in ("it:shop/db", "it:shop/db", "it:shop/other"):
        with pytest.raises(SecretUnknown, match=r"the store it|cannot run"):
            secrets.value(reference)
    if bench.server:
        bench.server.away = 0
        bench.clock.time += BRIEFLY
        assert secrets.value("it:shop/db")


@some(*FAR)
def test_a_store_that_is_away_is_asked_once_in_a_while_and_not_once_a_secret(bench: Bench, secrets: AllSecrets) -> None:
    bench.server.away = 503
    for number in range(20):
        with pytest.raises(SecretUnknown):
            secrets.value(f"it:shop/{number}")
    assert len(bench.server.asked) == 1


@some("vault", "aws")
def test_nobody_at_the_address_of_a_store_says_nothing_of_its_values(bench: Bench) -> None:
    name = "url" if hasattr(bench.source, "url") else "endpoint"
    bench.source = replace(bench.source, **{name: "http://127.0.0.1:9"})
    secrets = bench.secrets()
    with pytest.raises(SecretUnknown, match=r"the store it cannot be asked: no answer from http://127.0.0.1:9"):
        secrets.value("it:shop/db")
    secrets.close()


@some(*FAR)
def test_a_slow_store_is_waited_for_no_longer_than_its_limit(bench: Bench) -> None:
    bench.limit = timedelta(milliseconds=200)
    bench.server.held.clear()
    secrets = bench.secrets()
    with pytest.raises(SecretUnknown, match=r"no answer from .* within 0.2 s"):
        secrets.value("it:shop/db")
    secrets.close()


@some("vault", "aws")
def test_whoever_waits_for_a_store_is_let_go_when_all_is_closed(bench: Bench, secrets: AllSecrets) -> None:
    bench.server.held.clear()
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(secrets.value, "it:shop/db")
        assert bench.server.came.wait(30)
        secrets.close()
        with pytest.raises(SecretUnknown, match="the store it cannot be asked: the program is about to end"):
            asking.result(30)
    with pytest.raises(SecretUnknown, match="the program is about to end"):
        secrets.value("it:shop/other")


@some("command")
def test_a_program_that_does_not_end_is_ended(bench: Bench) -> None:
    bench.limit = timedelta(milliseconds=200)
    bench.programs["get"] = ("/bin/sh", "-c", "sleep 60 & wait")
    secrets = bench.secrets()
    with pytest.raises(SecretUnknown, match=r"/bin/sh has not ended within 0.2 s"):
        secrets.value("it:shop/db")


@some(*FAR)
def test_many_readers_of_one_secret_are_one_question(bench: Bench, secrets: AllSecrets) -> None:
    value = unmistakable("db")
    bench.put("shop/db", value.encode())
    secrets.value("it:shop/db")
    before, ready = len(bench.server.asked), threading.Barrier(8)
    bench.clock.time += CACHED - timedelta(minutes=1)
    bench.put("shop/two", value.encode())

    def read() -> str:
        ready.wait(30)
        return secrets.value("it:shop/two")

    with ThreadPoolExecutor(8) as threads:
        assert [each.result() for each in [threads.submit(read) for _ in range(8)]] == [value] * 8
    assert len(bench.server.asked) == before + 1


@some(*BYTES)
def test_bytes_that_are_no_text_are_told_without_them(bench: Bench, secrets: AllSecrets) -> None:
    bench.put("shop/db", b"\xff\xfe" + unmistakable("db").encode())
    for reference in ("it:shop/db", "it:shop/db#key"):
        with pytest.raises(SecretMissing, match="is not text in UTF-8") as missing:
            secrets.value(reference)
        assert "Kp9~" not in str(missing.value)


@every
def test_a_text_that_is_no_mapping_has_no_keys_and_is_not_told(bench: Bench, secrets: AllSecrets) -> None:
    bench.put("shop/db", b"{ not: json, nor: [yaml " + unmistakable("db").encode())
    with pytest.raises(SecretMissing) as missing:
        secrets.value("it:shop/db#password")
    assert "Kp9~" not in str(missing.value)


@some("files", "credentials", "age", "command", "sops", "aws")
def test_what_is_too_large_is_no_secret(bench: Bench, secrets: AllSecrets) -> None:
    bench.put("shop/db", b"x" * (LARGEST + 100_000))
    with pytest.raises(SecretUnknown, match="more than 1 MiB, which is no secret"):
        secrets.value("it:shop/db")


@some("environment", "files", "credentials", "age", "sops", "command")
def test_a_store_that_keeps_no_versions_says_so(bench: Bench, secrets: AllSecrets) -> None:
    with pytest.raises(SecretMissing, match="the store it keeps no versions; leave out @2"):
        secrets.value("it:shop/db@2")


@some("vault", "aws")
def test_an_older_version_is_had_by_its_name(bench: Bench, secrets: AllSecrets) -> None:
    first, second = unmistakable("first"), unmistakable("second")
    for value in (first, second):
        bench.put("shop/db", value.encode())
    older = "1" if hasattr(bench.source, "mount") else "AWSPREVIOUS"
    assert (secrets.value("it:shop/db"), secrets.value(f"it:shop/db@{older}")) == (second, first)
    with pytest.raises(SecretMissing, match="version 7 of the secret team/shop/db is not in the store it"):
        secrets.value("it:shop/db@7")


@some("sops", "command")
def test_no_value_and_no_key_is_in_the_words_of_a_program(bench: Bench, secrets: AllSecrets) -> None:
    value = unmistakable("db")
    bench.put("shop", json.dumps({"db": value}).encode())
    assert secrets.value("it:shop#db") == value
    assert bench.called
    words = bench.called.read_text()
    assert words.startswith(("/", str(bench.folder)))
    assert "AGE-SECRET-KEY" not in words


@some("age", "sops")
def test_encrypted_files_may_come_with_the_commit(bench: Bench) -> None:
    value = unmistakable("db")
    bench.put("shop", json.dumps({"db": value}).encode())
    came_with_commit(bench)
    secrets = bench.secrets()
    assert secrets.value("it:shop#db") == value
    with pytest.raises(SecretMissing, match="the commit has no other"):
        secrets.value("it:other#db")


@every
def test_nothing_of_a_value_or_a_login_is_in_what_a_store_looks_like(bench: Bench, secrets: AllSecrets) -> None:
    value = unmistakable("db")
    bench.put("shop/db", value.encode())
    secrets.value("it:shop/db")
    shown = f"{secrets!r} {vars(secrets)!r} {secrets.by({'it': bench.store()})!r} {bench.store()!r}"
    assert [each for each in (value, *bench.own.values()) if each in shown] == []


@pytest.mark.parametrize(
    "reference",
    ["one-time-codes/ann", "one-time-codes.ann", "ONE_TIME_CODES_ANN", "it:one-time-codes/ann", "forge/token"],
)
@pytest.mark.parametrize("source", [EnvironmentStore(), CredentialStore()])
def test_what_is_the_daemons_own_is_missing_for_documents_however_it_is_spelt(
    tmp_path: Path, source: object, reference: str
) -> None:
    seeds = {"RECONCILER_SECRET_ONE_TIME_CODES_ANN": "seed", "RECONCILER_SECRET_FORGE_TOKEN": "token"}
    bench = Bench(folder=tmp_path, environment={**seeds, "CREDENTIALS_DIRECTORY": str(tmp_path)}, source=source)
    (tmp_path / "one-time-codes.ann").write_text("seed")
    secrets = bench.secrets()
    for asked in (secrets, secrets.by({"it": bench.store()})):
        with pytest.raises(SecretMissing, match=f"{reference} is the daemon's own; no document may name it"):
            asked.value(reference)
    secrets.close()


@pytest.mark.parametrize(("prefix", "path"), [("one-time-codes/", "ann"), ("ONE_", "TIME_CODES_ANN")])
def test_no_prefix_of_a_store_leads_to_what_is_the_daemons_own(tmp_path: Path, prefix: str, path: str) -> None:
    environment = {"RECONCILER_SECRET_ONE_TIME_CODES_ANN": "seed"}
    secrets = Bench(folder=tmp_path, environment=environment, source=EnvironmentStore(prefix=prefix)).secrets()
    with pytest.raises(SecretMissing, match="is the daemon's own"):
        secrets.value(f"it:{path}")
    secrets.close()


@pytest.mark.parametrize(
    ("folder", "path"),
    [(".", "own/one-time-codes/ann"), ("own", "one-time-codes/ann"), ("own/one-time-codes", "ann"), ("link", "ann")],
)
def test_no_folder_of_the_settings_leads_to_what_is_the_daemons_own(tmp_path: Path, folder: str, path: str) -> None:
    source = FolderStore(folder="team")
    bench = Bench(folder=tmp_path, environment={}, source=source, own={"one-time-codes/ann": "seed", "shop/db": "db"})
    (tmp_path / "link").symlink_to("own/one-time-codes")
    bench.folders["team"] = tmp_path / folder
    secrets = bench.secrets()
    with pytest.raises(SecretMissing, match=f"it:{path} is the daemon's own"):
        secrets.value(f"it:{path}")
    if folder == "own":
        assert secrets.value("it:shop/db") == "db"
    secrets.close()


def test_nobody_logs_in_to_a_store_with_what_is_the_daemons_own(tmp_path: Path) -> None:
    source = VaultStore(url="http://127.0.0.1:1", login=TokenLogin(token="forge/token"))
    secrets = Bench(folder=tmp_path, environment={}, source=source, own={"forge/token": "token"}).secrets()
    with pytest.raises(SecretMissing, match="forge/token is the daemon's own"):
        secrets.value("it:shop/db")
    secrets.close()
