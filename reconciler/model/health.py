"""Health checks, and what they saw.

``slot``: of which of the app's slots, empty where there are none. ``on``: which of the app's targets are asked.
``origin``: from where the app is asked, at the
target's address by the controller, or at ``localhost`` by the target itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from reconciler.model.output import Stream
from reconciler.model.target import Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a check runs and how many answers in a row decide. Words and defaults are those of Kubernetes probes."""

    initial_delay: timedelta = timedelta(0)
    period: timedelta = timedelta(seconds=10)
    timeout: timedelta = timedelta(seconds=1)
    failure_threshold: int = 3
    success_threshold: int = 1


class Origin(StrEnum):
    """From where a check asks."""

    CONTROLLER = "controller"
    TARGET = "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How the certificate of a server is judged.

    It has to be for ``server_name`` (None: for the name that is asked for) and from an authority that this machine
    trusts, or from one in ``ca`` (PEM) where that is given. ``insecure`` takes any certificate.
    """

    server_name: str | None = None
    ca: str | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True, order=True)
class StatusRange:
    """HTTP statuses from ``first`` to ``last``, both of them included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class Header:
    """A header of HTTP; where it is expected of an answer, ``value`` is what one of that name has to contain."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCheck:
    """An HTTP request that is answered with a status in ``statuses``, and as is expected of headers and body.

    ``contains`` is a text and ``matches`` a regular expression (RE2) that the start of the body must have.
    ``host`` is the name asked for (the Host header and, with TLS, the server name); None: the target's address.
    Redirects are not followed.
    """

    port: int
    path: str = "/"
    scheme: Literal["http", "https"] = "http"
    method: Literal["GET", "HEAD", "POST", "OPTIONS"] = "GET"
    host: str | None = None
    headers: tuple[Header, ...] = ()
    statuses: tuple[StatusRange, ...] = (StatusRange(200, 399),)
    expected: tuple[Header, ...] = ()
    contains: str | None = None
    matches: str | None = None
    tls: Tls = Tls()
    origin: Origin = Origin.CONTROLLER
    on: Sort = Sort.HOST
    slot: str = ""
    timing: Timing = Timing()
    check: Literal["http"] = "http"

    def __str__(self) -> str:
        return f"{self.scheme} :{self.port}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpCheck:
    """A TCP connection to the app is accepted."""

    port: int
    origin: Origin = Origin.CONTROLLER
    on: Sort = Sort.HOST
    slot: str = ""
    timing: Timing = Timing()
    check: Literal["tcp"] = "tcp"

    def __str__(self) -> str:
        return f"tcp :{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcCheck:
    """The app says SERVING to ``grpc.health.v1.Health/Check``, for itself or for the ``service`` of that name.

    ``tls`` None: without TLS. ``host`` is the authority that is asked for; None: the target's address.
    """

    port: int
    service: str = ""
    host: str | None = None
    tls: Tls | None = None
    origin: Origin = Origin.CONTROLLER
    on: Sort = Sort.HOST
    slot: str = ""
    timing: Timing = Timing()
    check: Literal["grpc"] = "grpc"

    def __str__(self) -> str:
        return f"grpc :{self.port}" + (f" {self.service}" if self.service else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecCheck:
    """A command on the target ends with status 0."""

    command: tuple[str, ...]
    slot: str = ""
    timing: Timing = Timing()
    check: Literal["exec"] = "exec"

    @property
    def on(self) -> Sort:
        """Only a host has it."""
        return Sort.HOST

    def __str__(self) -> str:
        return "exec " + " ".join(self.command)


@dataclass(frozen=True, slots=True, kw_only=True)
class HidingCheck(ExecCheck):
    """An exec check as it is asked for a unit: none of the unit's ``secrets``, references, is told in the answer.

    It is made when it is asked, and never written down.
    """

    secrets: frozenset[str] = frozenset()

    @property
    def plain(self) -> ExecCheck:
        """The check of the unit, as it was written down."""
        return ExecCheck(command=self.command, slot=self.slot, timing=self.timing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemdCheck:
    """A unit of the target's systemd, or of the manager of the user who logs in, is in one of these states.

    ``states`` and ``sub_states`` are those of systemd, as ``systemctl show`` says them; no sub-states: any of them.
    """

    unit: str
    states: tuple[str, ...] = ("active",)
    sub_states: tuple[str, ...] = ()
    user: bool = False
    slot: str = ""
    timing: Timing = Timing(timeout=timedelta(seconds=5))
    check: Literal["systemd"] = "systemd"

    @property
    def on(self) -> Sort:
        """Only a host has it."""
        return Sort.HOST

    def __str__(self) -> str:
        return f"systemd {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateCheck:
    """The certificates in a PEM file on the target are valid now, and will be for at least ``valid_for``."""

    path: str
    valid_for: timedelta = timedelta(0)
    slot: str = ""
    timing: Timing = Timing(timeout=timedelta(seconds=10))
    check: Literal["certificate"] = "certificate"

    @property
    def on(self) -> Sort:
        """Only a host has it."""
        return Sort.HOST

    def __str__(self) -> str:
        return f"certificate {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceCheck:
    """A resource does well by what its target says of it: a container runs, a Deployment has rolled out.

    ``ref`` is the resource (``kind:name``); ``subject`` is what its kind needs to ask and to judge, as JSON.
    """

    ref: str
    subject: str
    on: Sort = Sort.HOST
    slot: str = ""
    timing: Timing = Timing(period=timedelta(seconds=2), timeout=timedelta(seconds=10))
    check: Literal["resource"] = "resource"

    def __str__(self) -> str:
        return self.ref


HealthCheck: TypeAlias = HttpCheck | TcpCheck | GrpcCheck | ExecCheck | SystemdCheck | CertificateCheck | ResourceCheck


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One answer of one check on one target. ``detail`` is one line for a person.

    ``asked`` is False where the target could not be asked at all: not healthy, and no word about the app either.
    ``pending``: not healthy yet, and nothing is wrong: it counts for neither threshold. ``printed`` is what a program
    printed that was run for it.
    """

    healthy: bool
    detail: str
    asked: bool = True
    pending: bool = False
    printed: tuple[tuple[Stream, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckProgress:
    """Where one check on one target stands: consecutive answers so far, and when to ask next."""

    target: str
    check: int
    successes: int = 0
    failures: int = 0
    next_at: datetime
    detail: str = ""


def hiding(check: HealthCheck, secrets: frozenset[str]) -> HealthCheck:
    """Return the check as it is asked for a unit that has these secrets."""
    if not isinstance(check, ExecCheck):
        return check
    return HidingCheck(command=check.command, slot=check.slot, timing=check.timing, secrets=secrets)
