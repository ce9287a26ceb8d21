"""One bench for each sort of store: a real one or what stands for it, with values that a test puts there."""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage

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
)
from reconciler.providers.http_in_threads import HttpInThreads
from reconciler.providers.secret_opening import Machine
from reconciler.providers.secret_stores import AllSecrets
from reconciler.providers.secrets import LocalSecrets
from tests.leaks import unmistakable
from tests.providers import sops_stub
from tests.providers.secret_servers import AwsServer, Server, VaultServer, serving

ROOT = Path(__file__).parents[2]
CACHED = timedelta(minutes=5)


class SetClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time


@dataclass
class Bench:
    """A store named ``it``, of a machine in a folder. ``put`` has a value there, ``away`` takes the store away."""

    folder: Path
    environment: dict[str, str]
    source: Any = None
    clock: SetClock = field(default_factory=SetClock)
    folders: dict[str, Path] = field(default_factory=dict)
    programs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    limit: timedelta = timedelta(minutes=1)
    put: Callable[[str, bytes | None], None] = lambda path, value: None
    away: Callable[[], None] | None = None
    server: Any = None
    own: dict[str, str] = field(default_factory=dict)
    called: Path | None = None

    def secrets(self) -> AllSecrets:
        """Return the secrets, that follow a commit with the store."""
        for name, value in self.own.items():
            path = self.folder / "own" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(value)
        machine = Machine(
            local=LocalSecrets(self.folder / "own", self.folder / "key", self.environment),
            environment=self.environment,
            clock=self.clock,  # type: ignore[arg-type]
            threads=HttpInThreads(),
            folders=self.folders,
            programs=self.programs,
            reserved=("forge/token",),
        )
        made = AllSecrets(machine)
        made.follow({"it": self.store()})
        return made

    def store(self) -> SecretStore:
        return SecretStore(name="it", source=self.source, cache_for=CACHED, limit=self.limit)


def _files(folder: Path) -> Callable[[str, bytes | None], None]:
    def put(path: str, value: bytes | None) -> None:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if value is None:
            place.unlink()
        else:
            place.write_bytes(value)

    return put


@contextmanager
def environment(bench: Bench) -> Iterator[None]:
    def put(path: str, value: bytes | None) -> None:
        name = "RECONCILER_SECRET_TEAM_" + path.upper().replace("/", "_")
        bench.environment.pop(name, None)
        if value is not None:
            bench.environment[name] = value.decode(errors="surrogateescape")

    bench.source, bench.put = EnvironmentStore(prefix="team/"), put
    yield


@contextmanager
def files(bench: Bench) -> Iterator[None]:
    bench.folders["team"] = bench.folder / "team"
    bench.source, bench.put = FolderStore(folder="team"), _files(bench.folder / "team")
    yield


@contextmanager
def credentials(bench: Bench) -> Iterator[None]:
    bench.environment["CREDENTIALS_DIRECTORY"] = str(bench.folder / "credentials")
    write = _files(bench.folder / "credentials")
    bench.source = CredentialStore(prefix="team.")
    bench.put = lambda path, value: write("team." + path.replace("/", "."), value)
    yield


@contextmanager
def age(bench: Bench) -> Iterator[None]:
    identity = pyrage.x25519.Identity.generate()
    bench.own["age/key"] = f"# created by a test\n{identity}\n"
    bench.folders["team"] = bench.folder / "team"
    write = _files(bench.folder / "team")
    recipients = [identity.to_public()]
    bench.put = lambda path, value: write(f"{path}.age", value and pyrage.encrypt(value, recipients))
    bench.source = AgeStore(encrypted=Encrypted(folder="team"), identities=("age/key",))
    yield


@contextmanager
def sops(bench: Bench) -> Iterator[None]:
    identity = pyrage.x25519.Identity.generate()
    bench.own["age/key"] = str(identity)
    bench.folders["team"] = bench.folder / "team"
    programs = bench.folder / "bin"
    programs.mkdir()
    sops_stub.install(programs, sys.executable, ROOT)
    bench.environment["PATH"] = f"{programs}:/usr/bin:/bin"
    write = _files(bench.folder / "team")

    def put(path: str, value: bytes | None) -> None:
        entries = {"value": value.decode()} if value is not None else {}
        write(f"{path}.yaml", value and sops_stub.encrypted(_entries(value) or entries, identity.to_public()))

    bench.put, bench.called = put, programs / "sops.called"
    bench.source = SopsStore(encrypted=Encrypted(folder="team"), identities=("age/key",))
    bench.away = (programs / "sops").unlink
    yield


@contextmanager
def command(bench: Bench) -> Iterator[None]:
    program = bench.folder / "bin" / "get"
    program.parent.mkdir()
    shutil.copy("/bin/sh", program.parent / "sh")
    program.write_text(
        f'#!{program.parent}/sh\ntr "\\0" " " </proc/$$/cmdline >{program}.called\n'
        f'echo "no $2: $(cat {bench.folder}/team/* 2>/dev/null)" >&2\nexec cat "{bench.folder}/team/$2"\n'
    )
    program.chmod(0o755)
    bench.programs["get"] = (str(program), "--path")
    bench.source, bench.put = CommandStore(program="get"), _files(bench.folder / "team")
    bench.away, bench.called = program.unlink, program.with_name("get.called")
    yield


def _entries(value: bytes) -> dict[str, Any] | None:
    import json

    try:
        read = json.loads(value)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _in_vault(server: VaultServer) -> Callable[[str, bytes | None], None]:
    def put(path: str, value: bytes | None) -> None:
        server.put(f"team/{path}", None if value is None else _entries(value) or {"value": value.decode()})

    return put


def _vault(bench: Bench, server: VaultServer, login: Any) -> None:
    bench.server, bench.put, bench.away = server, _in_vault(server), lambda: setattr(server, "away", 503)
    bench.source = VaultStore(url=server.url, login=login, prefix="team/", namespace=server.namespace)


@contextmanager
def vault(bench: Bench) -> Iterator[None]:
    bench.own["vault/id"] = unmistakable("vault secret id")
    server = VaultServer(role=("the-role", bench.own["vault/id"]), namespace="ops/team")
    with serving(server):
        _vault(bench, server, AppRole(role="the-role", secret="vault/id"))
        yield


@contextmanager
def vault_by_jwt(bench: Bench) -> Iterator[None]:
    bench.own["vault/jwt"] = unmistakable("vault jwt")
    server = VaultServer(jwt=("the-role", bench.own["vault/jwt"]))
    with serving(server):
        _vault(bench, server, JwtLogin(role="the-role", token="vault/jwt"))
        yield


@contextmanager
def vault_by_token(bench: Bench) -> Iterator[None]:
    bench.own["vault/token"] = unmistakable("vault token")
    server = VaultServer(tokens={bench.own["vault/token"]})
    with serving(server):
        _vault(bench, server, TokenLogin(token="vault/token"))
        yield


def _aws(bench: Bench, server: AwsServer, login: Any) -> None:
    def put(path: str, value: bytes | None) -> None:
        name = f"team/{path}"
        before = server.values.pop(name, {})
        if value is None:
            return
        kept: Any = value
        with suppress(UnicodeDecodeError):
            kept = value.decode()
        server.values[name] = {"AWSCURRENT": kept, "AWSPREVIOUS": before.get("AWSCURRENT")}

    bench.server, bench.put, bench.away = server, put, lambda: setattr(server, "away", 500)
    bench.source = AwsStore(region="eu-central-1", login=login, endpoint=server.url, prefix="team/")


@contextmanager
def aws(bench: Bench) -> Iterator[None]:
    bench.own["aws/key"] = unmistakable("aws secret key")
    server = AwsServer()
    with serving(server):
        _aws(bench, server, AwsKeys(key="AKIAIOSFODNN7EXAMPLE", secret="aws/key"))
        yield


@contextmanager
def aws_by_web_identity(bench: Bench) -> Iterator[None]:
    token = unmistakable("web identity token")
    (bench.folder / "own").mkdir(exist_ok=True)
    (bench.folder / "own/web-token").write_text(token)
    server = AwsServer(keys=set(), web_token=token, secret=unmistakable("aws session key"))
    with serving(server):
        bench.environment |= {
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(bench.folder / "own/web-token"),
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/reconciler",
            "AWS_ENDPOINT_URL_STS": server.url,
        }
        _aws(bench, server, AwsWebIdentity())
        yield


@contextmanager
def aws_of_instance(bench: Bench) -> Iterator[None]:
    server = AwsServer(keys=set(), secret=unmistakable("aws session key"))
    with serving(server):
        bench.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server.url
        _aws(bench, server, AwsInstance())
        yield


BENCHES: Mapping[str, Any] = {
    each.__name__: each
    for each in (
        environment,
        files,
        credentials,
        age,
        sops,
        command,
        vault,
        vault_by_jwt,
        vault_by_token,
        aws,
        aws_by_web_identity,
        aws_of_instance,
    )
}


def came_with_commit(bench: Bench) -> None:
    """Have the encrypted files of the bench come with a commit from now on."""
    folder = bench.folders["team"]
    names = sorted(each for each in folder.rglob("*") if each.is_file())
    found = tuple((str(each.relative_to(folder)), each.read_bytes()) for each in names)
    bench.source = replace(bench.source, encrypted=Encrypted(files=found))


__all__ = ["BENCHES", "CACHED", "Bench", "Server", "SetClock", "came_with_commit"]
