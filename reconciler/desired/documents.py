"""What people write under desired-state/: Environment, Host, App."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from reconciler.desired.fields import (
    Address,
    HostKey,
    HostPath,
    HttpPath,
    Labels,
    Name,
    OrEmpty,
    Pause,
    Period,
    Port,
    Ref,
    SecretReference,
    Strict,
    User,
    Version,
)
from reconciler.desired.fields import Count as CountField
from reconciler.model.health import CertificateCheck, ExecCheck, HealthCheck, HttpCheck, TcpCheck, Timing
from reconciler.model.resource import DriftMode, PruneMode
from reconciler.model.target import Become
from reconciler.model.target import Host as HostTarget

_TIMING = Timing()


class Metadata(Strict):
    """A document's name, and labels to select it by."""

    name: Name
    labels: Labels = Field(default_factory=dict)


class EnvironmentSpec(Strict):
    """A named set of targets. ``after`` are the environments that must be good first."""

    after: tuple[str, ...] = ()
    vars: dict[str, Any] = Field(default_factory=dict)


class HostSpec(Strict):
    """A Linux host reached over SSH."""

    environment: str
    address: Address
    port: Port = 22
    user: User
    become: Literal["none", "sudo"] = "none"
    become_password: SecretReference | None = None
    jump: str | None = None
    host_key: HostKey

    @model_validator(mode="after")
    def _password_has_a_use(self) -> "HostSpec":
        if self.become_password and self.become == "none":
            raise ValueError("becomePassword is of no use without 'become: sudo'")
        return self

    def to_model(self, metadata: Metadata) -> HostTarget:
        """Return the target."""
        return HostTarget(
            name=metadata.name,
            environment=self.environment,
            address=self.address,
            port=self.port,
            user=self.user,
            host_key=self.host_key,
            become=Become(self.become),
            become_password=self.become_password,
            jump=self.jump,
            labels=metadata.labels,
        )


class _Timing(Strict):
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


class HttpSpec(_Timing):
    """GET from the controller to the target; a status of 200 to 399 is healthy."""

    port: Port
    path: HttpPath = "/"
    scheme: Literal["http", "https"] = "http"


class TcpSpec(_Timing):
    """A TCP connection from the controller to the target is accepted."""

    port: Port


class ExecSpec(_Timing):
    """A command on the target ends with status 0."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]


class CertificateSpec(_Timing):
    """The certificates in a PEM file on the target are valid, and will be for so long."""

    path: HostPath
    valid_for: Pause = timedelta(days=14)
    timeout: Period = timedelta(seconds=10)


class HealthSpec(Strict, json_schema_extra={"minProperties": 1, "maxProperties": 1}):
    """One health check: exactly one of the keys."""

    http: HttpSpec | None = None
    tcp: TcpSpec | None = None
    exec: ExecSpec | None = None
    certificate: CertificateSpec | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "HealthSpec":
        if sum(check is not None for check in (self.http, self.tcp, self.exec, self.certificate)) != 1:
            raise ValueError("expected exactly one of http, tcp, exec or certificate")
        return self

    def to_model(self) -> HealthCheck:
        """Return the check."""
        if self.http:
            return HttpCheck(port=self.http.port, path=self.http.path, scheme=self.http.scheme, timing=self.http.timing)
        if self.tcp:
            return TcpCheck(port=self.tcp.port, timing=self.tcp.timing)
        if self.certificate:
            asked = self.certificate
            return CertificateCheck(path=asked.path, valid_for=asked.valid_for, timing=asked.timing)
        assert self.exec
        return ExecCheck(command=self.exec.command, timing=self.exec.timing)


class AppEnvironment(Strict):
    """How an app differs in one environment."""

    version: Version | None = None
    vars: dict[str, Any] = Field(default_factory=dict)


class TargetsSpec(Strict):
    """Which targets of an environment an app runs on: the hosts that have all the labels."""

    hosts: Labels


class CommonSpec(Strict):
    """Keys that every resource may have beside those of its kind."""

    drift: Literal["heal", "report", "hold"] | None = None
    ignore: tuple[str, ...] = ()
    depends_on: tuple[Ref, ...] = ()
    adopt: Annotated[bool, Field(strict=True)] = False
    prune: Literal["delete", "keep", "confirm"] | None = None

    @property
    def prune_mode(self) -> PruneMode | None:
        """What happens when this resource is no longer asked for; None leaves it to the policy."""
        return PruneMode(self.prune) if self.prune else None

    @property
    def drift_mode(self) -> DriftMode | None:
        """What happens to drift of this resource; None leaves it to the policy."""
        return DriftMode(self.drift) if self.drift else None


class AppSpec(Strict):
    """What is deployed. ``resources`` are one-key maps, kind to spec, read with the catalogue of kinds."""

    version: Version | None = None
    vars: dict[str, Any] = Field(default_factory=dict)
    environments: Annotated[dict[str, Annotated[AppEnvironment, OrEmpty]], Field(min_length=1)]
    targets: TargetsSpec
    depends_on: tuple[str, ...] = ()
    resources: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]
    health: tuple[HealthSpec, ...] = ()
