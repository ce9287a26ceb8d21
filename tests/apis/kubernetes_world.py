"""One app on a real cluster: rendered as from a document, looked at, brought there, taken away; no pass around it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.templates import Templates
from reconciler.kinds import catalog, kubernetes
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Observation, Resource, Unknown
from reconciler.model.target import ClusterToken, KubernetesCluster
from reconciler.plan.order import ordered
from reconciler.ports.kind import Difference
from reconciler.ports.targets import Transaction
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.kubernetes.cluster import Supplies
from reconciler.providers.kubernetes.clusters import Clusters, KubernetesTargets
from reconciler.providers.kubernetes.direct import DirectClusters
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.lab.kubernetes.cluster import Cluster
from tests.providers.secret_values import SecretValues

NOTHING: Mapping[str, Any] = {}
UNIT = UnitId("shop", "testing")
KINDS = {**catalog.CATALOG, kubernetes.NAME: kubernetes}


class Values(SecretValues):
    """Secrets that a test may change."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        super().__init__(self.values)


@dataclass
class OneApp:
    """What a pass does with an app's objects on one cluster, without the pass."""

    lab: Cluster
    namespace: str
    target: KubernetesCluster
    targets: KubernetesTargets
    direct: DirectClusters
    sources: Sources
    secrets: Values
    count: int = 0
    unit: UnitId = UNIT
    common: dict[str, Any] = field(default_factory=dict)

    def of(self, *manifests: Mapping[str, Any], **common: Any) -> tuple[Resource, ...]:
        """Return what the kind makes of these manifests; ``common`` are fields of every resource."""
        return tuple(each for one in manifests for each in self.written({"manifest": dict(one)}, **common))

    def written(self, body: Mapping[str, Any], **common: Any) -> tuple[Resource, ...]:
        """Return what the kind makes of what people write."""
        inputs = self.inputs(body)
        made = kubernetes.render(kubernetes.Spec.model_validate({"namespace": self.namespace, **body}), inputs)
        assert inputs.missing == []
        return tuple(
            Resource(
                id=ResourceId(self.unit, self.target.name, "kubernetes", each.name),
                attributes=each.attributes,
                contents=each.contents,
                restart_on=tuple(each.restart_on),
                **common,
            )
            for each in made
        )

    def inputs(self, body: Mapping[str, Any] = NOTHING) -> ResourceInputs:
        """Return what a kind reads while it renders what people write."""
        return ResourceInputs(self.sources, "", {"version": "1.4.2"}, body)

    async def seen(self, *resources: Resource) -> list[Observation]:
        """Return what is there."""
        survey = await self.targets.survey(self.target, resources)
        return [survey.of(each.id) for each in resources]

    async def differences(self, *resources: Resource) -> list[Difference | None]:
        """Return what differs; it has to be possible to look."""
        found = []
        for each, seen in zip(resources, await self.seen(*resources), strict=True):
            assert not isinstance(seen, Unknown), seen.reason
            found.append(kubernetes.diff(each, seen))
        return found

    async def fields(self, resource: Resource) -> dict[str, tuple[object, object]]:
        """Return before and after of what differs, by its path."""
        (found,) = await self.differences(resource)
        return {each.path: (each.before, each.after) for each in found.fields} if found else {}

    async def operations(self, *resources: Resource) -> list[Operation]:
        """Return what is done to have the resources as they shall be."""
        siblings = {each.id.ref: each for each in resources}
        found: list[Operation] = []
        seen = dict(zip((each.id for each in resources), await self.seen(*resources), strict=True))
        for each in sorted(ordered(resources), key=kubernetes.wave):
            there = seen[each.id]
            assert not isinstance(there, Unknown), there.reason
            if kubernetes.diff(each, there) is not None:
                found += kubernetes.commands(each, there, siblings)
        return found

    async def bring(self, *resources: Resource) -> None:
        """Make them as they shall be, and see that nothing differs any more."""
        await self.apply(*await self.operations(*resources))
        left = await self.differences(*resources)
        assert left == [None] * len(resources), left

    async def take_away(self, *resources: Resource) -> None:
        """Take them away, and see that they are gone."""
        seen = await self.seen(*resources)
        pairs = sorted(zip(resources, seen, strict=True), key=lambda each: kubernetes.wave(each[0]), reverse=True)
        operations: list[Operation] = []
        for each, there in pairs:
            assert not isinstance(there, Unknown), there.reason
            operations += kubernetes.removal(each, there)
        await self.apply(*operations)
        assert await self.seen(*resources) == [Absent()] * len(resources)

    async def apply(self, *operations: Operation) -> None:
        """Do the operations as one transaction."""
        self.count += 1
        contents = self.sources.contents
        transaction = Transaction(id=f"t{self.count}", operations=operations, contents=contents)
        await self.targets.apply(self.target, transaction)

    def path(self, group: str, plural: str, name: str) -> str:
        """Return where an object of the app's namespace lies."""
        root = f"/apis/{group}" if "/" in group else f"/api/{group}"
        return f"{root}/namespaces/{self.namespace}/{plural}/{name}"


def authority(lab: Cluster) -> str:
    """Return the certificate that the API server is known by."""
    return Path(lab.ca).read_text()


@asynccontextmanager
async def one_app(lab: Cluster, *, user: str = "admin", url: str | None = None) -> AsyncIterator[OneApp]:
    """Have an app in a namespace of its own for the time of the block, as this user and at this URL."""
    secrets = Values({"kube": lab.token(user), "shop/db": "hunter2"})
    sources = Sources({}, "", Templates(), secrets)

    async def blob(digest: str) -> bytes:
        return sources.contents[digest]

    namespace = lab.namespace()
    access = ClusterToken(server=url or lab.url, ca=authority(lab), token="kube")
    target = KubernetesCluster(name="kube-1", environment="testing", access=access, namespace=namespace, labels={})
    clock, supplies = SystemClock(), Supplies(blob, secrets)
    shell = SshShell(SshOptions(), dict, secrets)
    clusters = Clusters(supplies, clock)
    targets = KubernetesTargets(clusters, KINDS, supplies, HealthChecks(shell, shell, clock))
    app = OneApp(lab, namespace, target, targets, DirectClusters(clusters), sources, secrets)
    try:
        yield app
    finally:
        await clusters.close()
        await shell.close()


def rendered(manifest: Mapping[str, Any], target: KubernetesCluster) -> Resource:
    """Return what the kind makes of a manifest, for a cluster that nobody asks."""
    body = {"manifest": dict(manifest), "namespace": "shop"}
    inputs = ResourceInputs(Sources({}, "", Templates(), SecretValues({})), "", {"version": "1.4.2"}, body)
    (made,) = kubernetes.render(kubernetes.Spec.model_validate(body), inputs)
    identity = ResourceId(UNIT, target.name, "kubernetes", made.name)
    return Resource(id=identity, attributes=made.attributes, contents=made.contents)


def deployment(name: str = "shop", image: str = "registry.example/shop:1", replicas: int | None = 2) -> dict[str, Any]:
    """Return a Deployment of one container."""
    labels = {"app": name}
    spec: dict[str, Any] = {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "containers": [
                    {"name": "web", "image": image, "resources": {"limits": {"cpu": "1000m", "memory": "1024Mi"}}}
                ]
            },
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def config_map(name: str = "shop", **data: str) -> dict[str, Any]:
    """Return a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
