"""The dead-man's switch on real hosts: what cuts us off is taken back by the host, and we come in again."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.canonical import digest_bytes
from reconciler.model.content import Content
from reconciler.model.guard import Guard
from reconciler.model.operation import ControlUnit, EditFile, Operation, PutLine, RunCommand, Scope, UnitVerb, WriteFile
from reconciler.ports.errors import Refused
from reconciler.ports.shell import Script
from reconciler.ports.targets import Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.survey import Probes
from reconciler.providers.transaction.deliver import deliveries
from reconciler.providers.transaction.outcome import last
from reconciler.providers.transaction.render import render
from tests.conftest import unavailable
from tests.contract.conftest import DEPLOY, LabWorld, World
from tests.lab import hosts, machine
from tests.lab.hosts import LabHost
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues

CONFIG = "/etc/ssh/sshd_config.d/lab.conf"
NOBODY = EditFile(CONFIG, PutLine("AllowUsers nobody", "^AllowUsers "))
SNIPPET = "/etc/ssh/sshd_config.d/50-demo.conf"
RELOAD = RunCommand(what="reload sshd", argv=("systemctl", "reload", "ssh"))
RECORDS = "/var/lib/reconciler-host"
STATE = (
    f"ls {RECORDS}/lock /etc/systemd/system/reconciler-guard.service 2>/dev/null; "
    "systemctl list-timers --all | grep -c reconciler-guard; true"
)


async def no_blob(digest: str) -> bytes:
    raise KeyError(digest)


def targets_of(world: World, folder: Path, http: Http) -> HostTargets:
    checks = HealthChecks(world.shell, http, SystemClock())
    supplies = Supplies(ArtifactCache(folder / "artifacts", http, no_blob), SecretValues({}))
    return HostTargets(world.shell, Probes(CATALOG, PRELUDE), supplies, checks, HOLDER)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    made = Http()
    yield made
    await made.close()


def guarded(name: str, guard: Guard, *operations: Operation | tuple[Operation, bytes]) -> Transaction:
    plain = tuple(each[0] if isinstance(each, tuple) else each for each in operations)
    contents = {digest_bytes(each[1]): each[1] for each in operations if isinstance(each, tuple)}
    return Transaction(id=name, operations=plain, contents=contents, guard=guard)


def write(path: str, data: bytes) -> tuple[Operation, bytes]:
    digest = digest_bytes(data)
    return WriteFile(path, Content(digest, digest, len(data)), "0644"), data


SOON, LATER = Guard(timedelta(seconds=4)), Guard(timedelta(seconds=30))


async def until(world: World, name: str, text: str | None = None) -> None:
    """Return when the file is there, with that text."""
    async with asyncio.timeout(30):
        while not await world.home_has(name, text):  # noqa: ASYNC110 - nobody tells us past sshd
            await asyncio.sleep(0.05)


async def test_what_can_be_confirmed_stays(any_world: World, tmp_path: Path, http: Http) -> None:
    targets = targets_of(any_world, tmp_path, http)
    await targets.apply(any_world.host(), guarded("g1", LATER, write("~/f", b"new")))
    await targets.apply(any_world.host(), guarded("g2", LATER, write("~/f", b"newer")))
    done = await any_world.shell.run(any_world.host(), Script(text="cat ~/f"))
    assert done.output == b"newer"


async def test_a_host_that_nobody_comes_back_to_is_as_it_was(any_world: World, tmp_path: Path, http: Http) -> None:
    targets = targets_of(any_world, tmp_path, http)
    await targets.apply(any_world.host(), guarded("g3", LATER, write("~/f", b"old")))
    wait = RunCommand(what="cut off the host", argv=("sh", "-c", ": >here; exec sleep 2"), directory="~")
    applying = asyncio.create_task(targets.apply(any_world.host(), guarded("g4", SOON, write("~/f", b"bad"), wait)))
    await until(any_world, "here")
    await any_world.cut()
    await until(any_world, "f", "old")
    await any_world.restore()
    with pytest.raises(Refused, match=r"no new connection could be made .* took it back by itself"):
        await applying
    done = await any_world.shell.run(any_world.host(), Script(text="cat ~/f"))
    assert done.output == b"old"


@pytest.fixture(scope="module")
def lone_host() -> Iterator[LabHost]:
    """A host for what no other test should meet: its sshd and its network are tried."""
    reason = machine.obstacle()
    if reason is not None:
        unavailable(reason)
    with hosts.opened() as lab:
        yield lab.host("web-1")


@pytest.fixture
async def lab(lone_host: LabHost) -> AsyncIterator[LabWorld]:
    made = LabWorld(lone_host, DEPLOY)
    yield made
    await made.shell.close()


@pytest.mark.lab
async def test_a_change_of_sshd_that_locks_everybody_out_is_taken_back(
    lab: LabWorld, tmp_path: Path, http: Http
) -> None:
    targets = targets_of(lab, tmp_path, http)
    with pytest.raises(Refused, match=rf"{CONFIG}.*cannot log in to web-1 as deploy.*took it back by itself"):
        await targets.apply(lab.host(), guarded("s1", SOON, NOBODY, RELOAD))
    done = await lab.shell.run_anew(lab.host(), Script(text="id -u"))
    assert done.output == b"0\n"
    assert await asyncio.to_thread(lab.machine.sh, STATE) == "0\n"


@pytest.mark.lab
async def test_a_restart_of_sshd_in_the_change_does_no_harm(lab: LabWorld, tmp_path: Path, http: Http) -> None:
    targets = targets_of(lab, tmp_path, http)
    restart = ControlUnit("ssh.service", Scope.SYSTEM, UnitVerb.RESTART)
    await targets.apply(lab.host(), guarded("s2", LATER, write(SNIPPET, b"MaxAuthTries 7\n"), restart))
    assert await asyncio.to_thread(lab.machine.sh, f"cat {SNIPPET}; rm {SNIPPET}; {STATE}") == "MaxAuthTries 7\n0\n"


@pytest.mark.lab
async def test_a_sudoers_that_takes_our_rights_is_taken_back(lab: LabWorld, tmp_path: Path, http: Http) -> None:
    targets = targets_of(lab, tmp_path, http)
    with pytest.raises(Refused, match=r"cannot become root on web-1.*took it back by itself"):
        await targets.apply(
            lab.host(), guarded("s3", SOON, write("/etc/sudoers.d/zz-demo", b"deploy ALL=(ALL) !ALL\n"))
        )
    done = await lab.shell.run_anew(lab.host(), Script(text="id -u"))
    assert done.output == b"0\n"


@pytest.mark.lab
async def test_a_network_that_goes_down_comes_up_again(lab: LabWorld, tmp_path: Path, http: Http) -> None:
    targets = targets_of(lab, tmp_path, http)
    device = (await asyncio.to_thread(lab.machine.sh, "ip -o route show default")).split()
    route = " ".join(device)
    up = ("sh", "-c", f"ip link set {device[4]} up; ip route replace {route}")
    down = RunCommand(what="take the network down", argv=("ip", "link", "set", device[4], "down"), undo=up)
    with pytest.raises(Refused, match=r"take the network down, and then no new connection .* took it back by itself"):
        await targets.apply(lab.host(), guarded("s4", SOON, down))
    done = await lab.shell.run_anew(lab.host(), Script(text="id -u"))
    assert done.output == b"0\n"


@pytest.mark.lab
async def test_a_controller_that_dies_leaves_it_to_the_host_and_does_it_anew(
    lab: LabWorld, tmp_path: Path, http: Http
) -> None:
    targets = targets_of(lab, tmp_path, http)
    change = guarded("s5", SOON, write("/root/f", b"new"))
    script = render(change, await deliveries(change, None, SecretValues({})), PRELUDE, HOLDER)  # type: ignore[arg-type]
    said = last(await lab.shell.run(lab.host(), script))
    assert said is not None
    assert said.word == "waiting"
    gone = "until [ ! -e /root/f ] && [ ! -L /var/lib/reconciler-host/lock ]; do sleep 0.1; done; echo back"
    assert await asyncio.to_thread(lab.machine.sh, gone, limit=15) == "back\n"
    await targets.apply(lab.host(), change)
    assert await asyncio.to_thread(lab.machine.sh, "cat /root/f") == "new"


@pytest.mark.lab
@pytest.mark.parametrize("persistent", [True, False])
async def test_a_reboot_before_the_verdict_takes_it_back(
    lab: LabWorld, tmp_path: Path, http: Http, persistent: bool
) -> None:
    targets = targets_of(lab, tmp_path, http)
    await targets.apply(lab.host(), guarded(f"p1-{persistent}", LATER, write("/root/g", b"old")))
    change = guarded(f"p2-{persistent}", Guard(timedelta(hours=1), persistent), write("/root/g", b"bad"))
    script = render(change, await deliveries(change, None, SecretValues({})), PRELUDE, HOLDER)  # type: ignore[arg-type]
    await lab.shell.run(lab.host(), script)
    await asyncio.to_thread(lab.machine.sh, "sync; cat /root/g | grep bad")
    await asyncio.to_thread(lab.machine.kill)
    await asyncio.to_thread(lab.machine.start)
    if persistent:
        back = "until grep -q old /root/g && [ ! -L /var/lib/reconciler-host/lock ]; do sleep 0.1; done; echo back"
        assert await asyncio.to_thread(lab.machine.sh, back, limit=15) == "back\n"
        assert await asyncio.to_thread(lab.machine.sh, STATE) == "0\n"
    else:
        assert await asyncio.to_thread(lab.machine.sh, "cat /root/g") == "bad"
        await targets.apply(lab.host(), guarded("p3", LATER, write("/root/h", b"next")))
        assert await asyncio.to_thread(lab.machine.sh, "cat /root/g") == "old"
