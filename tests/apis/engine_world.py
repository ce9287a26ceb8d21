"""One app on a real Docker Engine: made from a document, looked at, brought there, taken away. No pass around it."""

import asyncio
import json
import socket
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.alias_generators import to_camel

from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.templates import Templates
from reconciler.kinds.catalog import CATALOG
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Artifact
from reconciler.model.health import CheckResult, ResourceCheck
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Observation, Present, Resource, Unknown
from reconciler.model.target import DockerEngine, EngineEndpoint, UnixSocket
from reconciler.ports.kind import Difference, Judging, Rendered, Waved
from reconciler.ports.targets import Transaction
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.docker.engines import Engines
from reconciler.providers.docker.targets import EngineTargets, Supplies
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from tests.lab.own_engine import OwnEngine
from tests.providers.heard import Heard
from tests.providers.secret_values import SecretValues

UNIT = UnitId("shop", "testing")
SECRET = f"{SECRET_OPEN}password{SECRET_CLOSE}"
"""How a text uses the secret ``password`` once its templates are filled in."""


class Values(SecretValues):
    """Secrets that a test may change."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        super().__init__(self.values)


@dataclass(frozen=True)
class Folder:
    """Archives that lie in a folder of this machine; their URL is the path."""

    folder: Path

    async def fetch(self, artifact: Artifact) -> Path:
        return Path(artifact.url.removeprefix("file://"))


@dataclass
class OneApp:
    """What a pass does with an app's resources on one engine, without the pass."""

    target: DockerEngine
    targets: EngineTargets
    sources: Sources
    secrets: Values
    count: int = 0
    heard: Heard = field(default_factory=Heard)

    def of(self, kind: str, **fields: Any) -> Resource:
        """Return what the kind makes of what people write; ``stop_timeout`` is their stopTimeout."""
        module = CATALOG[kind]
        body = {to_camel(name): value for name, value in fields.items()}
        inputs = ResourceInputs(self.sources, "", {"version": "1.4.2"}, body)
        made = module.render(module.Spec.model_validate(body), inputs)
        assert isinstance(made, Rendered)
        assert inputs.missing == []
        identity = ResourceId(UNIT, self.target.name, kind, made.name)
        return Resource(id=identity, attributes=made.attributes, contents=made.contents)

    async def seen(self, *resources: Resource) -> list[Observation]:
        """Return what is there."""
        survey = await self.targets.survey(self.target, resources)
        return [survey.of(each.id) for each in resources]

    async def status(self, resource: Resource) -> Mapping[str, Any]:
        """Return what a resource that is there says of itself."""
        (seen,) = await self.seen(resource)
        assert isinstance(seen, Present), seen
        return seen.status

    async def difference(self, resource: Resource) -> Difference | None:
        """Return what differs; it has to be possible to look."""
        (seen,) = await self.seen(resource)
        assert not isinstance(seen, Unknown), seen.reason
        return CATALOG[resource.id.kind].diff(resource, seen)

    async def fields(self, resource: Resource) -> dict[str, tuple[object, object]]:
        """Return before and after of what differs, by its path."""
        found = await self.difference(resource)
        return {each.path: (each.before, each.after) for each in found.fields} if found else {}

    async def operations(self, *resources: Resource) -> list[Operation]:
        """Return what is done to have the resources as they shall be."""
        siblings = {each.id.ref: each for each in resources}
        found: list[Operation] = []
        pairs = zip(resources, await self.seen(*resources), strict=True)
        for each, there in sorted(pairs, key=lambda pair: _wave(pair[0])):
            kind = CATALOG[each.id.kind]
            assert not isinstance(there, Unknown), there.reason
            if kind.diff(each, there) is not None:
                found += kind.commands(each, there, siblings)
        return found

    async def bring(self, *resources: Resource) -> None:
        """Make them as they shall be, and see that nothing differs any more."""
        await self.apply(*await self.operations(*resources))
        for each in resources:
            assert await self.fields(each) == {}

    async def take_away(self, *resources: Resource) -> None:
        """Take them away, and see that they are gone."""
        operations: list[Operation] = []
        pairs = zip(resources, await self.seen(*resources), strict=True)
        for each, there in sorted(pairs, key=lambda pair: _wave(pair[0]), reverse=True):
            assert not isinstance(there, Unknown), there.reason
            operations += CATALOG[each.id.kind].removal(each, there)
        await self.apply(*operations)
        assert await self.seen(*resources) == [Absent()] * len(resources)

    async def apply(self, *operations: Operation) -> None:
        """Do the operations as one transaction."""
        self.count += 1
        transaction = Transaction(
            id=f"t{self.count}",
            operations=tuple(operations),
            contents=self.sources.contents,
            output=self.heard,
        )
        await self.targets.apply(self.target, transaction)

    async def health(self, resource: Resource) -> CheckResult:
        """Return how a container does, as soon as that is certain."""
        kind = CATALOG["container"]
        assert isinstance(kind, Judging)
        subject = json.dumps({"name": resource.id.name})
        check = ResourceCheck(ref=resource.id.ref, subject=subject, on=self.target.sort)
        for _ in range(600):
            result = await self.targets.check(self.target, check)
            if not result.pending:
                break
            await asyncio.sleep(0.1)
        return result


def _wave(resource: Resource) -> tuple[int, ...]:
    kind = CATALOG[resource.id.kind]
    return kind.wave(resource) if isinstance(kind, Waved) else ()


@asynccontextmanager
async def one_app(
    engine: OwnEngine, endpoint: EngineEndpoint | None = None, client_key: Path | None = None, **more: str
) -> AsyncIterator[OneApp]:
    """Have an app on the engine, reached in this way; ``more`` are further secrets."""
    secrets = Values({"shop/db": "hunter2", "registry/shop": "deploy:hunter3", **more})
    sources = Sources({}, "", Templates(), secrets)
    there = endpoint or UnixSocket(path=str(engine.socket))
    target = DockerEngine(name="engine-1", environment="testing", address="127.0.0.1", endpoint=there, labels={})
    clock = SystemClock()
    keys = SshOptions(identities=(client_key,), agent=False) if client_key else SshOptions()
    shell = SshShell(keys, dict, secrets)
    engines = Engines(shell, secrets)
    supplies = Supplies(Folder(engine.folder), secrets)
    targets = EngineTargets(engines, CATALOG, supplies, HealthChecks(shell, shell, clock))
    try:
        yield OneApp(target, targets, sources, secrets)
    finally:
        await engines.close()
        await shell.close()


def free_port() -> int:
    """Return a port of this machine that nobody listens at now."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        return int(there.getsockname()[1])


def page(port: int) -> bytes:
    """Return what is served at a port of this machine; OSError when nobody does."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        return bytes(answer.read())


def version(app: OneApp, image: str, port: int | None = None, **more: Any) -> Resource:
    """Return the container ``shop`` with that image, at the port of this machine where one is given."""
    ports = {"ports": [f"127.0.0.1:{port}:80"]} if port else {}
    return app.of("container", **{"name": "shop", "image": image, "networks": ["backend"], **ports, **_QUICK, **more})


_QUICK = {"stop_timeout": "1s", "init": True}
