"""One HTTP API and resources of it, without a pass: rendered as from a document, looked at, brought there."""

from collections.abc import Mapping
from typing import Any

from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.templates import Templates
from reconciler.kinds.catalog import CATALOG
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN
from reconciler.model.health import ResourceCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Observation, Present, Resource, Unknown
from reconciler.model.target import HttpApi
from reconciler.policy.recalling import recalled
from reconciler.ports.clock import Clock
from reconciler.ports.kind import Difference
from reconciler.ports.targets import Transaction
from reconciler.providers.clock import SystemClock
from reconciler.providers.http_api.targets import HttpApiTargets
from tests.apis.http_server import Api
from tests.providers.secret_values import SecretValues

KIND = CATALOG["httpResource"]
VALUES = {"dns/token": "t0p-s3cret", "dns/password": 'pa"ss\\word', "dns/client": "client-secret"}


def marker(name: str) -> str:
    """What ``{{ secrets.NAME }}`` in a document becomes."""
    return f"{SECRET_OPEN}{name}{SECRET_CLOSE}"


def record(**more: Any) -> dict[str, Any]:
    """A record as people write it; ``more`` takes the place of what is in it."""
    return {
        "name": "www",
        "read": {"path": "/records", "items": "$.records", "match": "item.name == 'www'", "next": {"link": True}},
        "create": {"path": "/records"},
        "update": {"path": "/records/{seen.id}"},
        "delete": {"path": "/records/{seen.id}"},
        "body": {"name": "www", "ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]},
        **more,
    }


class World:
    """The API as a target."""

    def __init__(self, api: Api, clock: Clock | None = None, **target: Any) -> None:
        self.api = api
        self.values = dict(VALUES)
        self.secrets = SecretValues(self.values)
        self.sources = Sources({}, "", Templates(), self.secrets)
        given = {"name": "dns", "environment": "production", "url": api.url, "labels": {}, "per_second": 1000, **target}
        self.target = HttpApi(**given)
        self.targets = HttpApiTargets(CATALOG, self.secrets, clock or SystemClock())
        self._count = 0

    def of(self, written: Mapping[str, Any], **more: Any) -> Resource:
        """Return the resource that people write so."""
        inputs = ResourceInputs(self.sources, "", {"version": "1"}, written)
        made = KIND.render(KIND.Spec.model_validate(written), inputs)
        assert not isinstance(made, list | tuple)
        identity = ResourceId(UnitId("site", "production"), "dns", "httpResource", made.name)  # type: ignore[union-attr]
        self.check = next(iter(made.health), None)  # type: ignore[union-attr]
        return Resource(id=identity, attributes=made.attributes, contents=made.contents, **more)  # type: ignore[union-attr]

    async def look(self, resource: Resource) -> Observation:
        """Return what is seen."""
        return (await self.targets.survey(self.target, [resource])).of(resource.id)

    async def seen(self, resource: Resource) -> Present | Absent:
        """Return what is seen, which has to be possible."""
        seen = await self.look(resource)
        assert not isinstance(seen, Unknown), seen.reason
        return seen

    async def differs(self, resource: Resource, applied: Resource | None = None) -> Difference | None:
        """Return what differs."""
        return KIND.diff(resource, recalled(KIND, resource, await self.seen(resource), applied))

    async def plan(self, resource: Resource, applied: Resource | None = None) -> tuple[Operation, ...]:
        """Return what would be done."""
        seen = recalled(KIND, resource, await self.seen(resource), applied)
        return KIND.commands(resource, seen, {}) if KIND.diff(resource, seen) else ()

    async def bring(self, resource: Resource, applied: Resource | None = None) -> None:
        """Do what has to be done, and see that nothing differs then."""
        await self.apply(*await self.plan(resource, applied))
        assert await self.differs(resource, resource) is None

    async def apply(self, *operations: Operation, again: str = "") -> None:
        """Do the operations; ``again`` is the id of a transaction that is asked for more than once."""
        self._count += 1
        done = Transaction(id=again or f"t{self._count}", operations=operations, contents=self.sources.contents)
        await self.targets.apply(self.target, done)

    async def health(self, check: Any) -> Any:
        """Ask the check."""
        assert isinstance(check, ResourceCheck)
        return await self.targets.check(self.target, check)

    async def close(self) -> None:
        await self.targets.close()
