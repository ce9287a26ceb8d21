"""HTTP APIs as targets: things are looked up, requests change them, and they are asked again from time to time."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from reconciler.model.canonical import Digest, Json, digest, plain
from reconciler.model.health import CheckResult, HealthCheck, ResourceCheck
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.model.target import HttpApi
from reconciler.ports.clock import Clock
from reconciler.ports.errors import TimedOut, Unreachable, WorldError
from reconciler.ports.kind import Judging, Kind
from reconciler.ports.reads import Find
from reconciler.ports.secrets import Secrets
from reconciler.ports.targets import Transaction
from reconciler.providers.http_api.connections import Connections
from reconciler.providers.http_api.finding import Finder
from reconciler.providers.http_api.sending import Sending

_AT_ONCE = 8
_LOOK_WITHIN = 120.0


class HttpApiTargets:
    """``ports.targets.Watchable`` for HTTP APIs."""

    def __init__(self, kinds: Mapping[str, Kind], secrets: Secrets, clock: Clock) -> None:
        self._kinds = kinds
        self._secrets = secrets
        self._clock = clock
        self._connections = Connections(secrets, clock)
        self._seen: dict[tuple[str, tuple[ResourceId, ...]], Digest] = {}

    async def survey(self, api: HttpApi, resources: Sequence[Resource]) -> Survey:
        """Look all of them up; one that cannot be is Unknown."""
        survey = await self._look(api, resources)
        self._seen[_key(api, resources)] = _digest(survey)
        return survey

    async def apply(self, api: HttpApi, transaction: Transaction) -> None:
        """Send all requests in their order, or raise."""
        connection = self._connections.of(api)
        finder = Finder(connection, self._secrets)
        try:
            async with asyncio.timeout(transaction.limit.total_seconds()):
                await Sending(connection, finder, self._secrets, self._clock).all(transaction)
        except TimeoutError as error:
            seconds = transaction.limit.total_seconds()
            raise TimedOut(f"{api.name} has not done all of it within {seconds:g} s") from error
        finally:
            await finder.close()

    async def check(self, api: HttpApi, check: HealthCheck) -> CheckResult:
        """Ask one health check once."""
        if not isinstance(check, ResourceCheck):
            return CheckResult(healthy=False, detail=f"{check} cannot be asked of an API", asked=False)
        kind = self._kinds[check.ref.partition(":")[0]]
        if not isinstance(kind, Judging):
            raise TypeError(f"internal error: {check.ref} cannot say how it does")
        asked = kind.asked(check.subject)
        if not isinstance(asked, Find):
            raise TypeError(f"internal error: an HTTP API cannot be asked for {asked}")
        seconds = check.timing.timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return kind.judged(check.subject, await self._found(api, asked))
        except TimeoutError:
            return CheckResult(healthy=False, detail=f"{api.name} did not answer within {seconds:g} s", asked=False)
        except WorldError as error:
            return CheckResult(healthy=False, detail=str(error), asked=False)

    async def changes(
        self, api: HttpApi, resources: Sequence[Resource], period: timedelta
    ) -> AsyncGenerator[None, None]:
        """Yield whenever the resources are not as the last survey of them saw them, looking as often as is said."""
        while True:
            await self._clock.sleep(self._clock.jitter(max(api.look_every, period)))
            survey = await self._look(api, resources)
            unseen = next((seen for seen in survey.observations.values() if isinstance(seen, Unknown)), None)
            if unseen is not None:
                raise Unreachable(unseen.reason)
            if _digest(survey) != self._seen.get(_key(api, resources)):
                yield

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()

    async def _look(self, api: HttpApi, resources: Sequence[Resource]) -> Survey:
        try:
            finder = Finder(self._connections.of(api), self._secrets)
        except WorldError as error:
            return Survey({resource.id: Unknown(str(error)) for resource in resources})
        room, deadline = asyncio.Semaphore(_AT_ONCE), asyncio.get_running_loop().time() + _LOOK_WITHIN
        away: list[Unreachable] = []

        async def look_at(resource: Resource) -> Observation:
            async with room:
                if away:
                    return Unknown(str(away[0]))
                try:
                    async with asyncio.timeout_at(deadline):
                        return await self._observed(api, finder, resource)
                except TimeoutError:
                    return Unknown(f"{api.name} was not done with all looks within {_LOOK_WITHIN:g} s")
                except Unreachable as error:
                    away.append(error)
                    return Unknown(str(error))
                except WorldError as error:
                    return Unknown(str(error))

        try:
            seen = await asyncio.gather(*map(look_at, resources))
        finally:
            await finder.close()
        return Survey({resource.id: each for resource, each in zip(resources, seen, strict=True)})

    async def _observed(self, api: HttpApi, finder: Finder, resource: Resource) -> Observation:
        kind = self._kinds[resource.id.kind]
        asked = kind.probe(resource, {resource.id.ref: resource})
        if not isinstance(asked, Find):
            raise TypeError(f"internal error: an HTTP API cannot be asked for {asked}")
        try:
            seen = kind.parse(resource, await finder.find(asked.lookup))
        except ValueError as error:
            return Unknown(f"cannot understand what {api.name} says about {resource.id.ref}: {error}")
        if isinstance(seen, Absent):
            return seen
        return replace(seen, attributes=dict(_hidden(resource, seen, self._secrets)))

    async def _found(self, api: HttpApi, asked: Find) -> Sequence[str]:
        finder = Finder(self._connections.of(api), self._secrets)
        try:
            return await finder.find(asked.lookup)
        finally:
            await finder.close()


def _hidden(resource: Resource, seen: Present, secrets: Secrets) -> Iterator[tuple[str, Json]]:
    """Digests of secrets become keyed ones, which nobody can try guesses against."""
    for name, value in seen.attributes.items():
        content = resource.contents.get(name)
        hide = content is not None and content.secret and isinstance(value, str) and value.startswith("sha256:")
        yield name, secrets.keyed(value) if hide and isinstance(value, str) else value


def _key(api: HttpApi, resources: Sequence[Resource]) -> tuple[str, tuple[ResourceId, ...]]:
    return api.name, tuple(resource.id for resource in resources)


def _digest(survey: Survey) -> Digest:
    return digest(
        {
            str(identity): {"state": seen.state, "attributes": plain(getattr(seen, "attributes", None))}
            for identity, seen in survey.observations.items()
        }
    )
