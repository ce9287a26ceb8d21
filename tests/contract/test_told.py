"""What programs print on a host comes over a real connection while they run, and a lost one does them no harm."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.guard import Guard
from reconciler.model.health import ExecCheck, Timing, hiding
from reconciler.model.operation import Operation, RunCommand
from reconciler.model.output import Stream
from reconciler.ports.errors import Refused, Unreachable
from reconciler.ports.targets import Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.survey import Probes
from tests.contract.conftest import World
from tests.providers.heard import Heard
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues

LONG = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(22))
SECRETS = SecretValues({"shop/db": "hunter22", "shop/token": LONG})
LIMIT = 60.0


async def no_blob(digest: str) -> bytes:
    raise KeyError(digest)


@pytest.fixture
async def targets(any_world: World, tmp_path: Path) -> AsyncIterator[HostTargets]:
    http, shell = Http(), any_world.shell
    supplies = Supplies(ArtifactCache(tmp_path / "artifacts", http, no_blob), SECRETS)
    yield HostTargets(shell, Probes(CATALOG, PRELUDE), supplies, HealthChecks(shell, shell, SystemClock()), HOLDER)
    await http.close()


def sh(script: str, what: str = "try it", **more: object) -> RunCommand:
    return RunCommand(**{"what": what, "argv": ("sh", "-c", script), "directory": "~", **more})


def transaction(name: str, heard: Heard, *operations: Operation, guard: Guard | None = None) -> Transaction:
    secrets = frozenset({"shop/db", "shop/token"})
    return Transaction(id=name, operations=operations, guard=guard, output=heard, secrets=secrets)


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT):
        while not await true():  # noqa: ASYNC110 - another machine does it
            await asyncio.sleep(0.05)


async def test_it_is_told_while_the_program_runs(any_world: World, targets: HostTargets) -> None:
    heard = Heard()
    waits = sh("echo begun; until test -e go; do sleep 1; done; echo went; rm go", what="wait")
    running = asyncio.create_task(
        targets.apply(any_world.host(), transaction("live", heard, waits, sh("echo next", "go on")))
    )

    async def begun() -> bool:
        return heard.text == b"begun\n"

    await until(begun)
    assert not running.done()
    await targets.check(any_world.host(), ExecCheck(command=("sh", "-c", ": >~/go"), timing=Timing()))
    await running
    assert heard.text == b"begun\nwent\nnext\n"
    assert heard.notes == ["wait\n", "go on\n"]


async def test_a_lost_connection_ends_no_program_and_what_came_before_is_kept(
    any_world: World, targets: HostTargets
) -> None:
    heard = Heard()
    waits = sh("echo begun; until test -e go; do sleep 1; done; head -c 300000 /dev/zero | tr '\\0' x; : >done", "wait")
    running = asyncio.create_task(targets.apply(any_world.host(), transaction("lost", heard, waits)))

    async def begun() -> bool:
        return heard.text == b"begun\n"

    async def done() -> bool:
        return await any_world.home_has("done")

    await until(begun)
    await any_world.cut()
    with pytest.raises(Unreachable):
        await running
    await any_world.restore()
    touch = ExecCheck(command=("sh", "-c", ": >~/go"), timing=Timing(timeout=timedelta(seconds=20)))

    async def released() -> bool:
        return (await targets.check(any_world.host(), touch)).healthy

    await until(released)
    await until(done)
    assert heard.text.startswith(b"begun\n")


async def test_a_guarded_change_tells_as_well(any_world: World, targets: HostTargets) -> None:
    heard = Heard()
    guard = Guard(within=timedelta(seconds=20))
    await targets.apply(
        any_world.host(), transaction("guarded", heard, sh("echo one"), sh("echo two", "more"), guard=guard)
    )
    assert (heard.text, heard.notes) == (b"one\ntwo\n", ["try it\n", "more\n"])


async def test_a_secret_is_not_in_why_it_failed(any_world: World, targets: HostTargets) -> None:
    heard = Heard()
    with pytest.raises(Refused, match=r"cannot try it: the password is \(secret\)") as caught:
        await targets.apply(any_world.host(), transaction("masked", heard, sh("echo the password is hunter22; exit 1")))
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (0, r"cannot try it: bad token: \(secret\); everything"),
        (1500, r"cannot try it: bad token: \(secret\)x+ \.\.\. x+; everything"),
        (20000, r"cannot try it: it ended with status 1, and its last line is too long to be told; everything"),
    ],
)
async def test_a_secret_that_is_longer_than_what_is_shown_is_not_in_why_it_failed(
    any_world: World, targets: HostTargets, more: int, told: str
) -> None:
    script = f"printf 'bad token: %s' {LONG}; head -c {2 * more} /dev/zero | tr '\\0' x"
    with pytest.raises(Refused, match=told) as caught:
        await targets.apply(any_world.host(), transaction(f"long-{more}", Heard(), sh(f"{script}; exit 1")))
    assert LONG[-20:] not in str(caught.value)
    assert len(str(caught.value)) < 4000


async def test_of_last_lines_that_are_too_long_the_whole_ones_are_told(any_world: World, targets: HostTargets) -> None:
    script = f"head -c 16000 /dev/zero | tr '\\0' x; echo {LONG}; echo this; echo that; exit 1"
    with pytest.raises(Refused, match="cannot try it: this; that; everything there is as it was"):
        await targets.apply(any_world.host(), transaction("lines", Heard(), sh(script)))


async def test_what_a_check_prints_comes_with_its_answer(any_world: World, targets: HostTargets) -> None:
    check = ExecCheck(command=("sh", "-c", "echo out; echo err >&2; exit 4"), timing=Timing())
    said = await targets.check(any_world.host(), check)
    assert said.printed == (
        (Stream.NOTE, b"health check sh -c echo out; echo err >&2; exit 4: exit 4\n"),
        (Stream.OUTPUT, b"out\n"),
        (Stream.ERRORS, b"err\n"),
    )


async def test_a_secret_is_not_in_the_answer_of_a_check(any_world: World, targets: HostTargets) -> None:
    says = ExecCheck(command=("sh", "-c", "echo the password is hunter22; exit 4"), timing=Timing())
    answer = await targets.check(any_world.host(), hiding(says, frozenset({"shop/db"})))
    assert (answer.healthy, answer.detail) == (False, "exit 4: the password is (secret)")
    unknown = await targets.check(any_world.host(), hiding(says, frozenset({"shop/gone"})))
    assert unknown.detail.startswith("exit 4: it is not told what it said, for nobody could tell a secret in it: ")
    assert "hunter22" not in unknown.detail
