"""What people write under desired-state/: Environment, Host, App."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic.json_schema import SkipJsonSchema

from reconciler.desired.fields import (
    Address,
    HostKey,
    Labels,
    Name,
    OrEmpty,
    Port,
    Ref,
    SecretReference,
    Strict,
    User,
    Version,
)
from reconciler.desired.health_documents import HealthSpec
from reconciler.desired.slots import with_checks_by_slot
from reconciler.desired.traffic_documents import TrafficSpec
from reconciler.desired.wait_documents import told_at
from reconciler.desired.words import one_of
from reconciler.model.resource import DriftMode, PruneMode
from reconciler.model.target import Become, Sort
from reconciler.model.target import Host as HostTarget
from reconciler.policy.applicable import condition
from reconciler.policy.condition import ConditionMistake


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


class AppEnvironment(Strict):
    """How an app differs in one environment."""

    version: Version | None = None
    vars: dict[str, Any] = Field(default_factory=dict)


def _said(labels: Any) -> Any:
    if labels is None:
        raise ValueError("expected labels, got nothing; {} means all of them")
    return labels


_Selected = Annotated[Labels | SkipJsonSchema[None], BeforeValidator(_said)]


class TargetsSpec(Strict, json_schema_extra={"minProperties": 1}):
    """Which targets of an environment an app runs on: of each sort that is named those that have all the labels."""

    hosts: _Selected = None
    docker_engines: _Selected = None
    swarms: _Selected = None
    kubernetes_clusters: _Selected = None
    http_apis: _Selected = None

    @model_validator(mode="after")
    def _some(self) -> "TargetsSpec":
        if not self.by_sort:
            raise ValueError(f"expected one or more of {one_of([f'{sort}s' for sort in Sort])}")
        return self

    @property
    def by_sort(self) -> dict[Sort, Labels]:
        """The labels of each sort that is named."""
        written = (self.hosts, self.docker_engines, self.swarms, self.kubernetes_clusters, self.http_apis)
        return {sort: labels for sort, labels in zip(Sort, written, strict=True) if labels is not None}


class CommonSpec(Strict):
    """Keys that every resource may have beside those of its kind."""

    drift: Literal["heal", "report", "hold"] | None = None
    ignore: tuple[str, ...] = ()
    depends_on: tuple[Ref, ...] = ()
    adopt: Annotated[bool, Field(strict=True)] = False
    prune: Literal["delete", "keep", "confirm"] | None = None
    guard: Annotated[bool, Field(strict=True)] = False
    when: Annotated[
        str | None,
        Field(
            description="CEL over facts (what the target says of itself) and seen (what was seen of the app's "
            "resources): while it is not true the resource is left as it is"
        ),
    ] = None

    @field_validator("when")
    @classmethod
    def _is_a_condition(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                condition(text)
            except ConditionMistake as mistake:
                hint = f"; {mistake.suggestion}" if mistake.suggestion else ""
                raise ValueError(f"character {mistake.column}: {mistake}{hint}") from mistake
        return text

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
    irreversible: Annotated[
        bool,
        Field(
            strict=True,
            description="going back from this version loses something, such as a schema that was migrated: "
            "rollback refuses it unless forced",
        ),
    ] = False
    vars: dict[str, Any] = Field(default_factory=dict)
    environments: Annotated[dict[str, Annotated[AppEnvironment, OrEmpty]], Field(min_length=1)]
    targets: TargetsSpec
    depends_on: tuple[str, ...] = ()
    resources: Annotated[tuple[dict[str, Any], ...], Field(min_length=1)]
    health: tuple[HealthSpec, ...] = ()
    traffic: TrafficSpec | None = None
    slots: Annotated[
        dict[Name, Annotated[dict[str, Any], OrEmpty]],
        Field(description="two places for the app on each target, side by side, each with variables of its own"),
    ] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _checks_by_slot(cls, given: Any) -> Any:
        return with_checks_by_slot(given)

    @model_validator(mode="after")
    def _two_slots(self) -> "AppSpec":
        if self.slots and len(self.slots) != len(("blue", "green")):
            raise told_at(("slots",), f"expected two slots, got {len(self.slots)}", self.slots)
        for name, own in self.slots.items():
            if "name" in own:
                raise told_at(("slots", name, "name"), "the name of a slot is its key", own)
        for index, check in enumerate(self.health):
            slot = getattr(check, check.named).slot
            if slot and slot not in self.slots:
                known = f"; expected {one_of(list(self.slots))}" if self.slots else ""
                message = f"the app has no slot named '{slot}'{known}"
                raise told_at(("health", index, check.named, "slot"), message, slot)
        return self
