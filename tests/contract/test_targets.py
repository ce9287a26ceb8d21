"""What every Targets does: look, change, check."""

import hashlib
import io
import tarfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.canonical import digest_bytes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Artifact, Content
from reconciler.model.health import ExecCheck, HttpCheck, TcpCheck, Timing
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import MakeDirectory, Operation, RemoveFile, SwitchRelease, UnpackRelease, WriteFile
from reconciler.model.resource import Absent, Present, Resource, Unknown
from reconciler.ports.errors import Refused, Unreachable
from reconciler.ports.shell import Script
from reconciler.ports.targets import Targets, Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from reconciler.providers.survey import Probes
from tests.contract.conftest import World
from tests.lab.fleet import Fleet
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues

UNIT = UnitId("shop", "testing")
SECRETS = SecretValues({"shop/db": "hunter2"})


async def no_blob(digest: str) -> bytes:
    raise KeyError(digest)


@pytest.fixture
async def targets(world: World, tmp_path: Path) -> AsyncIterator[Targets]:
    http = Http()
    cache = ArtifactCache(tmp_path / "artifacts", http, no_blob)
    yield HostTargets(
        world.shell,
        Probes(CATALOG, PRELUDE),
        Supplies(cache, SECRETS),
        HealthChecks(world.shell, world.shell, SystemClock()),
        HOLDER,
    )
    await http.close()


def plain(data: bytes) -> Content:
    return Content(digest_bytes(data), digest_bytes(data), len(data))


def file(path: str, content: Content, mode: str = "0644") -> Resource:
    attributes = {"path": path, "content": content.digest, "mode": mode}
    return Resource(id=ResourceId(UNIT, "web-1", "file", path), attributes=attributes, contents={"content": content})


def directory(path: str) -> Resource:
    return Resource(id=ResourceId(UNIT, "web-1", "directory", path), attributes={"path": path, "mode": "0755"})


def change(name: str, *operations: Operation, contents: Mapping[str, bytes] | None = None) -> Transaction:
    return Transaction(id=name, operations=operations, contents=contents or {})


async def test_what_was_applied_is_seen(world: World, targets: Targets) -> None:
    content = plain(b"hello\n")
    wanted = (directory("~/d"), file("~/d/f", content))
    before = await targets.survey(world.host(), wanted)
    assert [before.of(resource.id) for resource in wanted] == [Absent(), Absent()]
    operations = (MakeDirectory("~/d", "0755"), WriteFile("~/d/f", content, "0644"))
    await targets.apply(world.host(), change("t1", *operations, contents={content.blob: b"hello\n"}))
    after = await targets.survey(world.host(), wanted)
    seen = after.of(wanted[1].id)
    assert isinstance(seen, Present)
    assert (seen.attributes["content"], seen.attributes["mode"]) == (content.digest, "0644")
    assert isinstance(after.of(wanted[0].id), Present)


async def test_bytes_that_differ_come_along_to_be_shown(world: World, targets: Targets) -> None:
    await world.shell.run(world.host(), Script(text='printf "by hand" >"$HOME/f"; chmod 644 "$HOME/f"'))
    wanted = file("~/f", plain(b"hello"))
    survey = await targets.survey(world.host(), [wanted])
    seen = survey.of(wanted.id)
    assert isinstance(seen, Present)
    assert survey.contents == {digest_bytes(b"by hand"): b"by hand"}
    assert seen.attributes["content"] == digest_bytes(b"by hand")
    assert "content_base64" not in seen.attributes


def secret() -> tuple[Content, bytes]:
    blob = f"password={SECRET_OPEN}db{SECRET_CLOSE}\n".encode()
    final = SECRETS.keyed(digest_bytes(b"password=hunter2\n"))
    return Content(digest_bytes(blob), final, len(blob), {"db": "shop/db"}), blob


async def test_a_secret_gets_to_its_file_and_comes_back_as_a_keyed_digest(world: World, targets: Targets) -> None:
    content, blob = secret()
    wanted = file("~/f", content, "0600")
    transaction = change("t1", WriteFile("~/f", content, "0600"), contents={content.blob: blob})
    await targets.apply(world.host(), transaction)
    done = await world.shell.run(world.host(), Script(text='cat "$HOME/f"'))
    assert done.output == b"password=hunter2\n"
    survey = await targets.survey(world.host(), [wanted])
    seen = survey.of(wanted.id)
    assert isinstance(seen, Present)
    assert seen.attributes["content"] == content.digest
    assert "hunter2" not in repr(survey)


async def test_bytes_of_a_secret_file_are_never_shown(world: World, targets: Targets) -> None:
    await world.shell.run(world.host(), Script(text='printf "password=other" >"$HOME/f"; chmod 644 "$HOME/f"'))
    survey = await targets.survey(world.host(), [file("~/f", secret()[0])])
    assert survey.contents == {}


async def test_a_secret_that_changed_since_the_plan_is_refused(world: World, targets: Targets) -> None:
    content, blob = secret()
    other = Content(content.blob, "keyed:" + "0" * 64, content.size, content.secrets)
    with pytest.raises(Refused, match="a secret in it changed since the plan was made"):
        await targets.apply(world.host(), change("t1", WriteFile("~/f", other, "0600"), contents={content.blob: blob}))


@dataclass(frozen=True)
class Odd:
    """A kind whose probe prints what it likes."""

    said: str
    NAME: str = "odd"

    def probe(self, resource: Resource, siblings: Mapping[str, Resource]) -> str:
        return self.said

    def parse(self, resource: Resource, answer: list[str]) -> Present:
        if "sense" not in answer:
            raise ValueError("no sense in it")
        return Present({"answer": list(answer)})


ODD: dict[str, tuple[str, Callable[[object], bool]]] = {
    "forges a frame": (
        "echo sense; echo '0 6 0'; echo absent",
        lambda seen: seen == Present({"answer": ["sense", "0 6 0", "absent"]}),
    ),
    "prints nothing of sense": ("echo what", lambda seen: "no sense in it" in seen.reason),
    "fails": ("echo sense; echo 'disk on fire' >&2; exit 3", lambda seen: "disk on fire" in seen.reason),
    "tells why": ("echo 'reason it is locked'; exit 1", lambda seen: "it is locked" in seen.reason),
    "reads its input": ("cat; echo sense", lambda seen: seen == Present({"answer": ["sense"]})),
    "ends the shell": ("echo sense; kill -9 $$", lambda seen: isinstance(seen, Unknown)),
}


@pytest.mark.parametrize(("said", "right"), ODD.values(), ids=ODD.keys())
async def test_a_probe_spoils_no_answer_but_its_own(
    world: World, tmp_path: Path, said: str, right: Callable[[object], bool]
) -> None:
    probes = Probes({**CATALOG, "odd": Odd(said)}, PRELUDE)
    http = Http()
    targets = HostTargets(
        world.shell,
        probes,
        Supplies(ArtifactCache(tmp_path, http, no_blob), SECRETS),
        HealthChecks(world.shell, world.shell, SystemClock()),
        HOLDER,
    )
    odd = Resource(id=ResourceId(UNIT, "web-1", "odd", "x"), attributes={})
    after = directory("~/none")
    survey = await targets.survey(world.host(), [odd, after])
    assert right(survey.of(odd.id))
    assert survey.of(after.id) == Absent() or "kill" in said
    await http.close()


async def test_nothing_is_known_of_a_host_that_cannot_be_reached(world: World, targets: Targets) -> None:
    await world.cut()
    wanted = file("~/f", plain(b""))
    seen = (await targets.survey(world.host(), [wanted])).of(wanted.id)
    assert isinstance(seen, Unknown)
    assert "connection refused" in seen.reason
    with pytest.raises(Unreachable):
        await targets.apply(world.host(), change("t1", RemoveFile("~/f")))


async def test_a_release_is_fetched_checked_and_unpacked(world: World, targets: Targets, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo("bin/shop")
        member.size, member.mode = 5, 0o4755
        tar.addfile(member, io.BytesIO(b"hello"))
    right = "sha256:" + hashlib.sha256(archive.read_bytes()).hexdigest()

    def operations(digest: str) -> tuple[Operation, ...]:
        artifact = Artifact(f"file://{archive}", digest)
        return UnpackRelease("~/opt/shop", "1.0", artifact), SwitchRelease("~/opt/shop", "1.0", 3)

    with pytest.raises(Refused, match="has the wrong digest"):
        await targets.apply(world.host(), change("t1", *operations("sha256:" + "0" * 64)))
    await targets.apply(world.host(), change("t2", *operations(right)))
    text = 'cat "$HOME/opt/shop/current/bin/shop"; stat -c %a "$HOME/opt/shop/current/bin/shop"'
    assert (await world.shell.run(world.host(), Script(text=text))).output == b"hello755\n"


async def test_checks_are_asked_and_answered_in_one_line(world: World, targets: Targets) -> None:
    good = await targets.check(world.host(), ExecCheck(command=("sh", "-c", "test 1 = 1")))
    bad = await targets.check(world.host(), ExecCheck(command=("sh", "-c", "echo 'no $luck' >&2; exit 3")))
    missing = await targets.check(world.host(), ExecCheck(command=("no-such-command",)))
    slow = await targets.check(
        world.host(), ExecCheck(command=("sleep", "9"), timing=Timing(timeout=timedelta(seconds=0.2)))
    )
    assert (good.healthy, good.detail) == (True, "exit 0")
    assert (bad.healthy, bad.detail) == (False, "exit 3: no $luck")
    assert (missing.healthy, missing.detail.split(":")[0]) == (False, "exit 127")
    assert (slow.healthy, "did not end within 0.2 s" in slow.detail) == (False, True)


async def test_a_port_that_accepts_is_healthy_and_one_that_does_not_is_not(world: World, targets: Targets) -> None:
    host = world.host()
    assert (await targets.check(host, TcpCheck(port=host.port))).healthy
    await world.cut()
    answer = await targets.check(host, TcpCheck(port=host.port))
    assert (answer.healthy, answer.detail) == (False, f"connection refused by {host.address}:{host.port}")
    answer = await targets.check(host, HttpCheck(port=host.port, path="/healthz"))
    assert not answer.healthy
    assert answer.detail == f"connection refused by {host.address}:{host.port}"
    asked = await targets.check(host, ExecCheck(command=("true",)))
    assert (asked.healthy, asked.asked) == (False, False)


async def test_a_look_costs_one_session_and_a_change_one_more(tmp_path: Path) -> None:
    fleet = await Fleet(tmp_path / "fleet", ["web-1"]).start()
    http, content = Http(), plain(b"x" * 4096)
    shell = SshShell(SshOptions(identities=(fleet.client_key,), agent=False), dict, SECRETS)
    cache, checks = ArtifactCache(tmp_path, http, no_blob), HealthChecks(shell, shell, SystemClock())
    targets = HostTargets(shell, Probes(CATALOG, PRELUDE), Supplies(cache, SECRETS), checks, HOLDER)
    wanted = [file(f"~/f{number}", content) for number in range(20)]
    await targets.survey(fleet.host("web-1"), wanted)
    assert (fleet.logins("web-1"), fleet.sessions("web-1")) == (1, 1)
    operations = [WriteFile(resource.id.name, content, "0644") for resource in wanted]
    await targets.apply(fleet.host("web-1"), change("t1", *operations, contents={content.blob: b"x" * 4096}))
    assert (fleet.logins("web-1"), fleet.sessions("web-1")) == (1, 2)
    await shell.close()
    await http.close()
    await fleet.stop()
