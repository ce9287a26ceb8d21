"""Targets that are asked through an API, put together: one line for each sort."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.model.target import Sort
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.clock import Clock
from reconciler.ports.kind import Kind
from reconciler.ports.secrets import Secrets
from reconciler.ports.targets import WatchableOf
from reconciler.providers.checks import HealthChecks
from reconciler.providers.docker.engines import Engines
from reconciler.providers.docker.targets import EngineTargets
from reconciler.providers.docker.targets import Supplies as EngineSupplies
from reconciler.providers.http_api.targets import HttpApiTargets
from reconciler.providers.kubernetes.cluster import Supplies as ClusterSupplies
from reconciler.providers.kubernetes.clusters import Clusters, KubernetesTargets
from reconciler.providers.ssh import SshShell


@dataclass(frozen=True, slots=True, kw_only=True)
class Gear:
    """What all of them are made with."""

    shell: SshShell
    secrets: Secrets
    artifacts: Artifacts
    goods: ClusterSupplies
    clock: Clock
    kinds: Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class Apis:
    """The providers by the sort of their targets, and the clusters, which routers speak to as well."""

    by_sort: Mapping[Sort, WatchableOf[Any]]
    clusters: Clusters


@asynccontextmanager
async def apis(gear: Gear) -> AsyncIterator[Apis]:
    """Have them for the time of the block; each connection is made when it is first needed."""
    checks = HealthChecks(gear.shell, gear.shell, gear.clock)
    clusters = Clusters(gear.goods, gear.clock)
    engines = Engines(gear.shell, gear.secrets)
    docker = EngineTargets(engines, gear.kinds, EngineSupplies(gear.artifacts, gear.secrets), checks)
    http_apis = HttpApiTargets(gear.kinds, gear.secrets, gear.clock)
    by_sort: dict[Sort, WatchableOf[Any]] = {
        Sort.DOCKER_ENGINE: docker,
        Sort.SWARM: docker,
        Sort.KUBERNETES_CLUSTER: KubernetesTargets(clusters, gear.kinds, gear.goods, checks),
        Sort.HTTP_API: http_apis,
    }
    try:
        yield Apis(by_sort, clusters)
    finally:
        await http_apis.close()
        await engines.close()
        await clusters.close()
