"""Health checks, and what they saw. ``slot``: of which of the app's slots, empty where there are none."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a check runs and how many answers in a row decide. Words and defaults are those of Kubernetes probes."""

    initial_delay: timedelta = timedelta(0)
    period: timedelta = timedelta(seconds=10)
    timeout: timedelta = timedelta(seconds=1)
    failure_threshold: int = 3
    success_threshold: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck:
    """GET from the controller to the target's address; a status of 200 to 399 is healthy."""

    port: int
    path: str = "/"
    scheme: Literal["http", "https"] = "http"
    slot: str = ""
    timing: Timing = Timing()
    check: Literal["http"] = "http"

    def __str__(self) -> str:
        return f"{self.scheme} :{self.port}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheck:
    """A TCP connection from the controller to the target's address is accepted."""

    port: int
    slot: str = ""
    timing: Timing = Timing()
    check: Literal["tcp"] = "tcp"

    def __str__(self) -> str:
        return f"tcp :{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecCheck:
    """A command on the target ends with status 0."""

    command: tuple[str, ...]
    slot: str = ""
    timing: Timing = Timing()
    check: Literal["exec"] = "exec"

    def __str__(self) -> str:
        return "exec " + " ".join(self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCheck:
    """The certificates in a PEM file on the target are valid now, and will be for at least ``valid_for``."""

    path: str
    valid_for: timedelta = timedelta(0)
    slot: str = ""
    timing: Timing = Timing(timeout=timedelta(seconds=10))
    check: Literal["certificate"] = "certificate"

    def __str__(self) -> str:
        return f"certificate {self.path}"


HealthCheck: TypeAlias = HttpCheck | TcpCheck | ExecCheck | CertificateCheck


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One answer of one check on one target. ``detail`` is one line for a person."""

    healthy: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckProgress:
    """Where one check on one target stands: consecutive answers so far, and when to ask next."""

    target: str
    check: int
    successes: int = 0
    failures: int = 0
    next_at: datetime
    detail: str = ""
