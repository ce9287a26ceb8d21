"""How an object does by what the cluster says: the kind asks and judges, here it is only fetched."""

import asyncio
from collections.abc import Mapping

from reconciler.model.canonical import canonical
from reconciler.model.health import CheckResult, ResourceCheck
from reconciler.ports.errors import Denied, WorldError
from reconciler.ports.kind import Judging, Kind
from reconciler.ports.reads import Listed, ReadStatus
from reconciler.providers.kubernetes.cluster import Cluster
from reconciler.providers.kubernetes.discovery import UnknownKind


async def checked(cluster: Cluster, kinds: Mapping[str, Kind], check: ResourceCheck) -> CheckResult:
    """Return how the resource does. What cannot be asked is no word about it."""
    kind = kinds[check.ref.partition(":")[0]]
    assert isinstance(kind, Judging), kind
    asked = kind.asked(check.subject)
    if not isinstance(asked, ReadStatus):
        raise TypeError(f"internal error: a cluster cannot be asked for {asked}")
    try:
        async with asyncio.timeout(check.timing.timeout.total_seconds()):
            return kind.judged(check.subject, await _answer(cluster, asked))
    except TimeoutError:
        said = f"{cluster.target.name} said nothing within {check.timing.timeout.total_seconds():g} s"
        return CheckResult(healthy=False, detail=said, asked=False)
    except WorldError as error:
        return CheckResult(healthy=False, detail=" ".join(str(error).split()), asked=False)


async def _answer(cluster: Cluster, asked: ReadStatus) -> list[str]:
    try:
        found = await cluster.objects.read(asked.object)
    except UnknownKind:
        found = None
    lists = await asyncio.gather(*(_listed(cluster, asked, each) for each in asked.listed))
    return ["" if found is None else canonical(found.object), *lists]


async def _listed(cluster: Cluster, asked: ReadStatus, wanted: Listed) -> str:
    namespace = asked.object.namespace
    try:
        return canonical(
            await cluster.objects.labelled(wanted.api_version, wanted.kind, namespace, dict(wanted.labels))
        )
    except Denied:
        return "[]"  # how it does is told without them, only the reason is not
