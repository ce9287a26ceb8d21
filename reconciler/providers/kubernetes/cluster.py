"""Everything that is known of one cluster, and the ways to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.model.canonical import Json
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Observation, Resource
from reconciler.model.target import KubernetesCluster
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Denied, Refused
from reconciler.ports.reads import ReadObject
from reconciler.ports.secrets import Secrets
from reconciler.providers.kubernetes.applying import Applying
from reconciler.providers.kubernetes.client import ApiClient, Call, good
from reconciler.providers.kubernetes.credentials import Surroundings
from reconciler.providers.kubernetes.discovery import Discovery
from reconciler.providers.kubernetes.entries import Entry
from reconciler.providers.kubernetes.objects import Objects
from reconciler.providers.kubernetes.rehearsal import Blob, Rehearsal
from reconciler.providers.kubernetes.waiting import Waiting

_FORBIDDEN = 403
_FACTS_FOR = timedelta(minutes=5)
_HEARD_WITHIN = timedelta(seconds=10)
_ALIVE_LIMIT = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Supplies:
    """What goes to clusters along with a plan: contents by digest, and secrets."""

    blob: Blob
    secrets: Secrets
    around: Surroundings = field(default_factory=lambda: Surroundings({}))


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last made of a resource: what was asked, which version of its object answered, and what that means."""

    resource: Resource
    asked: ReadObject
    entry: Entry | None
    observation: Observation


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a cluster says of itself, and when it said so."""

    at: datetime
    said: Mapping[str, Json]


class Cluster:
    """One cluster. ``seen`` is what the last look made of each resource."""

    def __init__(self, target: KubernetesCluster, client: ApiClient, supplies: Supplies, clock: Clock) -> None:
        self.target = target
        self.client = client
        self.discovery = Discovery(client, target.namespace)
        self.objects = Objects(client, self.discovery, clock)
        self.rehearsal = Rehearsal(client, self.discovery, self.objects, supplies.blob, supplies.secrets)
        waiting = Waiting(client, self.discovery, self.objects, clock)
        self.applying = Applying(client, self.discovery, self.objects, self.rehearsal, waiting)
        self.seen: dict[ResourceId, Seen] = {}
        self._clock = clock
        self._facts: _Facts | None = None
        self._heard: datetime | None = None

    async def facts(self) -> Mapping[str, Json]:
        """Return its version, and how many nodes it has where that may be asked; raise WorldError if it is away.

        A cluster that was not heard of for ten seconds is asked again: what watches have told is worth nothing then.
        """
        now = self._clock.now()
        if self._facts is not None and self._heard is not None and now - self._heard < _HEARD_WITHIN:
            return self._facts.said
        call = Call(what=f"reach {self.target.name}", path="/version", limit=_ALIVE_LIMIT)
        answer = await self.client.ask(call)
        # Who may not ask for the version has reached the cluster nevertheless.
        version = {} if answer.status == _FORBIDDEN else good(answer, call.what)
        if self._facts is None or now - self._facts.at > _FACTS_FOR:
            self._facts = _Facts(now, {**_version(version), **await self._nodes()})
        self._heard = self._clock.now()
        return self._facts.said

    async def _nodes(self) -> Mapping[str, Json]:
        try:
            found = await self.client.get("count nodes", "/api/v1/nodes", {"limit": "1"})
        except (Denied, Refused):
            return {}
        if found is None:
            return {}
        return {"nodes": len(found.get("items") or ()) + int(found["metadata"].get("remainingItemCount", 0))}

    async def close(self) -> None:
        """End all connections."""
        await self.objects.close()
        await self.client.close()


def _version(said: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"version": said["gitVersion"]} if "gitVersion" in said else {}
