"""One app on a real Swarm of one node: rendered as from a document, looked at, brought there, taken away."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.templates import Templates
from reconciler.kinds.catalog import CATALOG
from reconciler.model.health import CheckResult, ResourceCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Observation, Resource, Unknown
from reconciler.model.target import EngineEndpoint, Swarm, UnixSocket
from reconciler.plan.order import in_waves
from reconciler.ports.kind import Difference, Rendered
from reconciler.ports.targets import Transaction
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.docker.engines import Engines
from reconciler.providers.docker.targets import EngineTargets, Supplies
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.apis.engine_world import Folder, Values
from tests.lab.swarm import RealSwarm

UNIT = UnitId("shop", "testing")
QUICK: Mapping[str, Any] = {"command": ["sleep", "1000"], "stopTimeout": "1s", "restart": {"delay": "200ms"}}
"""What makes a service of the tests start and end at once; Swarm takes its task for steady after ``MONITOR``."""
MONITOR = "1s"


class OneApp:
    """What a pass does with an app's resources on a Swarm, without the pass."""

    def __init__(self, target: Swarm, targets: EngineTargets, sources: Sources, secrets: Values) -> None:
        self.target = target
        self.targets = targets
        self.sources = sources
        self.secrets = secrets
        self.checks: dict[ResourceId, ResourceCheck] = {}
        self._count = 0

    def of(self, kind: str, ignore: tuple[str, ...] = (), **body: Any) -> Resource:
        """Return what the kind makes of what people write."""
        module = CATALOG[kind]
        inputs = ResourceInputs(self.sources, "", {"version": "1.4.2"}, body)
        made = module.render(module.Spec.model_validate(body), inputs)
        assert isinstance(made, Rendered)
        assert inputs.missing == []
        identity = ResourceId(UNIT, self.target.name, kind, made.name)
        for check in made.health:
            assert isinstance(check, ResourceCheck)
            self.checks[identity] = check
        return Resource(id=identity, attributes=made.attributes, contents=made.contents, ignore=ignore)

    def service(self, image: str = "app:1", ignore: tuple[str, ...] = (), **body: Any) -> Resource:
        """Return the service ``shop`` with that image."""
        update = {"monitor": MONITOR, **body.pop("update", {})}
        return self.of("swarmService", ignore, **{"name": "shop", "image": image, **QUICK, **body, "update": update})

    async def seen(self, *resources: Resource) -> list[Observation]:
        """Return what is there."""
        survey = await self.targets.survey(self.target, resources)
        return [survey.of(each.id) for each in resources]

    async def differences(self, *resources: Resource) -> dict[str, Difference]:
        """Return what differs, by ref; it has to be possible to look."""
        found = {}
        for each, seen in zip(resources, await self.seen(*resources), strict=True):
            assert not isinstance(seen, Unknown), seen.reason
            difference = CATALOG[each.id.kind].diff(each, seen)
            if difference:
                found[each.id.ref] = difference
        return found

    async def fields(self, *resources: Resource) -> dict[str, tuple[object, object]]:
        """Return before and after of what differs, by its path."""
        found = (await self.differences(*resources)).values()
        return {each.path: (each.before, each.after) for one in found for each in one.fields}

    async def operations(self, *resources: Resource) -> list[Operation]:
        """Return what is done to have the resources as they shall be."""
        siblings = {each.id.ref: each for each in resources}
        seen = dict(zip((each.id for each in resources), await self.seen(*resources), strict=True))
        found: list[Operation] = []
        for each in in_waves(resources, CATALOG):
            there = seen[each.id]
            assert not isinstance(there, Unknown), there.reason
            if CATALOG[each.id.kind].diff(each, there) is not None:
                found += CATALOG[each.id.kind].commands(each, there, siblings)
        return found

    async def bring(self, *resources: Resource) -> list[Operation]:
        """Make them as they shall be, and see that nothing differs any more; return what it took."""
        operations = await self.operations(*resources)
        await self.apply(*operations)
        assert await self.fields(*resources) == {}
        return operations

    async def take_away(self, *resources: Resource) -> None:
        """Take them away, and see that they are gone."""
        seen = dict(zip((each.id for each in resources), await self.seen(*resources), strict=True))
        operations: list[Operation] = []
        for each in reversed(in_waves(resources, CATALOG)):
            there = seen[each.id]
            assert not isinstance(there, Unknown), there.reason
            operations += CATALOG[each.id.kind].removal(each, there)
        await self.apply(*operations)
        assert await self.seen(*resources) == [Absent()] * len(resources)

    async def apply(self, *operations: Operation) -> None:
        """Do the operations as one transaction."""
        self._count += 1
        transaction = Transaction(id=f"t{self._count}", operations=tuple(operations), contents=self.sources.contents)
        await self.targets.apply(self.target, transaction)

    async def check(self, resource: Resource) -> CheckResult:
        """Return how the service does now."""
        return await self.targets.check(self.target, self.checks[resource.id])

    async def health(self, resource: Resource) -> CheckResult:
        """Return how the service does, as soon as that is certain."""
        async with asyncio.timeout(60):
            while (result := await self.check(resource)).pending:  # noqa: ASYNC110 - Swarm is asked, it does not tell
                await asyncio.sleep(0.1)
        return result


@asynccontextmanager
async def one_app(swarm: RealSwarm, endpoint: EngineEndpoint | None = None) -> AsyncIterator[OneApp]:
    """Have an app on the Swarm, reached in this way."""
    secrets = Values({"shop/db": "hunter2", "registry/shop": "deploy:hunter3"})
    sources = Sources({}, "", Templates(), secrets)
    there = endpoint or UnixSocket(path=str(swarm.socket))
    target = Swarm(name="swarm-1", environment="testing", address="127.0.0.1", endpoint=there, labels={})
    shell = SshShell(SshOptions(), dict, secrets)
    engines = Engines(shell, secrets)
    targets = EngineTargets(
        engines, CATALOG, Supplies(Folder(swarm.engine.folder), secrets), HealthChecks(shell, shell, SystemClock())
    )
    try:
        yield OneApp(target, targets, sources, secrets)
    finally:
        await engines.close()
        await shell.close()
