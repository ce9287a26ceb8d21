"""Docker Engines and Swarms as targets: looked at, changed request by request, heard of by their events."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from reconciler.model.container import PutContainer
from reconciler.model.health import CheckResult, HealthCheck, ResourceCheck
from reconciler.model.image import LoadImage, PullImage
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.model.resource import Resource, Survey, Unknown
from reconciler.model.swarm import PutServiceSpec, PutVersion, RemoveUnused
from reconciler.model.target import DockerEngine, Host, Swarm
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.errors import Halfway, TimedOut, Unreachable, WorldError
from reconciler.ports.kind import Judging, Kind
from reconciler.ports.reads import Ask
from reconciler.ports.secrets import Secrets
from reconciler.ports.targets import Transaction
from reconciler.providers.checks import HealthChecks
from reconciler.providers.docker import events, images, looking
from reconciler.providers.docker.engines import Engines
from reconciler.providers.docker.marking import labels
from reconciler.providers.docker.put import put
from reconciler.providers.docker.sending import Goods, send
from reconciler.providers.docker.swarm_put import put_service, unchanged
from reconciler.providers.docker.swarm_versions import put_version, remove_unused

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine


# So many sets of resources of one target are looked at in turns: that of the pass, and those of rollouts.
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Supplies:
    """What goes to engines along with a plan."""

    artifacts: Artifacts
    secrets: Secrets


class EngineTargets:
    """``ports.targets.WatchableOf`` for Docker Engines and Swarms."""

    def __init__(self, engines: Engines, kinds: Mapping[str, Kind], supplies: Supplies, checks: HealthChecks) -> None:
        self._engines = engines
        self._kinds = kinds
        self._supplies = supplies
        self._checks = checks
        self._last: dict[tuple[str, str], dict[str, Survey]] = {}

    async def survey(self, target: DockerEngine | Swarm, resources: Sequence[Resource]) -> Survey:
        """Look at the resources; Unknown for each when the engine cannot be asked."""
        if not resources:
            return Survey({})
        survey = await self._look(target, resources)
        kept = self._last.setdefault((target.sort, target.name), {})
        kept.pop(_which(resources), None)
        kept[_which(resources)] = survey
        while len(kept) > _KEPT:
            del kept[next(iter(kept))]
        return survey

    async def apply(self, target: DockerEngine | Swarm, transaction: Transaction) -> None:
        """Do the operations in order; raise Halfway when some were done and the next one cannot be."""
        engine = self._engines.of(target)
        seconds = transaction.limit.total_seconds()
        done = 0
        try:
            async with asyncio.timeout(seconds):
                await unchanged(engine, transaction.operations)
                ours = await labels(engine, transaction.marks)
                goods = Goods(
                    self._supplies.artifacts, self._supplies.secrets, transaction.contents, ours, transaction.output
                )
                for operation in transaction.operations:
                    done += await _do(engine, operation, goods)
        except TimeoutError as error:
            raise TimedOut(f"a change of {target.name} was not done within {seconds:g} s") from error
        except (Unreachable, Halfway):
            raise
        except WorldError as error:
            if done:
                raise Halfway(f"{error}; {done} of {len(transaction.operations)} steps were done before") from error
            raise

    async def check(self, target: DockerEngine | Swarm, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        if not isinstance(check, ResourceCheck):
            return await self._checks.ask(_at_its_address(target), check)
        kind = self._kinds[check.ref.partition(":")[0]]
        if not isinstance(kind, Judging):
            raise TypeError(f"internal error: nobody can say how {check} does")
        asked = kind.asked(check.subject)
        if not isinstance(asked, Ask):
            raise TypeError(f"internal error: an engine cannot be asked for {asked}")
        try:
            async with asyncio.timeout(check.timing.timeout.total_seconds()):
                return kind.judged(check.subject, await looking.answers(self._engines.of(target), asked))
        except TimeoutError:
            detail = f"{target.name} did not answer within {check.timing.timeout.total_seconds():g} s"
        except WorldError as error:
            detail = str(error)
        except (ValueError, KeyError, TypeError) as error:
            detail = f"cannot understand what {target.name} says about {check.ref}: {error}"
        return CheckResult(healthy=False, detail=detail[:500], asked=False)

    async def changes(
        self, target: DockerEngine | Swarm, resources: Sequence[Resource], period: timedelta
    ) -> AsyncGenerator[None, None]:
        """Yield whenever the resources are not as the last survey of them saw them.

        The engine tells of every change at once; ``period`` is how long it may go on before it is looked at.
        """
        engine = self._engines.of(target)
        async with aclosing(events.told(engine, target.sort, period)) as told:
            async for _ in told:
                last = self._last.get((target.sort, target.name), {}).get(_which(resources))
                now = await self._look(target, resources)
                if unseen := next((each for each in now.observations.values() if isinstance(each, Unknown)), None):
                    raise Unreachable(unseen.reason)
                if last is None or not looking.same(last, now):
                    yield

    async def _look(self, target: DockerEngine | Swarm, resources: Sequence[Resource]) -> Survey:
        try:
            engine = self._engines.of(target)
        except WorldError as error:
            return Survey({resource.id: Unknown(str(error)) for resource in resources})
        return await looking.look(engine, target.name, resources, self._kinds, self._supplies.secrets)


async def _do(engine: "Engine", operation: Operation, goods: Goods) -> bool:
    """Do one of them; whether that may have changed something."""
    match operation:
        case Send():
            await send(engine, operation, goods)
        case PullImage():
            return await images.pull(engine, operation, goods)
        case LoadImage():
            await images.load(engine, operation, goods)
        case PutContainer():
            await put(engine, operation, goods)
        case PutServiceSpec():
            return await put_service(engine, operation, goods)
        case PutVersion():
            return await put_version(engine, operation, goods)
        case RemoveUnused():
            await remove_unused(engine, operation)
        case _:
            raise TypeError(f"internal error: an engine cannot be asked for {operation.op}")
    return True


def _which(resources: Sequence[Resource]) -> str:
    return "\n".join(sorted(str(resource.id) for resource in resources))


def _at_its_address(target: DockerEngine | Swarm) -> Host:
    """What checks that ask from here need to know of a target."""
    return Host(
        name=target.name, environment=target.environment, address=target.address, user="", host_key="", labels={}
    )
