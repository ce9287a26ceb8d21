"""A door to a small fleet: a real journal and a real desk, and callers who are who they say they are."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI

from reconciler.api.app import app
from reconciler.api.door import Door, Limits
from reconciler.api.fleet import Fleet
from reconciler.daemon.archive import JournalArchive
from reconciler.daemon.desk import JournalDesk, Surroundings
from reconciler.daemon.refusals import RefusalLog
from reconciler.daemon.traced_figures import figures
from reconciler.model.access import Access, Identity, Login, Match, Placed, RoleBinding
from reconciler.model.asking import GoBack, Refused, Request
from reconciler.model.assessment import Assessment, Review
from reconciler.model.event import Assessed, CommitAccepted, SnapshotTaken, VerdictGiven
from reconciler.model.identity import UnitId
from reconciler.model.sighting import Sighting
from reconciler.model.unit import Desired
from reconciler.model.verdict import Verdict
from reconciler.policy.access import BUILT_IN
from reconciler.ports.desk import Doorway, Remembered, WayBack
from reconciler.ports.identities import Credentials, Stranger
from reconciler.ports.journal import JournalUnavailable
from reconciler.ports.source import SourceError
from reconciler.providers.clock import SystemClock
from reconciler.providers.one_time_codes import OneTimeCodes
from reconciler.store.journal import SqliteStore
from reconciler.telemetry.meter import Meter
from tests.providers.secret_values import SecretValues
from tests.sim import plans

SHOP, BANK = UnitId("shop", "production"), UnitId("bank", "production")
COMMIT = "91bc4d2" + "0" * 33
ROLES = tuple(sorted(BUILT_IN))
"""Somebody with the name of a role has it over the shop; with ``all-`` before it, over everything."""

EASY = Limits(requests=1e9, burst=10**9, streams=3)
INSIDE = "what nobody outside may see"


def access() -> Access:
    own, everything = Match(units=("shop@*",)), Match()
    bound = [
        RoleBinding(name=f"{prefix}{role}", role=role, subjects=(f"user:{prefix}{role}",), match=match)
        for role in ROLES
        for prefix, match in (("", own), ("all-", everything))
    ]
    return Access(bindings=tuple(bound))


class SelfStyled:
    """Everybody is who they say they are: ``Bearer NAME``. The owner is ``owner``."""

    async def identify(self, credentials: Credentials) -> Identity | Stranger:
        sort, _, name = credentials.authorization.partition(" ")
        if sort != "Bearer" or not name:
            return Stranger("come with a token: Authorization: Bearer TOKEN")
        if credentials.peer is not None:
            name = f"{name}-{credentials.peer.uid}"
        return Identity(name=name, login=Login.TOKEN, owner=name.startswith("owner"))


class Prospect:
    """Looks at nothing: what would be is known beforehand."""

    async def review(self, revision: str | None) -> Review:
        if revision == "bug":
            raise ZeroDivisionError(INSIDE)
        if revision == "gone":
            raise SourceError("there is no revision gone")
        return Review(
            commit=COMMIT,
            assessments=tuple(Assessment(unit=each, wanted=None, effective=None) for each in (SHOP, BANK)),
        )

    async def sightings(self, what: str) -> Sequence[Sighting]:
        return ()

    async def remembered(self, unit: str, target: str) -> Remembered:
        at = SystemClock().now()
        return Remembered(
            sightings=tuple(Sighting(unit=each, target="web-1", at=at) for each in (SHOP, BANK)), facts=()
        )

    async def way_back(self, request: GoBack, who: Identity) -> WayBack:
        raise Refused(f"{request.unit} has nothing to go back to")


@dataclass
class World:
    """A fleet of two units behind a door. ``troubles`` are the bugs that were told to the log."""

    store: SqliteStore
    desired: Desired
    clock: SystemClock = field(default_factory=SystemClock)
    troubles: list[tuple[str, BaseException]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)
    woken: int = 0
    dead: str | None = None
    damaged: str | None = None

    def door(self, limits: Limits = EASY) -> Door:
        desk = JournalDesk(self.store, self.around())
        return Door(
            doorway=Doorway(desk, JournalArchive(self.store), Prospect(), self.store.outputs),
            records=self.store.search,
            fleet=Fleet(desk, self.clock),
            identities=SelfStyled(),
            refusing=RefusalLog(self.store, self.clock),
            clock=self.clock,
            newest=self.store.history.newest,
            alive=lambda: self.dead,
            troubled=lambda name, error: self.troubles.append((name, error)),
            figures=figures(self.meter, self.store, self.clock),
            came_with=self.traces.append,
            limits=limits,
        )

    def app(self, limits: Limits = EASY) -> FastAPI:
        return app(self.door(limits))

    def _at_work(self) -> bool:
        if self.damaged:
            raise JournalUnavailable(self.damaged)
        return True

    def around(self) -> Surroundings:
        """Return what the desk has around it."""

        async def rules(_: Request | None) -> Desired | None:
            return self.desired

        async def authors(_: UnitId) -> frozenset[str]:
            return frozenset()

        def wake() -> None:
            self.woken += 1

        return Surroundings(
            append=self.store.append,
            wake=wake,
            rules=rules,
            authors=authors,
            codes=OneTimeCodes(SecretValues({}).value),
            at_work=self._at_work,
            secret=lambda: b"s" * 32,
            clock=self.clock,
        )


async def prepared(folder: Path) -> None:
    """Make a journal with two units, each being rolled out."""
    store = await SqliteStore.open(folder / "journal.db")
    try:
        await _filled(store)
    finally:
        await store.close()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[World]:
    """Open a journal that was prepared."""
    store = await SqliteStore.open(folder / "journal.db")
    placed = {SHOP: Placed(), BANK: Placed()}
    try:
        yield World(store, Desired(commit=COMMIT, targets={}, units={}, access=access(), placed=placed))
    finally:
        await store.close()


async def _filled(store: SqliteStore) -> None:
    now = SystemClock().now()
    await store.append([CommitAccepted(commit=COMMIT, subject="shop 2")], now)
    for each in (SHOP, BANK):
        old = plans.of(each, plans.shop("1", ["web-1"]))
        good = VerdictGiven(unit=each, digest=old.digest, verdict=Verdict.GOOD, reason="", commit=old.commit)
        known = Assessed(unit=each, commit=COMMIT, digest=old.digest, version="1", in_sync=True, waiting=None)
        await store.append([good, SnapshotTaken(unit=old), known], now)
        new = plans.of(each, plans.shop("2", ["web-1"]))
        forward = plans.rolling(new, timedelta(0))
        contents = {**plans.contents("1"), **plans.contents("2")}
        pending = plans.pending(forward, f"01jq8-{each.app}", now)
        await store.begin(replace(pending), forward, contents, now)


def client(application: FastAPI, who: str = "", address: str = "192.0.2.7") -> httpx.AsyncClient:
    """Return a client of the application itself, without a network; ``who`` is who it says it is."""
    headers = {"Authorization": f"Bearer {who}"} if who else {}
    transport = httpx.ASGITransport(application, client=(address, 1), raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url="http://reconciler", headers=headers)
