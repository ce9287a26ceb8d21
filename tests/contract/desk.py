"""From what is written to a host that is so, without a daemon: look, compare, order, change."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.canonical import digest_bytes
from reconciler.model.change import Cause, Change
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Content
from reconciler.model.difference import Differing, Orphan
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Present, Resource, Unknown
from reconciler.model.target import Host
from reconciler.model.verdict import Owned
from reconciler.plan.target import target_changes
from reconciler.ports.targets import Targets, Transaction
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.survey import Probes
from tests.contract.conftest import DEPLOY, LabWorld, Login
from tests.kinds.cases import UNIT, Repository
from tests.lab.hosts import LabHost
from tests.providers.machine import HOLDER
from tests.providers.secret_values import SecretValues

_FALSE = "[Service]\nType=oneshot\nExecStart=/bin/false\n"
FAILS = {"systemdUnit": {"name": "demo.service", "content": _FALSE, "running": True}}
"""A unit that does not start: what was changed before it is taken back."""

HASHES = SecretValues(
    {
        "shop/hash": "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.",
        "shop/other": "$6$salt$abcdefghijklmnopqrstuvwxyz",
        "shop/plain": "secret",
    }
)


class Inputs(Repository):
    """Inputs that know the real values of secrets."""

    def __init__(self, secrets: SecretValues) -> None:
        super().__init__()
        self.blobs: dict[str, bytes] = {}
        self._secrets = secrets

    def text(self, text: str) -> Content:
        made = super().text(text)
        self.blobs[made.blob] = text.encode()
        return made

    def secret(self, reference: str) -> Content:
        data = f"{SECRET_OPEN}value{SECRET_CLOSE}".encode()
        self.blobs[digest_bytes(data)] = data
        keyed = self._secrets.keyed(digest_bytes(self._secrets.value(reference).encode()))
        return Content(digest_bytes(data), keyed, len(data), {"value": reference})


class Desk:
    """One host, and what was written of it last."""

    def __init__(self, targets: Targets, host: Host, secrets: SecretValues) -> None:
        self._targets = targets
        self._host = host
        self._inputs = Inputs(secrets)
        self._count = 0
        self.written: tuple[Resource, ...] = ()

    def resources(self, written: Sequence[Mapping[str, Any]]) -> tuple[Resource, ...]:
        return tuple(self._resource(name, dict(body)) for each in written for name, body in each.items())

    def _resource(self, name: str, body: dict[str, Any]) -> Resource:
        depends_on = tuple(body.pop("dependsOn", ()))
        rendered = CATALOG[name].render(CATALOG[name].Spec.model_validate(body), self._inputs)
        return Resource(
            id=ResourceId(UNIT, "web-1", name, rendered.name),
            attributes=rendered.attributes,
            contents=rendered.contents,
            depends_on=(*rendered.depends_on, *depends_on),
            restart_on=tuple(rendered.restart_on),
        )

    async def differing(self, *written: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return what differs, by ref: what is there, by field."""
        found = await self._differing(self.resources(written))
        return {each.resource.id.ref: {one.path: one.before for one in each.change.fields} for each in found}

    async def apply(self, *written: Mapping[str, Any]) -> tuple[str, ...]:
        """Make the host as it is written, and take away what was written before; return the names of operations."""
        resources = self.resources(written)
        refs = {each.id.ref for each in resources}
        taken = [each for each in self.written if each.id.ref not in refs]
        survey = await self._targets.survey(self._host, (*resources, *taken))
        orphans = [
            Orphan(owned=Owned(resource=each, created=True), seen=seen)
            for each in taken
            if isinstance(seen := survey.of(each.id), Present)
        ]
        differing = await self._differing(resources)
        changes = target_changes("web-1", resources, differing, orphans, CATALOG)
        self._count += 1
        transaction = Transaction(id=f"t{self._count}", operations=changes.operations, contents=self._inputs.blobs)
        await self._targets.apply(self._host, transaction)
        self.written = resources
        return tuple(each.op for each in changes.operations)

    async def blind(self, *written: Mapping[str, Any]) -> None:
        """Apply what would be right if nothing of it were there: as a plan that was overtaken does."""
        resources = self.resources(written)
        operations = (op for each in resources for op in CATALOG[each.id.kind].commands(each, Absent(), {}))
        await self._targets.apply(self._host, Transaction(id="blind", operations=tuple(operations)))

    async def _differing(self, resources: Sequence[Resource]) -> list[Differing]:
        survey = await self._targets.survey(self._host, resources)
        found = []
        for resource in resources:
            seen = survey.of(resource.id)
            assert not isinstance(seen, Unknown), seen.reason
            assert isinstance(seen, Present | Absent)
            difference = CATALOG[resource.id.kind].diff(resource, seen)
            if difference:
                change = Change(resource=resource.id, action=difference.action, cause=Cause.COMMIT)
                change = replace(change, fields=difference.fields)
                found.append(Differing(resource=resource, seen=seen, change=change))
        return found


@asynccontextmanager
async def opened(host: LabHost, folder: Path, login: Login = DEPLOY) -> AsyncIterator[Desk]:
    """Have a desk for a lab host, with sudo unless another login is given; the folder is for archives."""
    world, http = LabWorld(host, login), Http()
    targets = HostTargets(
        world.shell,
        Probes(CATALOG, PRELUDE),
        Supplies(ArtifactCache(folder, http, _no_blob), HASHES),
        HealthChecks(world.shell, world.shell, SystemClock()),
        HOLDER,
    )
    try:
        yield Desk(targets, world.host(), HASHES)
    finally:
        await http.close()
        await world.stop()


async def _no_blob(digest: str) -> bytes:
    raise KeyError(digest)
