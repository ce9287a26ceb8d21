"""Transactions that ask a real systemd: of the system with sudo, and of a user who is nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.canonical import digest_bytes
from reconciler.model.content import Content
from reconciler.model.health import CheckResult, SystemdCheck
from reconciler.model.operation import ControlUnit, MakeDirectory, Operation, ReloadUnits, Scope, UnitVerb, WriteFile
from reconciler.ports.errors import Refused
from reconciler.ports.shell import Script
from reconciler.ports.targets import Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.survey import Probes
from tests.contract.conftest import DEPLOY, PLAIN, LabWorld
from tests.lab.hosts import LabHost
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues

pytestmark = pytest.mark.lab

LOGINS = {Scope.SYSTEM: DEPLOY, Scope.USER: PLAIN}
FOLDERS = {Scope.SYSTEM: "/etc/systemd/system", Scope.USER: "~/.config/systemd/user"}
WANTED_BY = {Scope.SYSTEM: "multi-user.target", Scope.USER: "default.target"}


class Systemd:
    """One service manager on a lab host: what a transaction asks of it, and what it says by itself."""

    def __init__(self, world: LabWorld, scope: Scope, targets: HostTargets) -> None:
        self.world = world
        self.scope = scope
        self._targets = targets
        self._count = 0

    async def apply(self, *operations: Operation, **files: str) -> None:
        """Write the unit files, then do the operations, as one transaction."""
        self._count += 1
        units = {name.replace("_", "."): text.encode() for name, text in files.items()}
        writes = [WriteFile(self.path(name), _plain(data), "0644") for name, data in units.items()]
        reload = [ReloadUnits(self.scope)] if writes else []
        folders = [] if self.scope is Scope.SYSTEM else [MakeDirectory(each, "0755") for each in _above(self.path("x"))]
        contents = {digest_bytes(data): data for data in units.values()}
        transaction = Transaction(
            id=f"t{self._count}", operations=(*folders, *writes, *reload, *operations), contents=contents
        )
        await self._targets.apply(self.world.host(), transaction)

    def ask(self, verb: UnitVerb, unit: str = "demo.service") -> ControlUnit:
        """Return what asks for it; the unit's file is its only input."""
        return ControlUnit(unit, self.scope, verb, (self.path(unit),))

    def path(self, unit: str) -> str:
        return f"{FOLDERS[self.scope]}/{unit}"

    def service(self, says: str, before: str = "") -> str:
        """Return a unit that is up once it has written what it says to ``~/said``."""
        start = f"ExecStart=/bin/sh -c 'echo {says} >>$HOME/said; exec sleep infinity'"
        home = "Environment=HOME=/home/deploy" if self.scope is Scope.SYSTEM else ""
        return f"[Service]\n{home}\n{before}\n{start}\n[Install]\nWantedBy={WANTED_BY[self.scope]}\n"

    async def check(self, check: SystemdCheck) -> CheckResult:
        return await self._targets.check(self.world.host(), check)

    async def state(self, unit: str = "demo.service") -> str:
        """Return whether it runs, and whether it starts at boot."""
        ctl = f"systemctl --{self.scope.value}"
        return await self.says(f"{ctl} is-active {unit}; {ctl} is-enabled {unit} 2>/dev/null || true")

    async def says(self, command: str) -> str:
        text = f"export XDG_RUNTIME_DIR=${{XDG_RUNTIME_DIR:-/run/user/$(id -u)}}\n{command}"
        return " ".join((await self.world.shell.run(self.world.host(), Script(text=text))).output.decode().split())


def _plain(data: bytes) -> Content:
    return Content(digest_bytes(data), digest_bytes(data), len(data))


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(2, len(parts))]


async def _no_blob(digest: str) -> bytes:
    raise KeyError(digest)


@pytest.fixture(params=[*Scope])
async def systemd(request: pytest.FixtureRequest, lab_host: LabHost, tmp_path: Path) -> AsyncIterator[Systemd]:
    world = LabWorld(lab_host, LOGINS[request.param])
    http, secrets = Http(), SecretValues({})
    cache = ArtifactCache(tmp_path, http, _no_blob)
    targets = HostTargets(
        world.shell,
        Probes(CATALOG, PRELUDE),
        Supplies(cache, secrets),
        HealthChecks(world.shell, world.shell, SystemClock()),
        HOLDER,
    )
    yield Systemd(world, request.param, targets)
    await http.close()
    await world.stop()


async def test_a_unit_is_started_enabled_stopped_and_disabled(systemd: Systemd) -> None:
    await systemd.apply(systemd.ask(UnitVerb.ENABLE), systemd.ask(UnitVerb.START), demo_service=systemd.service("one"))
    assert await systemd.state() == "active enabled"
    await systemd.apply(systemd.ask(UnitVerb.STOP))
    assert await systemd.state() == "inactive enabled"
    await systemd.apply(systemd.ask(UnitVerb.DISABLE))
    assert await systemd.state() == "inactive disabled"


async def test_a_check_says_whether_a_unit_is_as_it_is_expected(systemd: Systemd) -> None:
    await systemd.apply(systemd.ask(UnitVerb.START), demo_service=systemd.service("one"))
    running = SystemdCheck(unit="demo.service", sub_states=("running",), user=systemd.scope is Scope.USER)
    answer = await systemd.check(running)
    assert (answer.healthy, answer.detail) == (True, "demo.service is active (running)")
    await systemd.apply(systemd.ask(UnitVerb.STOP))
    answer = await systemd.check(running)
    assert (answer.healthy, answer.detail) == (False, "demo.service is inactive (dead), expected active (running)")
    answer = await systemd.check(replace(running, unit="demo-none.service"))
    assert (answer.healthy, answer.detail) == (False, "demo-none.service is not loaded (not-found)")


async def test_a_restart_runs_the_new_file(systemd: Systemd) -> None:
    await systemd.apply(systemd.ask(UnitVerb.START), demo_service=systemd.service("one"))
    before = await systemd.says(f"systemctl --{systemd.scope.value} show --property InvocationID demo.service")
    await systemd.apply(systemd.ask(UnitVerb.RESTART), demo_service=systemd.service("two"))
    after = await systemd.says(f"systemctl --{systemd.scope.value} show --property InvocationID demo.service")
    assert before != after
    assert "echo two" in await systemd.says(f"systemctl --{systemd.scope.value} show --property ExecStart demo.service")


async def test_a_unit_that_does_not_start_runs_again_as_it_was(systemd: Systemd) -> None:
    start = (systemd.ask(UnitVerb.ENABLE), systemd.ask(UnitVerb.START))
    await systemd.apply(*start, demo_service=systemd.service("one"))
    # The journal asks the kernel whose line it is; of a user's process that is gone by then it cannot say.
    broken = systemd.service("two", "ExecStartPre=/bin/sh -c 'echo no licence; sleep 0.5; exit 3'")
    with pytest.raises(Refused, match=r"cannot restart demo\.service: .*; everything there is as it was") as refused:
        await systemd.apply(systemd.ask(UnitVerb.RESTART), demo_service=broken)
    assert "no licence" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert await systemd.state() == "active enabled"
    assert "echo one" in await systemd.says(f"systemctl --{systemd.scope.value} show --property ExecStart demo.service")


async def test_a_first_unit_that_does_not_start_leaves_nothing(systemd: Systemd) -> None:
    broken = systemd.service("one", "ExecStartPre=/bin/false")
    with pytest.raises(Refused, match="cannot start"):
        await systemd.apply(systemd.ask(UnitVerb.ENABLE), systemd.ask(UnitVerb.START), demo_service=broken)
    ctl = f"systemctl --{systemd.scope.value}"
    assert await systemd.says(f"{ctl} show --property LoadState --value demo.service") == "not-found"
    folder = FOLDERS[systemd.scope].replace("~", "$HOME")
    assert await systemd.says(f"ls {folder} 2>/dev/null | grep demo; ls {folder}/*.wants 2>/dev/null | grep demo") == ""


async def test_one_unit_that_fails_takes_its_siblings_back_too(systemd: Systemd) -> None:
    await systemd.apply(
        systemd.ask(UnitVerb.START),
        systemd.ask(UnitVerb.ENABLE, "demo-other.service"),
        **{"demo_service": systemd.service("one"), "demo-other_service": systemd.service("other")},
    )
    with pytest.raises(Refused, match=r"cannot start demo-bad\.service"):
        await systemd.apply(
            systemd.ask(UnitVerb.STOP),
            systemd.ask(UnitVerb.DISABLE, "demo-other.service"),
            systemd.ask(UnitVerb.START, "demo-other.service"),
            systemd.ask(UnitVerb.START, "demo-bad.service"),
            **{"demo-bad_service": systemd.service("bad", "ExecStartPre=/bin/false")},
        )
    assert await systemd.state() == "active disabled"
    assert await systemd.state("demo-other.service") == "inactive enabled"


async def test_a_timer_is_a_unit_like_others(systemd: Systemd) -> None:
    timer = "[Timer]\nOnCalendar=hourly\n[Install]\nWantedBy=timers.target\n"
    service = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
    start = (systemd.ask(UnitVerb.ENABLE, "demo.timer"), systemd.ask(UnitVerb.START, "demo.timer"))
    await systemd.apply(*start, demo_service=service, demo_timer=timer)
    assert await systemd.state("demo.timer") == "active enabled"
    with pytest.raises(Refused, match=r"cannot restart demo\.timer"):
        await systemd.apply(
            systemd.ask(UnitVerb.RESTART, "demo.timer"), demo_timer=timer.replace("hourly", "at some time")
        )
    assert await systemd.state("demo.timer") == "active enabled"


async def test_a_unit_without_a_file_is_named(systemd: Systemd) -> None:
    with pytest.raises(Refused, match=r"cannot start demo\.service: .*not found"):
        await systemd.apply(systemd.ask(UnitVerb.START))


async def test_stopping_and_disabling_what_is_not_there_is_no_failure(systemd: Systemd) -> None:
    await systemd.apply(systemd.ask(UnitVerb.STOP), systemd.ask(UnitVerb.DISABLE))
    assert (await systemd.state()).startswith("inactive")
