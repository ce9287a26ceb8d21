"""Where the contract suites run. A world is a host and a shell to reach it; add another to WORLDS to run all on it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from reconciler.model.target import Host
from reconciler.ports.shell import Shell
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.lab.fleet import Fleet
from tests.providers.secret_values import SecretValues


class World(Protocol):
    """Some hosts, and a way to run scripts on them."""

    shell: Shell

    def host(self) -> Host: ...
    async def cut(self) -> None: ...
    async def restore(self) -> None: ...
    async def stop(self) -> None: ...


class FleetWorld:
    """A host of the loopback fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        options = SshOptions(identities=(fleet.client_key,), agent=False)
        self.shell = SshShell(options, lambda: {"web-1": fleet.host("web-1")}, SecretValues({}))

    def host(self) -> Host:
        return self.fleet.host("web-1")

    async def cut(self) -> None:
        await self.fleet.cut("web-1")

    async def restore(self) -> None:
        await self.fleet.restore("web-1")

    async def stop(self) -> None:
        await self.shell.close()
        await self.fleet.stop()


async def _fleet(tmp_path: Path) -> World:
    return FleetWorld(await Fleet(tmp_path / "fleet", ["web-1"]).start())


WORLDS = {"fleet": _fleet}


@pytest.fixture(params=[*WORLDS])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    made = await WORLDS[request.param](tmp_path)
    yield made
    await made.stop()
