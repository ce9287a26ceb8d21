"""Linux hosts as targets: one round trip to look, one transaction to change."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta

from reconciler.model.health import CheckResult, HealthCheck, HidingCheck
from reconciler.model.resource import Resource, Survey
from reconciler.model.target import Host
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.errors import Broken, WorldError
from reconciler.ports.secrets import SecretMissing, Secrets
from reconciler.ports.shell import Completed, Question, Shell
from reconciler.ports.targets import Transaction
from reconciler.providers import guarded, host_watch
from reconciler.providers.checks import HealthChecks
from reconciler.providers.host_facts import HostFacts
from reconciler.providers.masked import masked
from reconciler.providers.recalled import Recalled, Recollection
from reconciler.providers.survey import Probes, compose, read, split, unseen
from reconciler.providers.transaction.deliver import deliveries
from reconciler.providers.transaction.ground import GROUND, read_ground
from reconciler.providers.transaction.holder import Holder
from reconciler.providers.transaction.library import STATE
from reconciler.providers.transaction.outcome import conclude
from reconciler.providers.transaction.render import render
from reconciler.providers.transaction.said import Told
from reconciler.providers.transaction.segments import on_host

SHOWN = (1000, 2000)
"""So many characters are shown of the beginning and of the end of a reason."""


@dataclass(frozen=True, slots=True)
class Supplies:
    """What goes to hosts along with a plan."""

    artifacts: Artifacts
    secrets: Secrets


class HostTargets:
    """``ports.targets.Targets`` for plain hosts, over a Shell. ``holder`` is who we are to them."""

    def __init__(self, shell: Shell, probes: Probes, supplies: Supplies, checks: HealthChecks, holder: Holder) -> None:
        self._shell = shell
        self._probes = probes
        self._secrets = supplies.secrets
        self._artifacts = supplies.artifacts
        self._checks = checks
        self._holder = holder
        self._recollection = Recollection()
        self._facts = HostFacts(shell)

    async def survey(self, host: Host, resources: Sequence[Resource]) -> Survey:
        """Look at the resources in one round trip; Unknown for each when the host cannot be asked."""
        if not resources:
            return Survey({})
        survey = await self._surveyed(host, resources)
        if not any(resource.when for resource in resources) or host.name not in survey.grounds:
            return survey
        try:
            facts = await self._facts.of(host)
        except WorldError as error:
            return unseen(resources, str(error))
        return replace(survey, facts={host.name: facts})

    async def _surveyed(self, host: Host, resources: Sequence[Resource]) -> Survey:
        recalled = self._recalled(host, resources)
        try:
            question = Question(text=STATE + GROUND + recalled.asked.text, known=recalled.mark)
            reply = await self._shell.ask(host, question)
            if reply.completed is None and recalled.survey is not None:
                return recalled.survey
            ground, answers = read_ground(_output(host, reply.completed), self._holder.id)
            survey = read(resources, split(answers, recalled.asked), self._probes, self._secrets)
        except WorldError as error:
            self._recollection.forget(host)
            return unseen(resources, str(error))
        survey = replace(survey, grounds={host.name: ground})
        digest = hashlib.sha256(answers).hexdigest()
        self._recollection.keep(replace(recalled, mark=reply.mark, digest=digest, survey=survey))
        return survey

    async def changes(self, host: Host, resources: Sequence[Resource], period: timedelta) -> AsyncGenerator[None, None]:
        """Yield whenever the resources are not as the last survey of them saw them, looking as often as ``period``."""
        asked = self._recalled(host, resources).asked
        async with aclosing(self._shell.follow(host, host_watch.script(asked.text, period))) as lines:
            async for line in lines:
                digest = host_watch.digest(line)
                if digest is not None and digest != self._recalled(host, resources).digest:
                    yield

    def _recalled(self, host: Host, resources: Sequence[Resource]) -> Recalled:
        known = self._recollection.of(host, resources)
        return known or Recalled(host, tuple(resources), compose(resources, self._probes))

    async def apply(self, host: Host, transaction: Transaction) -> None:
        """Do all of it; raise Refused when everything is as it was, another WorldError when that is not known."""
        try:
            await self._apply(host, transaction)
        except WorldError as error:
            # What a program printed last is in it, and it is written down.
            raise type(error)(await asyncio.to_thread(self._masked, str(error), transaction)) from None

    async def _apply(self, host: Host, transaction: Transaction) -> None:
        sent = await deliveries(transaction, self._artifacts, self._secrets)
        told = Told(on_host(transaction.operations), transaction.output)
        script = replace(render(transaction, sent, self._probes.prelude, self._holder), sift=told.sift)
        if transaction.guard is None:
            conclude(host.name, await self._shell.run(host, script))
        else:
            await guarded.carry_out(self._shell, host, script, transaction)

    def _masked(self, reason: str, transaction: Transaction) -> str:
        try:
            return _cut(masked(reason, [self._secrets.value(each) for each in sorted(transaction.secrets)]))
        except SecretMissing as error:
            return f"{reason.partition(':')[0]}: it is not told why, for nobody could tell a secret in it: {error}"

    async def check(self, host: Host, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        if not isinstance(check, HidingCheck):
            return await self._checks.ask(host, check)

        async def mask(said: str) -> str:
            # The answer is written down.
            return await asyncio.to_thread(self._without, said, check.secrets)

        return await self._checks.ask(host, check, mask)

    def _without(self, said: str, secrets: frozenset[str]) -> str:
        try:
            return masked(said, [self._secrets.value(each) for each in sorted(secrets)])
        except SecretMissing as error:
            return f"it is not told what it said, for nobody could tell a secret in it: {error}"


def _cut(reason: str) -> str:
    """Only where no secret is left in it: nobody could tell one that the cut falls in."""
    first, last = SHOWN
    return reason if len(reason) <= first + last else f"{reason[:first]} ... {reason[-last:]}"


def _output(host: Host, done: Completed | None) -> bytes:
    if done is None:
        raise Broken(f"{host.name} says that nothing has changed, but it was not asked that")
    if done.status != 0:
        last = (done.errors.strip().splitlines() or [f"status {done.status}"])[-1]
        raise Broken(f"looking at {host.name} failed: {last}")
    return done.output
