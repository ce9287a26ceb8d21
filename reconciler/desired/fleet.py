"""Documents in, what was written out: each checked by itself, under its name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from reconciler.desired import mistakes
from reconciler.desired.access_documents import RoleBindingSpec, RoleSpec
from reconciler.desired.analysis_documents import AnalysisSpec
from reconciler.desired.api_documents import HttpApiSpec
from reconciler.desired.approval_documents import ApprovalPolicySpec
from reconciler.desired.channel_documents import NotificationChannelSpec
from reconciler.desired.concurrency_documents import ConcurrencyPolicySpec
from reconciler.desired.documents import AppSpec, EnvironmentSpec, HostSpec, Metadata
from reconciler.desired.fields import Labels
from reconciler.desired.guardrail_documents import GuardrailSpec
from reconciler.desired.notification_documents import NotificationPolicySpec
from reconciler.desired.policy_documents import RolloutPolicySpec
from reconciler.desired.provenance_documents import ArtifactPolicySpec
from reconciler.desired.secret_documents import SecretStoreSpec
from reconciler.desired.signer_documents import SignerPolicySpec
from reconciler.desired.target_documents import DockerEngineSpec, KubernetesClusterSpec, SwarmSpec
from reconciler.desired.tree import Document
from reconciler.desired.window_documents import ChangeWindowSpec
from reconciler.desired.words import describe, nearest, one_of
from reconciler.model.problem import Problem
from reconciler.model.target import Sort

API_VERSION = "reconciler/v1"
KINDS: Mapping[str, type[BaseModel]] = {
    "Environment": EnvironmentSpec,
    "Host": HostSpec,
    "DockerEngine": DockerEngineSpec,
    "Swarm": SwarmSpec,
    "KubernetesCluster": KubernetesClusterSpec,
    "HttpApi": HttpApiSpec,
    "App": AppSpec,
    "RolloutPolicy": RolloutPolicySpec,
    "Analysis": AnalysisSpec,
    "ApprovalPolicy": ApprovalPolicySpec,
    "ChangeWindow": ChangeWindowSpec,
    "Guardrail": GuardrailSpec,
    "ConcurrencyPolicy": ConcurrencyPolicySpec,
    "SignerPolicy": SignerPolicySpec,
    "Role": RoleSpec,
    "RoleBinding": RoleBindingSpec,
    "SecretStore": SecretStoreSpec,
    "ArtifactPolicy": ArtifactPolicySpec,
    "NotificationChannel": NotificationChannelSpec,
    "NotificationPolicy": NotificationPolicySpec,
}
"""The kinds of documents and the models of their specs."""

SORTS: Mapping[str, Sort] = {
    "Host": Sort.HOST,
    "DockerEngine": Sort.DOCKER_ENGINE,
    "Swarm": Sort.SWARM,
    "KubernetesCluster": Sort.KUBERNETES_CLUSTER,
    "HttpApi": Sort.HTTP_API,
}
"""The kinds of documents that are targets, whose names are unique over all of them."""

POLICY_KINDS = frozenset(
    {
        "RolloutPolicy",
        "Analysis",
        "Role",
        "ChangeWindow",
        "Guardrail",
        "ConcurrencyPolicy",
        "RoleBinding",
        "ApprovalPolicy",
        "SignerPolicy",
        "SecretStore",
        "ArtifactPolicy",
        "NotificationChannel",
        "NotificationPolicy",
    }
)
"""Kinds that stand in the policies folder; all others stand in the desired-state folder."""

Spec = TypeVar("Spec", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Written(Generic[Spec]):
    """A document of which metadata and spec are right by themselves."""

    document: Document
    metadata: Metadata
    spec: Spec

    @property
    def name(self) -> str:
        """Its name."""
        return self.metadata.name

    @property
    def labels(self) -> Labels:
        """Its labels."""
        return self.metadata.labels


@dataclass(frozen=True, slots=True)
class Fleet:
    """All documents of a commit by kind and name. Those with mistakes are only in ``names``."""

    environments: dict[str, Written[EnvironmentSpec]] = field(default_factory=dict)
    targets: dict[str, Written[Any]] = field(default_factory=dict)
    apps: dict[str, Written[AppSpec]] = field(default_factory=dict)
    policies: dict[str, Written[RolloutPolicySpec]] = field(default_factory=dict)
    analyses: dict[str, Written[AnalysisSpec]] = field(default_factory=dict)
    roles: dict[str, Written[RoleSpec]] = field(default_factory=dict)
    bindings: dict[str, Written[RoleBindingSpec]] = field(default_factory=dict)
    approvals: dict[str, Written[ApprovalPolicySpec]] = field(default_factory=dict)
    windows: dict[str, Written[ChangeWindowSpec]] = field(default_factory=dict)
    guardrails: dict[str, Written[GuardrailSpec]] = field(default_factory=dict)
    concurrency: dict[str, Written[ConcurrencyPolicySpec]] = field(default_factory=dict)
    signers: dict[str, Written[SignerPolicySpec]] = field(default_factory=dict)
    stores: dict[str, Written[SecretStoreSpec]] = field(default_factory=dict)
    artifacts: dict[str, Written[ArtifactPolicySpec]] = field(default_factory=dict)
    channels: dict[str, Written[NotificationChannelSpec]] = field(default_factory=dict)
    notifications: dict[str, Written[NotificationPolicySpec]] = field(default_factory=dict)
    names: dict[tuple[str, str], Document] = field(default_factory=dict)

    def named(self, kind: str) -> list[str]:
        """Return all names of a kind, also of documents with mistakes, which are not to be called unknown."""
        return [name for its, name in self.names if its == kind]

    def has(self, kind: str, name: str) -> bool:
        """Whether there is a document of the kind and name, right or not."""
        return (kind, name) in self.names


@dataclass(frozen=True, slots=True)
class Checked:
    """A document with all that can be said of it without any other; ``kind`` is None where nobody knows it."""

    document: Document
    kind: str | None
    written: Written[Any] | None
    problems: tuple[Problem, ...]


def check(document: Document) -> Checked:
    """Check a document by itself."""
    kind, problems = _kind(document)
    written = None
    if kind is not None:
        written, found = _written(document, kind)
        problems += found
    return Checked(document, kind, written, tuple(problems))


def gather(documents: Iterable[Checked]) -> tuple[Fleet, list[Problem]]:
    """Put each document under its name; return what is wrong with them beside."""
    fleet = Fleet()
    problems: list[Problem] = []
    tables: dict[str, dict[str, Any]] = {
        "Environment": fleet.environments,
        **dict.fromkeys(SORTS, fleet.targets),
        "App": fleet.apps,
        "RolloutPolicy": fleet.policies,
        "Analysis": fleet.analyses,
        "Role": fleet.roles,
        "RoleBinding": fleet.bindings,
        "ApprovalPolicy": fleet.approvals,
        "ChangeWindow": fleet.windows,
        "Guardrail": fleet.guardrails,
        "ConcurrencyPolicy": fleet.concurrency,
        "SignerPolicy": fleet.signers,
        "SecretStore": fleet.stores,
        "ArtifactPolicy": fleet.artifacts,
        "NotificationChannel": fleet.channels,
        "NotificationPolicy": fleet.notifications,
    }
    for each in documents:
        problems += each.problems
        if each.kind is not None and _claim(fleet, each.kind, each.document, problems) and each.written:
            tables[each.kind][each.written.name] = each.written
    return fleet, problems


def _kind(document: Document) -> tuple[str | None, list[Problem]]:
    """Find out what a document is; its envelope's mistakes beside."""
    data = document.data
    if not isinstance(data, dict):
        return None, [document.problem((), f"expected a document (kind, metadata, spec), got {describe(data)}")]
    kind = data.get("kind")
    if "kind" not in data:
        message = f"the key 'kind' is missing; expected {one_of(list(KINDS))}"
        hint = "a file that an app delivers belongs in a folder named templates or files"
        return None, [document.problem((), message, hint)]
    if not isinstance(kind, str) or kind not in KINDS:
        near = nearest(kind, KINDS) if isinstance(kind, str) else None
        return None, [document.problem(("kind",), f"expected {one_of(list(KINDS))}, got {describe(kind)}", near)]
    problems = []
    keys = ("apiVersion", "kind", "metadata", "spec")
    for unknown in (each for each in data if each not in keys):
        message = f"there is no key '{unknown}' here; expected {one_of(keys)}"
        problems.append(document.key_problem((unknown,), message, nearest(unknown, keys)))
    if data.get("apiVersion", API_VERSION) != API_VERSION:
        message = f"expected {API_VERSION}, got {describe(data['apiVersion'])}"
        problems.append(document.problem(("apiVersion",), message))
    return kind, problems


def _written(document: Document, kind: str) -> tuple[Written[Any] | None, list[Problem]]:
    metadata, problems = _part(document, "metadata", Metadata)
    spec, found = _part(document, "spec", KINDS[kind])
    problems += found
    return (Written(document, metadata, spec) if metadata and spec else None), problems


def _part(document: Document, key: str, model: type[Spec]) -> tuple[Spec | None, list[Problem]]:
    if key not in document.data and not (key == "spec" and not any(_needed(model))):
        return None, [document.problem((), f"the key '{key}' is missing")]
    value = document.data.get(key)
    try:
        return model.model_validate({} if value is None else value), []
    except ValidationError as error:
        return None, mistakes.problems(error, model, document, (key,))


def _needed(model: type[BaseModel]) -> Iterable[str]:
    return (name for name, each in model.model_fields.items() if each.is_required())


def _claim(fleet: Fleet, kind: str, document: Document, problems: list[Problem]) -> bool:
    """Take the name of a document; false when another document has it."""
    metadata = document.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str):
        return False
    fleet.names.setdefault((kind, name), document)
    others = (each for each in SORTS if each != kind and (each, name) in fleet.names) if kind in SORTS else iter(())
    other = next(others, kind)
    first = fleet.names[other, name]
    if first is document:
        return True
    place = mistakes.where(first, ("metadata", "name"))
    message = f"there is already a{'n' if other[0] in 'AE' else ''} {other} named '{name}', in {place}"
    hint = "targets of all sorts share their names" if other != kind else None
    problems.append(document.problem(("metadata", "name"), message, hint))
    return False
