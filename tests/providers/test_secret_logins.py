"""How stores far away are logged in to: tokens and keys that run out, are refused, or are no good at all."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest

from reconciler.model.secret_store import AgeStore, AppRole, AwsEnvironment, AwsStore, Encrypted, VaultStore
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers.aws_signature import AwsKeyPair, Scope, signed
from reconciler.providers.http import Request
from reconciler.providers.secret_stores import AllSecrets
from tests.leaks import may_hold, unmistakable
from tests.providers.secret_benches import BENCHES, CACHED, Bench
from tests.providers.secret_servers import AwsServer, VaultServer, serving
from tests.providers.tls import Authority
from tests.providers.tls import serving as shown


@contextmanager
def having(name: str, folder: Path, **server: Any) -> Iterator[tuple[Bench, AllSecrets]]:
    may_hold(folder)
    bench = Bench(folder=folder, environment={"PATH": "/usr/bin:/bin"})
    with BENCHES[name](bench):
        for attribute, value in server.items():
            setattr(bench.server, attribute, value)
        bench.put("shop/db", unmistakable("db").encode())
        secrets = bench.secrets()
        yield bench, secrets
        secrets.close()


@pytest.mark.parametrize("name", ["vault", "vault_by_jwt"])
def test_a_token_of_vault_is_used_until_it_runs_out(tmp_path: Path, name: str) -> None:
    with having(name, tmp_path, lease=1000) as (bench, secrets):
        for after, logins in ((0, 1), (600, 1), (600, 2)):
            bench.clock.time += timedelta(seconds=after)
            assert secrets.value("it:shop/db")
            assert bench.server.logins == logins


def test_a_token_that_was_taken_back_is_fetched_anew_once(tmp_path: Path) -> None:
    with having("vault", tmp_path) as (bench, secrets):
        assert secrets.value("it:shop/db")
        bench.server.tokens.clear()
        bench.clock.time += CACHED
        assert secrets.value("it:shop/db")
        assert bench.server.logins == 2


def test_no_right_to_one_secret_is_no_trouble_for_another(tmp_path: Path) -> None:
    with having("vault_by_token", tmp_path) as (bench, secrets):
        token = bench.server.tokens.copy()
        bench.server.tokens.clear()
        with pytest.raises(
            SecretUnknown, match="the store it cannot be asked for shop/other: HTTP 403, we have no right"
        ):
            secrets.value("it:shop/other")
        bench.server.tokens |= token
        assert secrets.value("it:shop/db")


def test_a_login_that_is_refused_is_tried_once_in_a_while(tmp_path: Path) -> None:
    with having("vault", tmp_path, role=("another", "x")) as (bench, secrets):
        for name in ("db", "other", "third"):
            with pytest.raises(SecretUnknown, match="cannot be logged in to with the role the-role: HTTP 400"):
                secrets.value(f"it:shop/{name}")
        assert len(bench.server.asked) == 1


def test_a_login_that_the_machine_does_not_have_is_told_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with having("vault", tmp_path) as (bench, _):
        bench.own.clear()
        (tmp_path / "own/vault/id").unlink()
        secrets = bench.secrets()
        with pytest.raises(SecretMissing, match="the secret vault/id is nowhere; looked at "):
            secrets.value("it:shop/db")
        secrets.close()


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"data": {"value": "kv of version 1"}}', b"[" * 100_000])
def test_an_answer_of_vault_that_makes_no_sense_says_nothing_of_the_value(tmp_path: Path, raw: bytes) -> None:
    with having("vault", tmp_path, raw=raw) as (_, secrets), pytest.raises(SecretUnknown) as unknown:
        secrets.value("it:shop/db")
    assert "version 1" not in str(unknown.value)


def test_vault_is_asked_over_tls_by_the_authority_that_is_named_and_by_no_other(tmp_path: Path) -> None:
    authority, other = Authority.make(), Authority.make()
    context = shown(tmp_path, *authority.issue("127.0.0.1"))
    server = VaultServer(role=("the-role", "id"))
    server.put("shop/db", {"value": "over tls"})
    with serving(server, lambda socket: context.wrap_socket(socket, server_side=True)):
        login = AppRole(role="the-role", secret="vault/id")
        url = server.url.replace("http:", "https:")
        bench = Bench(folder=tmp_path, environment={}, own={"vault/id": "id"})
        bench.source = VaultStore(url=url, login=login, ca=authority.pem)
        secrets = bench.secrets()
        assert secrets.value("it:shop/db") == "over tls"
        bench.source = replace(bench.source, ca=other.pem)
        secrets.follow({"it": bench.store()})
        with pytest.raises(SecretUnknown, match="the store it cannot be asked"):
            secrets.value("it:shop/db")
        secrets.close()
    assert isinstance(context, ssl.SSLContext)


@pytest.mark.parametrize("name", ["aws_by_web_identity", "aws_of_instance"])
def test_keys_of_aws_are_used_until_they_run_out_and_fetched_anew_when_they_are_refused(
    tmp_path: Path, name: str
) -> None:
    with having(name, tmp_path, until="2026-11-21T13:00:00Z") as (bench, secrets):
        assert secrets.value("it:shop/db")
        bench.clock.time += timedelta(minutes=30)
        assert secrets.value("it:shop/db")
        assert bench.server.given == 1
        bench.server.until = "2026-11-21T20:00:00Z"
        bench.clock.time += timedelta(minutes=29, seconds=30)
        assert secrets.value("it:shop/db")
        assert bench.server.given == 2
        bench.server.expired = set(bench.server.keys)
        bench.clock.time += CACHED
        assert secrets.value("it:shop/db")
        assert bench.server.given == 3


def test_keys_in_the_environment_are_those_of_aws_own_tools(tmp_path: Path) -> None:
    server = AwsServer(values={"shop/db": {"AWSCURRENT": "value"}})
    with serving(server):
        bench = Bench(folder=tmp_path, environment={"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE"})
        bench.source = AwsStore(region="eu-central-1", login=AwsEnvironment(), endpoint=server.url)
        secrets = bench.secrets()
        with pytest.raises(SecretUnknown, match="the environment of the daemon has no AWS_SECRET_ACCESS_KEY"):
            secrets.value("it:shop/db")
        bench.environment |= {"AWS_SECRET_ACCESS_KEY": unmistakable("key"), "AWS_SESSION_TOKEN": "session"}
        bench.clock.time += timedelta(seconds=15)
        assert secrets.value("it:shop/db") == "value"
        assert server.seen[-1]["X-Amz-Security-Token"] == "session"
        secrets.close()


AWS_EXAMPLE = AwsKeyPair(key="AKIDEXAMPLE", secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@pytest.mark.parametrize(
    ("method", "signature"),
    [
        ("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_a_request_is_signed_as_in_the_examples_of_aws(method: str, signature: str) -> None:
    """The cases get-vanilla and post-vanilla of AWS's Signature Version 4 test suite."""
    scope = Scope(region="us-east-1", service="service", at=datetime(2015, 8, 30, 12, 36, tzinfo=UTC))
    sent = signed(Request(url="https://example.amazonaws.com/", method=method), AWS_EXAMPLE, scope)
    assert sent.headers["X-Amz-Date"] == "20150830T123600Z"
    assert sent.headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )
    assert AWS_EXAMPLE.secret not in repr(AWS_EXAMPLE)


@pytest.mark.parametrize("armour", [False, True])
def test_a_file_of_age_may_be_for_an_ssh_key_and_may_have_armour(tmp_path: Path, armour: bool) -> None:
    import asyncssh

    key, value = asyncssh.generate_private_key("ssh-ed25519"), unmistakable("db")
    recipient = pyrage.ssh.Recipient.from_str(key.export_public_key().decode().strip())
    data = pyrage.encrypt(value.encode(), [recipient])
    if armour:
        import base64

        text = base64.encodebytes(data).decode().strip()
        data = f"-----BEGIN AGE ENCRYPTED FILE-----\n{text}\n-----END AGE ENCRYPTED FILE-----\n".encode()
    bench = Bench(folder=tmp_path, environment={}, own={"age/ssh": key.export_private_key().decode()})
    encrypted = Encrypted(files=(("db.age", data),))
    bench.source = AgeStore(encrypted=encrypted, identities=("age/ssh",))
    assert bench.secrets().value("it:db") == value


@pytest.mark.parametrize("identity", ["", "AGE-SECRET-KEY-1NONSENSE", "-----BEGIN OPENSSH PRIVATE KEY-----\nx", "key"])
def test_an_identity_that_is_none_is_told_without_it(tmp_path: Path, identity: str) -> None:
    data = pyrage.encrypt(b"value", [pyrage.x25519.Identity.generate().to_public()])
    bench = Bench(folder=tmp_path, environment={}, own={"age/key": identity})
    bench.source = AgeStore(encrypted=Encrypted(files=(("db.age", data),)), identities=("age/key",))
    with pytest.raises(SecretMissing, match=r"an identity of the store it is neither|cannot be decrypted") as missing:
        bench.secrets().value("it:db")
    assert "NONSENSE" not in str(missing.value)
