"""What people write under ``health`` of an App: the checks that say whether it does well."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Annotated, Literal, Protocol

from pydantic import Field, model_validator

from reconciler.desired.fields import Count as CountField
from reconciler.desired.fields import HostPath, HttpPath, Pause, Period, Port, Strict
from reconciler.desired.health_fields import (
    From,
    HeaderName,
    HeaderValue,
    HostName,
    OfSlot,
    Pattern,
    Slot,
    Statuses,
    UnitName,
    Word,
)
from reconciler.model.health import (
    CertificateCheck,
    ExecCheck,
    GrpcCheck,
    Header,
    HealthCheck,
    HttpCheck,
    Origin,
    SystemdCheck,
    TcpCheck,
    Timing,
    Tls,
)
from reconciler.model.target import Sort

_TIMING = Timing()


class Supply(Protocol):
    """What checks are made with, beside what is written in them."""

    def certificates(self, path: str) -> str:
        """Return the certificates (PEM) in a file of the repository."""
        ...

    def text(self, text: str) -> str:
        """Return the text with its templates filled in."""
        ...

    @property
    def selected(self) -> Collection[Sort]:
        """Which sorts of targets the app has."""
        ...


class _Check(OfSlot):
    slot: Slot = ""
    initial_delay: Pause = _TIMING.initial_delay
    period: Period = _TIMING.period
    timeout: Period = _TIMING.timeout
    failure_threshold: CountField = _TIMING.failure_threshold
    success_threshold: CountField = _TIMING.success_threshold

    @property
    def timing(self) -> Timing:
        """The timing of the check."""
        return Timing(
            initial_delay=self.initial_delay,
            period=self.period,
            timeout=self.timeout,
            failure_threshold=self.failure_threshold,
            success_threshold=self.success_threshold,
        )


class _Asked(_Check):
    """``on``: which of the app's targets are asked, at their address; its hosts, or what it has instead of hosts."""

    on: Literal["host", "dockerEngine", "swarm", "kubernetesCluster"] | None = None
    asked_from: From = "controller"

    def sort(self, selected: Iterable[Sort]) -> Sort:
        """Return which targets are asked: those written, the hosts, or what the app has instead of hosts."""
        sorts = list(selected)
        return Sort(self.on) if self.on else Sort.HOST if Sort.HOST in sorts else sorts[0]


class TlsSpec(OfSlot):
    """How the certificate of the server is judged; by the authorities this machine trusts, if nothing is said.

    ``ca`` is a PEM file of the repository with the only authorities that count. ``serverName`` is the name that the
    certificate has to be for, where that is not the one asked for. ``insecure`` takes any certificate.
    """

    ca: str | None = None
    server_name: HostName | None = None
    insecure: Annotated[bool, Field(strict=True)] = False

    @model_validator(mode="after")
    def _one_way(self) -> "TlsSpec":
        if self.insecure and self.ca:
            raise ValueError(
                "with 'insecure: true' any certificate is taken, so ca is of no use; leave one of them out"
            )
        return self

    def to_model(self, supply: Supply) -> Tls:
        """Return how it is judged."""
        return Tls(
            server_name=self.server_name, ca=supply.certificates(self.ca) if self.ca else None, insecure=self.insecure
        )


class BodySpec(OfSlot, json_schema_extra={"minProperties": 1}):
    """What the first 64 KiB of the body must have: a text (a template if you like) or an RE2 expression."""

    contains: str | None = None
    matches: Pattern | None = None

    @model_validator(mode="after")
    def _something(self) -> "BodySpec":
        if self.contains is None and self.matches is None:
            raise ValueError("expected contains or matches")
        return self


class HttpSpec(_Asked):
    """An HTTP request to the target; a status of 200 to 399 is healthy if nothing else is said."""

    port: Port
    path: HttpPath = "/"
    scheme: Literal["http", "https"] = "http"
    method: Literal["GET", "HEAD", "POST", "OPTIONS"] = "GET"
    host: HostName | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    status: Statuses = Field(default_factory=lambda: HttpCheck(port=1).statuses)
    expect_headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict)
    body: BodySpec | None = None
    tls: TlsSpec | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "HttpSpec":
        if self.tls and self.scheme == "http":
            raise ValueError("tls is of no use without 'scheme: https'")
        if self.body and self.method == "HEAD":
            raise ValueError("the answer to HEAD has no body; ask with GET")
        if any(name.lower() == "host" for name in self.headers):
            raise ValueError("the Host header is written as 'host', beside headers")
        return self

    def to_model(self, supply: Supply) -> HttpCheck:
        """Return the check."""
        return HttpCheck(
            port=self.port,
            path=self.path,
            scheme=self.scheme,
            method=self.method,
            host=self.host,
            headers=_headers(self.headers),
            statuses=self.status,
            expected=_headers(self.expect_headers),
            contains=supply.text(self.body.contains) if self.body and self.body.contains is not None else None,
            matches=self.body.matches if self.body else None,
            tls=self.tls.to_model(supply) if self.tls else Tls(),
            origin=Origin(self.asked_from),
            on=self.sort(supply.selected),
            slot=self.slot,
            timing=self.timing,
        )


class TcpSpec(_Asked):
    """A TCP connection to the port is accepted."""

    port: Port

    def to_model(self, supply: Supply) -> TcpCheck:
        """Return the check."""
        origin, on = Origin(self.asked_from), self.sort(supply.selected)
        return TcpCheck(port=self.port, origin=origin, on=on, slot=self.slot, timing=self.timing)


class GrpcSpec(_Asked):
    """The app says SERVING to gRPC's health protocol, as a whole or for a ``service``; with TLS if ``tls`` is there."""

    port: Port
    service: Annotated[str, Field(max_length=200)] = ""
    host: HostName | None = None
    tls: TlsSpec | None = None

    def to_model(self, supply: Supply) -> GrpcCheck:
        """Return the check."""
        return GrpcCheck(
            port=self.port,
            service=self.service,
            host=self.host,
            tls=self.tls.to_model(supply) if self.tls else None,
            origin=Origin(self.asked_from),
            on=self.sort(supply.selected),
            slot=self.slot,
            timing=self.timing,
        )


class ExecSpec(_Check):
    """A command on the target ends with status 0."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]

    def to_model(self, _: Supply) -> ExecCheck:
        """Return the check."""
        return ExecCheck(command=self.command, slot=self.slot, timing=self.timing)


class SystemdSpec(_Check):
    """A unit of the target's systemd is in one of these states; ``user``: of the manager of the user who logs in."""

    unit: UnitName
    state: tuple[Word, ...] = ("active",)
    sub_state: tuple[Word, ...] = ()
    user: Annotated[bool, Field(strict=True)] = False
    timeout: Period = timedelta(seconds=5)

    def to_model(self, _: Supply) -> SystemdCheck:
        """Return the check."""
        return SystemdCheck(
            unit=self.unit,
            states=self.state,
            sub_states=self.sub_state,
            user=self.user,
            slot=self.slot,
            timing=self.timing,
        )


class CertificateSpec(_Check):
    """The certificates in a PEM file on the target are valid, and will be for so long."""

    path: HostPath
    valid_for: Pause = timedelta(days=14)
    timeout: Period = timedelta(seconds=10)

    def to_model(self, _: Supply) -> CertificateCheck:
        """Return the check."""
        return CertificateCheck(path=self.path, valid_for=self.valid_for, slot=self.slot, timing=self.timing)


class HealthSpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """One health check: exactly one of the keys."""

    http: HttpSpec | None = None
    tcp: TcpSpec | None = None
    grpc: GrpcSpec | None = None
    exec: ExecSpec | None = None
    systemd: SystemdSpec | None = None
    certificate: CertificateSpec | None = None

    @property
    def named(self) -> str:
        """The one key that is there."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def asked(self) -> _Asked | None:
        """What is asked at the address of a target, None for what a host is asked inside."""
        return self.http or self.tcp or self.grpc

    @model_validator(mode="after")
    def _exactly_one(self) -> "HealthSpec":
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError("expected exactly one of http, tcp, grpc, exec, systemd or certificate")
        return self

    def to_model(self, supply: Supply) -> HealthCheck:
        """Return the check; what the supply raises is raised."""
        spec = self.http or self.tcp or self.grpc or self.exec or self.systemd or self.certificate
        if spec is None:
            raise AssertionError("internal error: a check without a key was let by")
        return spec.to_model(supply)


def _headers(written: dict[str, str]) -> tuple[Header, ...]:
    return tuple(Header(name, value) for name, value in sorted(written.items()))
