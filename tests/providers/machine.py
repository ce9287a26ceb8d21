"""One host as the tests of transactions see it: a folder, a real shell, a systemd as far as it is needed."""

import shutil
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from reconciler.kinds.catalog import PRELUDE
from reconciler.model.canonical import digest_bytes
from reconciler.model.content import Artifact, Content
from reconciler.model.guard import Guard
from reconciler.model.operation import (
    ControlUnit,
    Operation,
    ReloadUnits,
    RunCommand,
    Scope,
    SwitchRelease,
    UnitVerb,
    UnpackRelease,
    WriteFile,
)
from reconciler.ports.shell import Script
from reconciler.ports.targets import Transaction
from reconciler.providers.transaction.deliver import deliveries
from reconciler.providers.transaction.holder import Holder
from reconciler.providers.transaction.outcome import conclude
from reconciler.providers.transaction.render import render
from tests.providers.local_shell import LocalShell, host, snapshot
from tests.providers.secret_values import SecretValues

FAKE = Path(__file__).with_name("fake_systemctl.sh")
HOLDER = Holder("ctl-a", "here")
FAILS = RunCommand(what="fail", argv=("false",))
"""Fails at its place in the transaction, when all before it is done."""

RELOAD = ReloadUnits(Scope.SYSTEM)


@dataclass(frozen=True)
class Tars:
    """Artifacts that are plain tars already."""

    tars: Mapping[str, Path]

    async def fetch(self, artifact: Artifact) -> Path:
        return self.tars[artifact.url]


class Machine:
    """The host. What ``prelude`` says is read before the functions of every transaction."""

    def __init__(self, shell: LocalShell, tars: Mapping[str, Path]) -> None:
        self.shell = shell
        self.home = shell.home
        self.prelude = PRELUDE
        self.holder = HOLDER
        self.fence: int | None = None
        self.guard: Guard | None = None
        self._tars = Tars(tars)
        shutil.copy(FAKE, self.home / "bin/systemctl")

    def command(self, name: str, text: str) -> None:
        """Put a command of that name before the real one, in a shell that looks for its commands."""
        path = self.home / "bin" / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    async def script(self, name: str, *operations: Operation | tuple[Operation, bytes]) -> Script:
        """Return the transaction of that name as a script; a content comes beside its operation."""
        plain = tuple(entry[0] if isinstance(entry, tuple) else entry for entry in operations)
        contents = {digest_bytes(entry[1]): entry[1] for entry in operations if isinstance(entry, tuple)}
        transaction = Transaction(id=name, operations=plain, contents=contents, fence=self.fence, guard=self.guard)
        sent = await deliveries(transaction, self._tars, SecretValues({}))
        return render(transaction, sent, self.prelude, self.holder)

    async def run(self, script: Script) -> None:
        """Run it as the program would."""
        conclude("web-1", await self.shell.run(host(), script))

    async def apply(self, name: str, *operations: Operation | tuple[Operation, bytes]) -> None:
        """Apply, as a transaction of that name."""
        await self.run(await self.script(name, *operations))

    def snapshot(self) -> dict[str, tuple[str, str]]:
        return snapshot(self.home)

    def running(self, unit: str) -> str | None:
        path = self.home / ".local/systemd" / f"{unit}.active"
        return path.read_text() if path.exists() else None


def write(path: str, data: bytes, mode: str = "0644", **owner: str) -> tuple[WriteFile, bytes]:
    digest = digest_bytes(data)
    return WriteFile(path, Content(digest, digest, len(data)), mode, **owner), data


def release(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, BytesIO(data))
    return path


def unpack(version: str, url: str = "one") -> tuple[Operation, ...]:
    artifact = Artifact(url, "sha256:" + "a" * 64)
    return UnpackRelease("~/opt/shop", version, artifact), SwitchRelease("~/opt/shop", version, 2)


def unit(verb: UnitVerb, *inputs: str) -> ControlUnit:
    return ControlUnit("shop.service", Scope.SYSTEM, verb, inputs)
