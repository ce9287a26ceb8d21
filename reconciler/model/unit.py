"""The desired state: units, and the commit they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.access import NO_ACCESS, Access, Placed
from reconciler.model.canonical import Digest
from reconciler.model.governance import Governance
from reconciler.model.health import HealthCheck
from reconciler.model.identity import UnitId
from reconciler.model.notification import NOBODY, Notifications
from reconciler.model.policy import RolloutPolicy
from reconciler.model.provenance import ArtifactPolicy
from reconciler.model.resource import Resource
from reconciler.model.secret_store import SecretStore
from reconciler.model.target import Host, Target, hosts_among
from reconciler.model.traffic import Router

BEFORE_US = "what was there before"
"""What people call the state that comes from no commit: that of before the first one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One app in one environment, rendered for every one of its targets.

    ``digest`` covers version, resources and health checks, thus all inputs that were read; it does not cover the
    policy: a new batch size rolls nothing out. ``after`` are the units that must be good first, from ``dependsOn``
    and from the order of environments. ``blocked`` says why the unit cannot be planned now though its documents are
    right (a secret that cannot be read); None when it can. ``slots`` are the names of the app's two slots on each
    target, empty when there is but one of it. ``traffic`` is the router in front of it. Neither is in the digest, and
    nor is ``irreversible``: whoever goes back from this state loses something (a schema was migrated).
    """

    id: UnitId
    version: str
    commit: str
    digest: Digest
    targets: tuple[str, ...]
    resources: tuple[Resource, ...]
    health: tuple[HealthCheck, ...] = ()
    after: tuple[UnitId, ...] = ()
    policy: RolloutPolicy
    blocked: str | None = None
    slots: tuple[str, ...] = ()
    traffic: Router | None = None
    irreversible: bool = False

    @property
    def named(self) -> str:
        """How people call the state: ``1.4.2 (91bc07d)``; what was there before us has no commit."""
        return f"{self.version} ({self.commit[:7]})" if self.commit else BEFORE_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """Everything one commit asks for. ``contents`` are the bytes that resources speak of, by blob digest.

    ``stores`` are where secrets are whose references name a store.
    ``governance`` says when changes of a unit may begin, ``access`` who may do what, ``placed`` the labels of units,
    ``provenance`` what the archives of a unit have to show, ``notifications`` who is told of what happens.
    """

    commit: str
    targets: Mapping[str, Target]
    units: Mapping[UnitId, Unit]
    contents: Mapping[Digest, bytes] = field(default_factory=dict)
    stores: Mapping[str, SecretStore] = field(default_factory=dict)
    governance: Mapping[UnitId, Governance] = field(default_factory=dict)
    access: Access = NO_ACCESS
    placed: Mapping[UnitId, Placed] = field(default_factory=dict)
    provenance: Mapping[UnitId, tuple[ArtifactPolicy, ...]] = field(default_factory=dict)
    notifications: Notifications = NOBODY

    @property
    def hosts(self) -> Mapping[str, Host]:
        """Those of the targets that are plain hosts."""
        return hosts_among(self.targets)
