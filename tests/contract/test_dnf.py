"""Packages with a real dnf and rpm: the same transactions as with apt, run in a container of their own."""

import asyncio
import os
from collections.abc import Iterator
from tempfile import TemporaryFile

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.operation import ChangePackages, Operation, PackageTool, PackageVersion, RunCommand
from reconciler.model.resource import Absent, Present
from reconciler.ports.errors import Refused
from reconciler.ports.shell import Completed
from reconciler.ports.targets import Transaction
from reconciler.providers.transaction.outcome import conclude
from reconciler.providers.transaction.render import render
from tests.conftest import unavailable
from tests.kinds.cases import resource_of
from tests.lab import engine, image, machine
from tests.providers.machine import HOLDER

pytestmark = pytest.mark.lab

DNF = image.System(
    name="dnf",
    variant="minbase",
    packages=("dnf", "dnf-plugins-core", "rpm", "createrepo-c"),
    hook="customize",
    booted="",
)
FAILS = RunCommand(what="go on", argv=("false",))


class Box:
    """A host with dnf; what it says is known only by its shell."""

    def __init__(self, container: str) -> None:
        self._container = container
        self._count = 0

    def sh(self, text: str) -> str:
        with TemporaryFile() as script:
            script.write(text.encode())
            script.seek(0)
            return engine.docker("exec", "-i", "-e", "HOME=/root", self._container, "sh", "-s", stdin=script, limit=120)

    async def apply(self, *operations: Operation) -> None:
        self._count += 1
        script = render(Transaction(id=f"t{self._count}", operations=operations), {}, PRELUDE, HOLDER)
        output = await asyncio.to_thread(self.sh, script.text)
        conclude("web-1", Completed(0, output.encode(), ""))

    def seen(self, **written: object) -> Present | Absent:
        kind, resource = CATALOG["package"], resource_of("package", written)
        lines = self.sh(f"{PRELUDE}\n( {kind.probe(resource, {})} )").splitlines()
        return kind.parse(resource, lines)

    def there(self) -> set[str]:
        return set(self.sh("rpm -qa --qf '%{NAME}-%{VERSION}\\n'").split()) - {"anchor-1.0"}


@pytest.fixture
def box() -> Iterator[Box]:
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    with engine.running():
        name = f"dnf-{os.getpid()}"
        engine.docker("run", "-d", "--network", "none", "--name", name, image.made(DNF), "sleep", "infinity")
        try:
            yield Box(name)
        finally:
            engine.docker("rm", "-f", name)


def change(**what: tuple[object, ...]) -> ChangePackages:
    return ChangePackages(tool=PackageTool.AUTO, **what)


def held(version: str) -> Present:
    return Present({"manager": "dnf", "state": "present", "version": version, "held": True, "enough": True})


async def test_packages_come_change_are_held_and_go(box: Box) -> None:
    box.sh("mv /usr/bin/apt-get /usr/bin/apt-gone; mv /usr/bin/dpkg-query /usr/bin/dpkg-gone")
    assert box.seen(name="toy") == Absent()
    await box.apply(change(install=(PackageVersion("toy", "1.0-1"),), hold=("toy",)))
    assert box.there() == {"toy-1.0", "toy-base-1.0"}
    assert box.seen(name="toy", atLeast="1.0") == box.seen(name="toy", atLeast="0:0.10-7") == held("1.0-1")
    assert box.seen(name="toy", atLeast="1.0-2") != held("1.0-1")

    await box.apply(change(install=(PackageVersion("toy", None, "1.5"),), unhold=("toy",), hold=("toy",)))
    assert box.seen(name="toy", atLeast="1.10") == held("2.0-1")
    before = box.there()
    back = (PackageVersion("toy", "1.0-1"), PackageVersion("toy-user"))
    with pytest.raises(Refused, match="everything there is as it was"):
        await box.apply(change(install=back, unhold=("toy",), hold=("toy",)), FAILS)
    assert box.there() == before
    assert box.seen(name="toy", atLeast="2.0") == held("2.0-1")
    with pytest.raises(Refused, match="everything there is as it was"):
        await box.apply(change(remove=("toy",), unhold=("toy",)), FAILS)
    assert box.there() == before

    await box.apply(change(install=(PackageVersion("toy-user"),)))
    for wanted, why in (
        (change(remove=("toy",)), "others need what shall go: .*toy is needed by .installed. toy-user"),
        (change(install=(PackageVersion("toy", "9"),)), "Unable to find a match: toy-9"),
        (change(install=(PackageVersion("toy", None, "9"),)), "Unable to find a match: toy >= 9"),
    ):
        with pytest.raises(Refused, match=why):
            await box.apply(wanted)
    await box.apply(change(remove=("toy-user", "toy"), unhold=("toy",)))
    assert box.there() == {"toy-base-1.0"}
    assert box.sh("grep -c '^toy-' /etc/dnf/plugins/versionlock.list || true").strip() == "0"
