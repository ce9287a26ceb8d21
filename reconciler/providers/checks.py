"""Health checks, asked once each. Whatever goes wrong is an unhealthy answer of one line."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeAlias, assert_never

from reconciler.model import output
from reconciler.model.health import (
    CertificateCheck,
    CheckResult,
    ExecCheck,
    GrpcCheck,
    HealthCheck,
    HttpCheck,
    ResourceCheck,
    SystemdCheck,
    TcpCheck,
)
from reconciler.model.target import Host
from reconciler.policy.certificates import certificates, validity
from reconciler.ports.clock import Clock
from reconciler.ports.errors import TimedOut, WorldError
from reconciler.ports.shell import Script, Shell, quote, quote_path
from reconciler.providers.dial import Closed, Dial, Door, Encryption, Stream, Tunnel
from reconciler.verify.answer import judged
from reconciler.verify.unit_state import state_of

_LARGEST_PEM = 1024 * 1024

Mask: TypeAlias = Callable[[str], Awaitable[str]]
"""Returns a text without the secrets in it."""


async def _as_it_is(text: str) -> str:
    return text


class HealthChecks:
    """Asks checks: http, tcp and grpc from here or as the host itself would, the others on the host."""

    def __init__(self, shell: Shell, tunnel: Tunnel, clock: Clock) -> None:
        self._shell = shell
        self._dial = Dial(tunnel)
        self._clock = clock

    async def ask(self, host: Host, check: HealthCheck, mask: Mask = _as_it_is) -> CheckResult:
        """Return what the check says now, what a program said as ``mask`` has it. Never raises a WorldError.

        It takes no longer than the check's timeout, and than it takes to connect with the host where that is needed.
        """
        try:
            return await self._asked(host, check, mask)
        except (Closed, TimedOut) as error:
            # What does not answer in time may be the app as well as the host.
            return CheckResult(healthy=False, detail=_line(str(error)))
        except WorldError as error:
            return CheckResult(healthy=False, detail=_line(str(error)), asked=False)

    def _asked(self, host: Host, check: HealthCheck, mask: Mask) -> Coroutine[Any, Any, CheckResult]:
        match check:
            case HttpCheck():
                asking = self._ask_http(host, check)
            case TcpCheck():
                asking = self._ask_tcp(host, check)
            case GrpcCheck():
                asking = self._ask_grpc(host, check)
            case ExecCheck():
                asking = self._ask_exec(host, check, mask)
            case SystemdCheck():
                asking = self._ask_systemd(host, check)
            case CertificateCheck():
                asking = self._ask_certificate(host, check)
            case ResourceCheck():
                raise TypeError(f"internal error: a host cannot say how {check} does")
            case _:
                assert_never(check)
        return asking

    async def _ask_http(self, host: Host, check: HttpCheck) -> CheckResult:
        from reconciler.providers import check_http  # noqa: PLC0415 - slow, and not needed by most starts

        encryption = None
        if check.scheme == "https":
            encryption = Encryption(check.tls, _without_port(check.host) or host.address, ("http/1.1",))
        door = Door(host, check.port, check.origin, encryption)
        url = f"{check.scheme}://{door.authority}/{check.path.removeprefix('/')}"

        async def talk(stream: Stream) -> CheckResult:
            return judged(check, url, await check_http.request(check, door, stream))

        return await self._within(check.timing.timeout, door, url, talk)

    async def _ask_tcp(self, host: Host, check: TcpCheck) -> CheckResult:
        door = Door(host, check.port, check.origin)

        async def talk(_: Stream) -> CheckResult:
            return CheckResult(healthy=True, detail=f"{door.place} accepts connections")

        return await self._within(check.timing.timeout, door, door.place, talk)

    async def _ask_grpc(self, host: Host, check: GrpcCheck) -> CheckResult:
        from reconciler.providers import check_grpc  # noqa: PLC0415 - slow, and not needed by most starts

        encryption = None
        if check.tls:
            encryption = Encryption(check.tls, _without_port(check.host) or host.address, ("h2",))
        door = Door(host, check.port, check.origin, encryption)

        async def talk(stream: Stream) -> CheckResult:
            return await check_grpc.ask(check, door, stream)

        return await self._within(check.timing.timeout, door, door.place, talk)

    async def _within(
        self, limit: timedelta, door: Door, what: str, talk: Callable[[Stream], Awaitable[CheckResult]]
    ) -> CheckResult:
        await self._dial.reach(door)
        seconds = limit.total_seconds()
        try:
            async with asyncio.timeout(seconds), self._dial.open(door) as stream:
                return await talk(stream)
        except TimeoutError as error:
            raise TimedOut(f"no answer from {what} within {seconds:g} s") from error

    async def _ask_exec(self, host: Host, check: ExecCheck, mask: Mask) -> CheckResult:
        words = " ".join(quote(word) for word in check.command)
        # In a subshell: a command that is not there must not end the shell that reports it.
        script = Script(text=f"( exec {words} ) </dev/null", limit=check.timing.timeout)
        done = await self._shell.run(host, script)
        text = (done.errors.strip() or done.output.decode(errors="replace").strip()) if done.status else ""
        # All of it is masked before a line of it is taken: a part of a secret is not known as one.
        said = (await mask(text)).splitlines() if text else []
        detail = f"exit {done.status}" + (f": {said[-1]}" if said else "")
        asked = f"health check {' '.join(check.command)}: exit {done.status}\n"
        printed = (
            (output.Stream.NOTE, asked.encode()),
            (output.Stream.OUTPUT, done.output),
            (output.Stream.ERRORS, done.errors.encode()),
        )
        return CheckResult(healthy=done.status == 0, detail=_line(detail), printed=printed)

    async def _ask_systemd(self, host: Host, check: SystemdCheck) -> CheckResult:
        script = Script(text=_show(check), limit=check.timing.timeout)
        done = await self._shell.run(host, script)
        if done.status != 0:
            why = done.errors.strip() or f"exit {done.status}"
            return CheckResult(healthy=False, detail=_line(f"systemd does not tell of {check.unit}: {why}"))
        return state_of(check, done.output.decode(errors="replace").splitlines())

    async def _ask_certificate(self, host: Host, check: CertificateCheck) -> CheckResult:
        script = Script(text=f"head -c {_LARGEST_PEM} <{quote_path(check.path)}", limit=check.timing.timeout)
        done = await self._shell.run(host, script)
        if done.status != 0:
            why = done.errors.strip().rpartition(": ")[2] or f"exit {done.status}"
            return CheckResult(healthy=False, detail=_line(f"cannot read {check.path}: {why}"))
        try:
            healthy, said = validity(certificates(done.output), self._clock.now(), check.valid_for)
        except ValueError as error:
            return CheckResult(healthy=False, detail=_line(f"{check.path}: {error}"))
        return CheckResult(healthy=healthy, detail=_line(f"{check.path}: {said}"))


def _show(check: SystemdCheck) -> str:
    manager = "systemctl"
    if check.user:
        manager = 'XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}" systemctl --user'
    return f"{manager} show -p LoadState -p ActiveState -p SubState -- {quote(check.unit)} </dev/null"


def _without_port(name: str | None) -> str | None:
    return name.rpartition(":")[0] if name and name.rpartition(":")[2].isdigit() else name


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
