"""Health checks, asked once each. Whatever goes wrong is an unhealthy answer of one line."""

import asyncio
from typing import assert_never

from reconciler.model.health import CertificateCheck, CheckResult, ExecCheck, HealthCheck, HttpCheck, TcpCheck
from reconciler.model.target import Host
from reconciler.policy.certificates import certificates, validity
from reconciler.ports.clock import Clock
from reconciler.ports.errors import TimedOut, WorldError
from reconciler.ports.shell import Script, Shell, quote, quote_path
from reconciler.providers.http import Http

_HEALTHY = range(200, 400)
_LARGEST_PEM = 1024 * 1024


class HealthChecks:
    """Asks checks: http and tcp from here to the host's address, exec and certificate on the host."""

    def __init__(self, shell: Shell, http: Http, clock: Clock) -> None:
        self._shell = shell
        self._http = http
        self._clock = clock

    async def ask(self, host: Host, check: HealthCheck) -> CheckResult:
        """Return what the check says now. Never raises a WorldError, and takes no longer than the check's timeout."""
        try:
            match check:
                case HttpCheck():
                    return await self._ask_http(host, check)
                case TcpCheck():
                    return await _ask_tcp(host, check)
                case ExecCheck():
                    return await self._ask_exec(host, check)
                case CertificateCheck():
                    return await self._ask_certificate(host, check)
                case _:
                    assert_never(check)
        except WorldError as error:
            return CheckResult(healthy=False, detail=_line(str(error)))

    async def _ask_http(self, host: Host, check: HttpCheck) -> CheckResult:
        url = f"{check.scheme}://{_authority(host.address, check.port)}/{check.path.removeprefix('/')}"
        seconds = check.timing.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                status = await self._http.status(url, check.timing.timeout)
        except TimeoutError as error:
            raise TimedOut(f"no answer from {url} within {seconds:g} s") from error
        return CheckResult(healthy=status in _HEALTHY, detail=f"HTTP {status} from {url}")

    async def _ask_exec(self, host: Host, check: ExecCheck) -> CheckResult:
        words = " ".join(quote(word) for word in check.command)
        # In a subshell: a command that is not there must not end the shell that reports it.
        script = Script(text=f"( exec {words} ) </dev/null", limit=check.timing.timeout)
        done = await self._shell.run(host, script)
        said = (done.errors.strip() or done.output.decode(errors="replace").strip()).splitlines()
        detail = f"exit {done.status}" + (f": {said[-1]}" if said and done.status else "")
        return CheckResult(healthy=done.status == 0, detail=_line(detail))

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


async def _ask_tcp(host: Host, check: TcpCheck) -> CheckResult:
    where, seconds = _authority(host.address, check.port), check.timing.timeout.total_seconds()
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host.address, check.port)
    except TimeoutError:
        return CheckResult(healthy=False, detail=f"no answer from {where} within {seconds:g} s")
    except ConnectionRefusedError:
        return CheckResult(healthy=False, detail=f"connection refused by {where}")
    except OSError as error:
        return CheckResult(healthy=False, detail=f"cannot connect to {where}: {error.strerror or error}")
    writer.transport.abort()
    return CheckResult(healthy=True, detail=f"{where} accepts connections")


def _authority(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
