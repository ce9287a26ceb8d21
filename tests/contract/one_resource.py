"""One resource of any kind on a lab host: rendered as from a document, looked at, brought there, taken away."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.templates import Templates
from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Observation, Resource, Unknown
from reconciler.ports.kind import Difference
from reconciler.ports.shell import Script
from reconciler.ports.targets import Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.survey import Probes
from tests.contract.conftest import LabWorld
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues


class OneResource:
    """What a pass does with one resource, without the pass."""

    def __init__(self, world: LabWorld, targets: HostTargets, sources: Sources) -> None:
        self.world = world
        self.targets = targets
        self._sources = sources
        self._count = 0

    def of(self, kind_name: str, written: Mapping[str, Any]) -> Resource:
        """Return what the kind makes of what people write."""
        kind = CATALOG[kind_name]
        inputs = ResourceInputs(self._sources, "", {"version": "1.4.2"}, written)
        made = kind.render(kind.Spec.model_validate(written), inputs)
        assert inputs.missing == []
        identity = ResourceId(UnitId("shop", "production"), "web-1", kind_name, made.name)
        return Resource(id=identity, attributes=made.attributes, contents=made.contents)

    async def seen(self, resource: Resource) -> Observation:
        """Return what is there."""
        return (await self.targets.survey(self.world.host(), [resource])).of(resource.id)

    async def differs(self, resource: Resource) -> Difference | None:
        """Return what differs; it has to be possible to look."""
        seen = await self.seen(resource)
        assert not isinstance(seen, Unknown), seen.reason
        return CATALOG[resource.id.kind].diff(resource, seen)

    async def fields(self, resource: Resource) -> set[str]:
        """Return the names of what differs."""
        found = await self.differs(resource)
        return {field.path for field in found.fields} if found else set()

    async def bring(self, resource: Resource) -> None:
        """Make it as it shall be, and see that nothing differs any more."""
        seen = await self.seen(resource)
        assert not isinstance(seen, Unknown), seen.reason
        await self.apply(*CATALOG[resource.id.kind].commands(resource, seen, {resource.id.ref: resource}))
        assert await self.differs(resource) is None

    async def take_away(self, resource: Resource) -> None:
        """Take it away, and see that it is gone."""
        seen = await self.seen(resource)
        assert not isinstance(seen, Unknown), seen.reason
        await self.apply(*CATALOG[resource.id.kind].removal(resource, seen))
        assert await self.seen(resource) == Absent()

    async def apply(self, *operations: Operation) -> None:
        """Do the operations as one transaction."""
        self._count += 1
        contents = self._sources.contents
        await self.targets.apply(
            self.world.host(), Transaction(id=f"t{self._count}", operations=operations, contents=contents)
        )

    async def says(self, command: str) -> str:
        """Run a command with the rights of the connection, and return what it prints."""
        text = f"export XDG_RUNTIME_DIR=${{XDG_RUNTIME_DIR:-/run/user/$(id -u)}}\n{command}"
        done = await self.world.shell.run(self.world.host(), Script(text=text, limit=timedelta(seconds=100)))
        assert done.status == 0, done.errors
        return done.output.decode()


async def _no_blob(digest: str) -> bytes:
    raise KeyError(digest)


@asynccontextmanager
async def one_resource(
    world: LabWorld, folder: Path, files: Mapping[str, bytes], secrets: SecretValues
) -> AsyncIterator[OneResource]:
    """Have the world for the time of the block; ``files`` are those of the repository."""
    http = Http()
    cache = ArtifactCache(folder, http, _no_blob)
    checks = HealthChecks(world.shell, world.shell, SystemClock())
    targets = HostTargets(world.shell, Probes(CATALOG, PRELUDE), Supplies(cache, secrets), checks, HOLDER)
    yield OneResource(world, targets, Sources(files, "", Templates(), secrets))
    await http.close()
    await world.stop()
