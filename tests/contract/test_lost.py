"""Real hosts that die, or lose their network, in the middle of a transaction."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.ground import Ground
from reconciler.model.operation import Operation, RunCommand
from reconciler.ports.errors import Unreachable, WorldError
from reconciler.ports.targets import Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from reconciler.providers.survey import Probes
from tests.contract.conftest import DEPLOY, LabWorld
from tests.contract.test_any_targets import file, writing
from tests.lab.hosts import LabHost
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.lab

LOOKED_AT = [file("f", b"old"), file("g", b"old")]


async def no_blob(digest: str) -> bytes:
    raise KeyError(digest)


class Slow:
    """A host on which a change takes some seconds, and our end of the connection to it."""

    def __init__(self, world: LabWorld, targets: HostTargets) -> None:
        self.world = world
        self.targets = targets

    async def ground(self) -> Ground | None:
        """Return what the host says of its changes; None while it cannot be asked."""
        survey = await self.targets.survey(self.world.host(), LOOKED_AT)
        return survey.grounds.get("web-1")

    async def until(self, state: str) -> Ground:
        """Look until it says so: "running", "interrupted" or "at rest"."""
        async with asyncio.timeout(90):
            while True:
                ground = await self.ground()
                if ground is not None and _word(ground) == state:
                    return ground
                await asyncio.sleep(0.1)

    async def apply(self, transaction: Transaction) -> None:
        await self.targets.apply(self.world.host(), transaction)

    def files(self) -> list[str]:
        return self.world.machine.sh("cat /home/deploy/f /home/deploy/g").split()


def _word(ground: Ground) -> str:
    return "running" if ground.running else "interrupted" if ground.interrupted else "at rest"


def change(name: str, content: str, seconds: int = 0) -> Transaction:
    """Write two files, with a program between them."""
    made = writing(name, ("f", content.encode() + b"\n"), ("g", content.encode() + b"\n"))
    first, last = made.operations
    between: tuple[Operation, ...] = (RunCommand(what="wait", argv=("sleep", str(seconds)), undo=("true",)),)
    return Transaction(id=name, operations=(first, *between, last), after=made.after, contents=made.contents)


@pytest.fixture
async def slow(lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Slow]:
    world, http = LabWorld(lab_host, DEPLOY), Http()
    await world.shell.close()
    options = SshOptions(identities=(lab_host.client_key,), agent=False, keepalive=timedelta(seconds=1))
    world.shell = SshShell(options, lambda: {"web-1": world.host()}, SecretValues({}))
    supplies = Supplies(ArtifactCache(tmp_path, http, no_blob), SecretValues({}))
    checks = HealthChecks(world.shell, world.shell, SystemClock())
    yield Slow(world, HostTargets(world.shell, Probes(CATALOG, PRELUDE), supplies, checks, HOLDER))
    await http.close()
    await world.stop()


async def test_a_host_that_dies_in_the_middle_is_as_it_was_after_the_next_contact(slow: Slow) -> None:
    await slow.apply(change("t0", "old"))
    task = asyncio.create_task(slow.apply(change("t1", "new", 60)))
    await slow.until("running")
    await asyncio.to_thread(slow.world.machine.kill)
    with pytest.raises(Unreachable):
        await task
    await asyncio.to_thread(slow.world.machine.start)
    ground = await slow.until("interrupted")
    assert (ground.interrupted, ground.unsettled is None) == (("t1",), False)
    assert slow.files() == ["new", "old"]
    await slow.apply(Transaction(id="settle-1", operations=()))
    assert slow.files() == ["old", "old"]
    assert await slow.until("at rest") == Ground()


async def test_a_change_whose_connection_is_lost_runs_on_and_is_not_made_twice(slow: Slow) -> None:
    await slow.apply(change("t0", "old"))
    task = asyncio.create_task(slow.apply(change("t1", "new", 10)))
    await slow.until("running")
    await slow.world.cut()
    with pytest.raises(WorldError) as lost:
        await task
    assert isinstance(lost.value, Unreachable)
    await slow.world.restore()
    await slow.until("at rest")
    assert slow.files() == ["new", "new"]
    await slow.apply(change("t1", "new", 10))
    tokens = slow.world.machine.sh("cat /var/lib/reconciler*/fence").split()
    assert tokens[0] == "2"
