"""Linux hosts as targets: one round trip to look, one transaction to change."""

from collections.abc import Sequence

from reconciler.model.health import CheckResult, HealthCheck
from reconciler.model.resource import Resource, Survey
from reconciler.model.target import Host
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.errors import Broken, WorldError
from reconciler.ports.secrets import Secrets
from reconciler.ports.shell import Script, Shell
from reconciler.ports.targets import Transaction
from reconciler.providers.checks import HealthChecks
from reconciler.providers.survey import Probes, compose, read, split, unseen
from reconciler.providers.transaction.deliver import deliveries
from reconciler.providers.transaction.outcome import conclude
from reconciler.providers.transaction.render import render


class HostTargets:
    """``ports.targets.Targets`` for plain hosts, over a Shell."""

    def __init__(
        self, shell: Shell, probes: Probes, secrets: Secrets, artifacts: Artifacts, checks: HealthChecks
    ) -> None:
        self._shell = shell
        self._probes = probes
        self._secrets = secrets
        self._artifacts = artifacts
        self._checks = checks

    async def survey(self, host: Host, resources: Sequence[Resource]) -> Survey:
        """Look at the resources in one round trip; Unknown for each when the host cannot be asked."""
        if not resources:
            return Survey({})
        try:
            asked = compose(resources, self._probes)
            done = await self._shell.run(host, Script(text=asked.text))
            if done.status != 0:
                last = (done.errors.strip().splitlines() or [f"status {done.status}"])[-1]
                raise Broken(f"looking at {host.name} failed: {last}")
            return read(resources, split(done.output, asked), self._probes, self._secrets)
        except WorldError as error:
            return unseen(resources, str(error))

    async def apply(self, host: Host, transaction: Transaction) -> None:
        """Do all of it; raise Refused when everything is as it was, another WorldError when that is not known."""
        sent = await deliveries(transaction, self._artifacts, self._secrets)
        conclude(host.name, await self._shell.run(host, render(transaction, sent, self._probes.prelude)))

    async def check(self, host: Host, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        return await self._checks.ask(host, check)
