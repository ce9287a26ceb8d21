"""Kubernetes clusters as targets: what is there and would be, server-side apply, checks, and drift by watches."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from reconciler.model.cluster import ObjectName
from reconciler.model.health import CheckResult, GrpcCheck, HealthCheck, HttpCheck, ResourceCheck, TcpCheck
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.model.target import Host, KubernetesCluster
from reconciler.ports.clock import Clock
from reconciler.ports.errors import WorldError
from reconciler.ports.kind import Kind
from reconciler.ports.reads import ReadObject
from reconciler.ports.targets import Transaction
from reconciler.providers.checks import HealthChecks
from reconciler.providers.kept_open import Kept
from reconciler.providers.kubernetes import status
from reconciler.providers.kubernetes.client import ApiClient
from reconciler.providers.kubernetes.cluster import Cluster, Seen, Supplies
from reconciler.providers.kubernetes.credentials import credentials
from reconciler.providers.kubernetes.entries import Entry

_LOOKED_AT_EVERY = timedelta(seconds=30)
"""So often is looked what may not be watched."""


class Clusters:
    """All clusters: each is made when it is first asked for, and anew when what is said of it changes."""

    def __init__(self, supplies: Supplies, clock: Clock) -> None:
        self._supplies = supplies
        self._clock = clock
        self._kept: Kept[Cluster] = Kept()

    async def of(self, target: KubernetesCluster) -> Cluster:
        """Return the cluster that is kept of the target."""

        def made() -> Cluster:
            client = ApiClient(
                target.name, lambda: credentials(target, self._supplies.secrets, self._supplies.around), self._clock
            )
            return Cluster(target, client, self._supplies, self._clock)

        return self._kept.of(target.name, (target.access, target.namespace), made)

    async def close(self) -> None:
        """End all connections."""
        await self._kept.close()


class KubernetesTargets:
    """``ports.targets.Watchable`` for Kubernetes clusters."""

    def __init__(self, clusters: Clusters, kinds: Mapping[str, Kind], supplies: Supplies, checks: HealthChecks) -> None:
        self._clusters = clusters
        self._kinds = kinds
        self._secrets = supplies.secrets
        self._checks = checks

    async def survey(self, target: KubernetesCluster, resources: Sequence[Resource]) -> Survey:
        """Look at the resources; Unknown for each that cannot be looked at."""
        if not resources:
            return Survey({})
        here = await self._clusters.of(target)
        asked = list(self._asked(resources))
        try:
            facts = await here.facts()
            entries = await here.objects.find(dict.fromkeys(each.object for _, each in asked))
        except WorldError as error:
            entries, facts = dict.fromkeys((each.object for _, each in asked), error), {}
        await asyncio.gather(*(self._look(here, each, one, entries[one.object]) for each, one in asked))
        return Survey({each.id: here.seen[each.id].observation for each in resources}, facts={target.name: facts})

    async def apply(self, target: KubernetesCluster, transaction: Transaction) -> None:
        """Do all of it, in order; raise Halfway where a part was done."""
        if transaction.operations:
            here = await self._clusters.of(target)
            await here.applying.carry_out(transaction, self._secrets)

    async def check(self, target: KubernetesCluster, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        match check:
            case ResourceCheck():
                return await status.checked(await self._clusters.of(target), self._kinds, check)
            case HttpCheck() | TcpCheck() | GrpcCheck():
                return await self._checks.ask(_at_its_address(target), check)
            case other:
                raise TypeError(f"internal error: a cluster cannot be asked for {other}")

    async def changes(
        self, target: KubernetesCluster, resources: Sequence[Resource], period: timedelta
    ) -> AsyncGenerator[None, None]:
        """Yield whenever the resources are not as the last survey saw them; what may not be watched is looked at."""
        here = await self._clusters.of(target)
        asked = {one.object: (each, one) for each, one in self._asked(resources)}
        told: set[ObjectName] = set()
        woken = asyncio.Event()

        def tell(name: ObjectName) -> None:
            told.add(name)
            woken.set()

        end = await here.objects.listen(asked, tell)
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_LOOKED_AT_EVERY.total_seconds()):
                        await woken.wait()
                woken.clear()
                names = told | await here.objects.unwatched(asked)
                told.clear()
                if names and await self._other(here, {name: asked[name] for name in names}):
                    yield
        finally:
            end()

    async def _other(self, here: Cluster, asked: Mapping[ObjectName, tuple[Resource, ReadObject]]) -> bool:
        """Whether one of these is not as it was seen last; what we have just made of it ourselves is no news."""
        for name, entry in (await here.objects.find(asked)).items():
            resource, one = asked[name]
            seen = here.seen.get(resource.id)
            if isinstance(entry, WorldError):
                if seen is None or not isinstance(seen.observation, Unknown):
                    return True
            elif entry is None or not here.rehearsal.ours(name, entry):
                now = await self._observed(here, resource, one, entry)
                if seen is None or _compared(now) != _compared(seen.observation):
                    return True
                here.seen[resource.id] = Seen(resource, one, entry, now)
        return False

    def _asked(self, resources: Sequence[Resource]) -> Iterator[tuple[Resource, ReadObject]]:
        of_unit: dict[str, dict[str, Resource]] = {}
        for resource in resources:
            of_unit.setdefault(str(resource.id.unit), {})[resource.id.ref] = resource
        for resource in resources:
            asked = self._kinds[resource.id.kind].probe(resource, of_unit[str(resource.id.unit)])
            if not isinstance(asked, ReadObject):
                raise TypeError(f"internal error: a cluster cannot be asked for {asked}")
            yield resource, asked

    async def _look(
        self, here: Cluster, resource: Resource, asked: ReadObject, entry: Entry | WorldError | None
    ) -> None:
        known = here.seen.get(resource.id)
        if isinstance(entry, WorldError):
            here.seen[resource.id] = Seen(resource, asked, None, Unknown(str(entry)))
            return
        if (
            known is not None
            and known.resource is resource
            and known.entry is entry
            and known.asked == asked
            and not isinstance(known.observation, Unknown)
            and (entry is None or here.rehearsal.holds(asked, entry))
        ):
            return
        here.seen[resource.id] = Seen(resource, asked, entry, await self._observed(here, resource, asked, entry))

    async def _observed(self, here: Cluster, resource: Resource, asked: ReadObject, entry: Entry | None) -> Observation:
        if entry is None:
            return Absent()
        if "deletionTimestamp" in entry.object["metadata"]:
            return Unknown(f"{asked.object} is being deleted{_held(entry)}; it is looked at again when it is gone")
        try:
            answer = await here.rehearsal.answer(asked, entry)
            return self._kinds[resource.id.kind].parse(resource, answer)
        except WorldError as error:
            return Unknown(f"cannot look at {resource.id.ref}: {error}")
        except ValueError as error:
            return Unknown(f"cannot understand what the cluster says about {resource.id.ref}: {error}")


def _compared(observation: Observation) -> Observation:
    """An observation without what an object says of itself."""
    return replace(observation, status={}) if isinstance(observation, Present) else observation


def _held(entry: Entry) -> str:
    finalizers = entry.object["metadata"].get("finalizers")
    return f" (held by {', '.join(finalizers)})" if finalizers else ""


def _at_its_address(target: KubernetesCluster) -> Host:
    """What checks that ask from here need to know of a target."""
    return Host(
        name=target.name, environment=target.environment, address=target.address, user="", host_key="", labels={}
    )
