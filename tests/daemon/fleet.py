"""A daemon's parts on a simulated fleet: a real repository, a real journal, the real driver; hosts and time are not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from reconciler.daemon.admission import Admission
from reconciler.daemon.hands import Hands
from reconciler.daemon.intake import Commits, Reading
from reconciler.daemon.narrated import Narrated
from reconciler.daemon.news import News
from reconciler.daemon.settle import Settled, settle
from reconciler.daemon.wake import Wake
from reconciler.daemon.way_back import way_back
from reconciler.daemon.world import World
from reconciler.desired.authors import GitAuthors
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.history import History
from reconciler.desired.load import Folders, Loading
from reconciler.desired.remote import remote
from reconciler.desired.signatures import Anybody
from reconciler.desired.signed_changes import SignedChanges
from reconciler.execute.driver import Driver
from reconciler.model.canonical import Digest
from reconciler.model.event import Event
from reconciler.model.operation import Operation, WriteFile
from reconciler.model.plan import Plan
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.rollout import Rollout
from reconciler.model.standing import Standing
from reconciler.ports.journal import Journal, ToldOfGit
from reconciler.ports.kind import Inputs, Rendered
from reconciler.simulate.archives import SimArchives, SimProvenance
from reconciler.simulate.world import SimWorld
from reconciler.store.journal import SqliteStore
from tests import factory
from tests.desired.repository import Repository
from tests.leaks import unmistakable
from tests.providers.secret_values import SecretValues
from tests.sim.clock import SimClock
from tests.sim.log import WatchedLog
from tests.sim.reach import reach

T = TypeVar("T")

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"


class Spec(BaseModel):
    """A wall in a colour; with secrets the colour is a template."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    colour: str
    template: str | None = None
    secrets: dict[str, str] = Field(default_factory=dict)


class Wall(type(factory.KINDS["thing"])):  # type: ignore[misc]
    """A thing that can be written in documents."""

    NAME = "wall"
    Spec = Spec

    def render(self, spec: Spec, inputs: Inputs) -> Rendered:
        paint = inputs.template(spec.template, spec.secrets) if spec.template else inputs.text(spec.colour)
        attributes = {"colour": spec.colour, "paint": paint.digest}
        return Rendered(name=spec.name, attributes=attributes, contents={"paint": paint})

    def commands(
        self, resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]
    ) -> tuple[Operation, ...]:
        return (WriteFile(resource.id.name, resource.contents["paint"], "0644"),)


KINDS: Mapping[str, Any] = {"wall": Wall()}

BASE = f"""\
kind: Environment
metadata: {{name: testing}}
---
kind: Host
metadata: {{name: web-1, labels: {{role: web}}}}
spec: {{environment: testing, address: 203.0.113.1, user: deploy, hostKey: "{KEY}"}}
---
kind: Host
metadata: {{name: web-2, labels: {{role: web}}}}
spec: {{environment: testing, address: 203.0.113.2, user: deploy, hostKey: "{KEY}"}}
"""


def app(colour: str, name: str = "shop", **wall: Any) -> bytes:
    """Return an app with one wall; a colour that the world finds unhealthy fails its check."""
    spec = {"name": f"/{name}", "colour": colour, **wall}
    return f"""\
kind: App
metadata: {{name: {name}}}
spec:
  version: "{colour}"
  environments: {{testing: {{}}}}
  targets: {{hosts: {{role: web}}}}
  resources: [wall: {spec}]
  health: [http: {{port: 80, path: /, failureThreshold: 2}}]
""".encode()


def policy(**spec: str) -> bytes:
    """Return the policy for everything."""
    return f"kind: RolloutPolicy\nmetadata: {{name: all}}\nspec: {spec}\n".encode()


@dataclass(slots=True)
class WatchedJournal:
    """A Journal that works in threads, so that the simulated time stands still meanwhile."""

    journal: Journal
    clock: SimClock

    async def standing(self) -> Standing:
        return await self._do(self.journal.standing())

    async def append(self, events: Sequence[Event], at: datetime) -> None:
        await self._do(self.journal.append(events, at))

    async def begin(self, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> None:
        await self._do(self.journal.begin(rollout, plan, contents, at))

    async def accepted_commit(self) -> str | None:
        return await self._do(self.journal.accepted_commit())

    async def told_of_git(self) -> ToldOfGit:
        return await self._do(self.journal.told_of_git())

    async def _do(self, work: Awaitable[T]) -> T:
        async with self.clock.working():
            return await work


@dataclass(slots=True)
class Fleet:
    """Everything one daemon works with, and what the tests do to it."""

    folder: Path
    repository: Repository
    store: SqliteStore
    secrets: dict[str, str]
    clock: SimClock
    hosts: SimWorld
    log: WatchedLog
    world: World
    hands: Hands
    wake: Wake

    async def commit(self, subject: str, **documents: bytes) -> str:
        """Commit ``name.yaml`` for each document and let it be loaded, or refused."""
        files = {f"{name}.yaml" if "." not in name else name: text for name, text in documents.items()}
        commit = self.repository.commit(subject, **files)
        await self.world.commits.refresh()
        return commit

    async def settled(self, unit: str = "") -> Settled:
        """Pass until nothing more follows, with the time going by itself."""
        async with self.clock.ticking():
            return await settle(self.world, self.hands, self.wake, lambda each: unit in str(each.unit))

    def colours(self, name: str = "shop") -> list[str]:
        """Return the colour of that wall, host by host."""
        found = (self.hosts.state.get(host, {}) for host in ("web-1", "web-2"))
        return [str(one.attributes["colour"]) for there in found for one in there.values() if one.id.name == f"/{name}"]

    async def events(self) -> list[Event]:
        """Return everything that was written down."""
        return [entry.event for entry in await self.store.history.since(0)]


@asynccontextmanager
async def opened(folder: Path, hosts: SimWorld | None = None) -> AsyncIterator[Fleet]:
    """Have the parts of a daemon; a folder in which there was one already is gone on with."""
    repository = Repository.__new__(Repository)
    repository.path = folder / "repository"
    if not repository.path.exists():
        repository = Repository(repository.path)
        repository.write("desired-state/base.yaml", BASE.encode())
        repository.write("policies/all.yaml", policy())
    clock = SimClock(factory.NOW)
    hosts = hosts or SimWorld(clock)
    hosts.clock = clock
    store = await SqliteStore.open(folder / "journal.db")
    secrets = {"shop/paint": unmistakable("paint")}
    narrated = Narrated(store, News())
    journal, log = WatchedJournal(narrated, clock), WatchedLog(narrated, clock)
    source = GitSource(GitLine(remote(str(repository.path)), folder / "git"), "main", ("desired-state", "policies"))
    reading = Reading(loading=Loading(KINDS, SecretValues(secrets), Folders()))
    reaching = reach(hosts, clock, KINDS)
    drives = Driver(log, reaching, owner="test")

    async def aside(work: Callable[[], T], /) -> T:
        async with clock.working():
            return await asyncio.to_thread(work)

    world = World(
        commits=Commits(source, journal, reading, clock, _admission(source, journal)),
        authorship=GitAuthors(source.git, source.folders),
        journal=journal,
        log=log,
        targets=hosts,
        routers=reaching.routers,
        artifacts=SimArchives(),
        provenance=SimProvenance(),
        kinds=KINDS,
        clock=clock,
        driver=drives,
        aside=aside,
    )
    wake = Wake()
    try:
        await store.break_leases()
        hands = Hands(drives, wake.ring, partial(way_back, world))
        yield Fleet(folder, repository, store, secrets, clock, hosts, log, world, hands, wake)
    finally:
        await store.close()


def _admission(source: GitSource, journal: Journal) -> Admission:
    return Admission(source, Anybody(), journal, SignedChanges(source, History(source.git), Folders()))
