"""Where the contract suites run. A world is a host and a shell to reach it; add another to WORLDS to run all on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from reconciler.model.target import Become, Host
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.conftest import unavailable
from tests.contract.routing import balancers as balancers
from tests.contract.routing import haproxy as haproxy
from tests.contract.routing import nginx as nginx
from tests.lab import hosts, machine
from tests.lab.fleet import Fleet
from tests.lab.hosts import LabHost
from tests.lab.image import BUSYBOX
from tests.providers.secret_values import SecretValues


class World(Protocol):
    """Some hosts, and a way to run scripts on them."""

    shell: SshShell

    def host(self) -> Host: ...
    async def cut(self) -> None: ...
    async def restore(self) -> None: ...
    async def home_has(self, name: str, text: str | None = None) -> bool:
        """Whether a file is in the home of who logs in, with that text if one is given; found out past sshd."""
        ...

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

    async def home_has(self, name: str, text: str | None = None) -> bool:
        path = self.fleet.root("web-1") / name
        return path.exists() and text in (None, path.read_text())

    async def stop(self) -> None:
        await self.shell.close()
        await self.fleet.stop()


@dataclass(frozen=True)
class Login:
    """Who comes to a lab host, and with which rights."""

    user: str
    become: Become = Become.NONE


DEPLOY = Login("deploy", Become.SUDO)
DEPLOY_ALONE = Login("deploy")
PLAIN = Login("plain")

_TIDY = """
rm -rf /var/lib/reconciler-host
if ls -d /etc/systemd/system/demo* /home/plain/.config/systemd/user/demo* | grep -q .; then
    systemctl stop 'demo*'
    rm -f /etc/systemd/system/demo* /etc/systemd/system/*.wants/demo*
    systemctl daemon-reload
    systemctl --user -M plain@ stop 'demo*'
    rm -rf /home/plain/.config/systemd
    systemctl --user -M plain@ daemon-reload
fi
find /home/deploy /home/plain -mindepth 1 -delete
"""


class LabWorld:
    """A Debian host with sshd, sudo and systemd. It serves many tests, thus what a test left behind is swept away."""

    def __init__(self, lab_host: LabHost, login: Login) -> None:
        self.machine = lab_host
        self._login = login
        self._cut = False
        options = SshOptions(identities=(lab_host.client_key,), agent=False)
        self.shell = SshShell(options, lambda: {"web-1": self.host()}, SecretValues({}))

    def host(self) -> Host:
        return Host(
            name="web-1",
            environment="testing",
            address=self.machine.address,
            port=22,
            user=self._login.user,
            host_key=self.machine.host_key,
            become=self._login.become,
            labels={},
        )

    async def cut(self) -> None:
        await asyncio.to_thread(self.machine.disconnect)
        self._cut = True

    async def restore(self) -> None:
        if self._cut:
            await asyncio.to_thread(self.machine.connect)
            self._cut = False

    async def home_has(self, name: str, text: str | None = None) -> bool:
        path = f"~{self._login.user}/{name}"
        said = await asyncio.to_thread(self.machine.sh, f"if [ -e {path} ]; then echo there; cat {path}; fi")
        return said.startswith("there\n") and (text is None or said.removeprefix("there\n").strip() == text)

    async def stop(self) -> None:
        await self.shell.close()
        await self.restore()
        await asyncio.to_thread(self.machine.sh, f"( {_TIDY} ) >/dev/null 2>&1; true")


@pytest.fixture(scope="session")
def lab_host() -> Iterator[LabHost]:
    """One lab host for all the contract tests of a process; the lab of the other tests does not know of it."""
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    with hosts.opened() as lab:
        yield lab.host("web-1")


class SmallWorld(LabWorld):
    """A host with busybox and dropbear and nothing else; it serves one module's tests."""

    async def stop(self) -> None:
        await self.shell.close()
        await self.restore()


@pytest.fixture(scope="module")
def small_host() -> Iterator[LabHost]:
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    with hosts.opened() as lab:
        yield lab.host("small-1", BUSYBOX)


Maker = Callable[[pytest.FixtureRequest], Awaitable[World]]


async def _fleet(request: pytest.FixtureRequest) -> World:
    folder: Path = request.getfixturevalue("tmp_path")
    return FleetWorld(await Fleet(folder / "fleet", ["web-1"]).start())


def _lab(login: Login) -> Maker:
    async def made(request: pytest.FixtureRequest) -> World:
        return LabWorld(request.getfixturevalue("lab_host"), login)

    return made


WORLDS: dict[str, Maker] = {
    "fleet": _fleet,
    "lab": _lab(PLAIN),
    "lab-sudo": _lab(DEPLOY),
}


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.lab] if name.startswith("lab") else []) for name in WORLDS]
)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    made = await WORLDS[request.param](request)
    yield made
    await made.stop()


async def _small(request: pytest.FixtureRequest) -> World:
    return SmallWorld(request.getfixturevalue("small_host"), DEPLOY_ALONE)


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.lab] if name.startswith("lab") else []) for name in [*WORLDS, "lab-small"]
    ]
)
async def any_world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A world, or the smallest host there is: for what needs no more than a POSIX sh."""
    made = await (WORLDS.get(request.param) or _small)(request)
    yield made
    await made.stop()
