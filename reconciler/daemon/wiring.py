"""The only place that knows every adapter. A dull list: settings in, everything put together out."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reconciler.daemon.admission import Admission
from reconciler.daemon.after_merge import Past
from reconciler.daemon.apis import Gear, apis
from reconciler.daemon.controller import controller
from reconciler.daemon.doctor.examine import Instruments
from reconciler.daemon.exclusive import exclusive
from reconciler.daemon.foresight import Foresight
from reconciler.daemon.git_approvals import GitApprovals
from reconciler.daemon.hands import Hands
from reconciler.daemon.intake import Commits, Reading
from reconciler.daemon.keeping import own_secrets, reserved_by, secrets_by
from reconciler.daemon.look import Look
from reconciler.daemon.narrated import Narrated
from reconciler.daemon.news import News
from reconciler.daemon.outputs import keeping
from reconciler.daemon.own_doorway import own_doorway
from reconciler.daemon.settings import Settings
from reconciler.daemon.sightings import write_down
from reconciler.daemon.sources import Sources
from reconciler.daemon.telemetry_settings import TelemetrySettings
from reconciler.daemon.traced import TracedJournal, TracedLog, TracedShell, TracedTargets
from reconciler.daemon.traced_figures import figures, recorder
from reconciler.daemon.wake import Wake
from reconciler.daemon.way_back import way_back
from reconciler.daemon.world import World
from reconciler.desired.authors import GitAuthors
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.git_words import GitWords
from reconciler.desired.history import History
from reconciler.desired.load import Folders, Loading
from reconciler.desired.remote import remote
from reconciler.desired.signatures import Anybody, Listed, Signers, Unjudged
from reconciler.desired.signed_changes import SignedChanges
from reconciler.desired.signed_gpg import GpgSigners
from reconciler.desired.signed_ssh import SshSigners
from reconciler.execute.driver import Driver
from reconciler.execute.world import World as Reach
from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.canonical import Digest
from reconciler.model.target import Host, Sort, hosts_among
from reconciler.model.unit import Desired
from reconciler.ports.desk import Doorway
from reconciler.ports.journal import Journal
from reconciler.ports.secrets import SecretStores
from reconciler.ports.sightings import SightingLog
from reconciler.ports.source import Changes, Commit, Trust
from reconciler.providers.artifacts import ArtifactCache
from reconciler.providers.by_sort import AllTargets
from reconciler.providers.checks import HealthChecks
from reconciler.providers.clock import SystemClock
from reconciler.providers.hooks import HookCalls
from reconciler.providers.hosts import HostTargets, Supplies
from reconciler.providers.http import Http
from reconciler.providers.kubernetes.cluster import Supplies as ClusterSupplies
from reconciler.providers.kubernetes.credentials import Surroundings
from reconciler.providers.kubernetes.direct import DirectClusters
from reconciler.providers.metrics import Monitoring
from reconciler.providers.one_time_codes import OneTimeCodes
from reconciler.providers.provenance import Verifier
from reconciler.providers.remembering import Remembering
from reconciler.providers.scans import Scans
from reconciler.providers.ssh import SshShell
from reconciler.providers.ssh_options import SshOptions
from reconciler.providers.survey import Probes
from reconciler.providers.transaction.holder import Holder
from reconciler.providers.transaction.library import STATE
from reconciler.store.journal import SqliteStore
from reconciler.telemetry.recorder import Recorder
from reconciler.traffic.routers import AllRouters


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """What a process that changes the fleet works with. ``newest`` is the number of the journal's newest event."""

    world: World
    hands: Hands
    wake: Wake
    watchable: Remembering
    sightings: SightingLog
    doorway: Doorway
    approvals: GitApprovals
    newest: Callable[[], Awaitable[int]]
    foresight: Foresight
    past: Past
    sources: Sources


@asynccontextmanager
async def acting(settings: Settings) -> AsyncIterator[Acting]:
    """Take the state folder and put everything together; raise AlreadyRunning, JournalUnavailable."""
    with exclusive(settings.state_dir):
        store = await SqliteStore.open(settings.state_dir / "journal.db")
        try:
            # Nobody else can be at work: we hold the lock of the state folder. A claim still there is a dead process's.
            await store.break_leases()
            holder = controller(settings.state_dir, settings.state_dir, SystemClock())
            news, watch = News(), recorder(settings.telemetry, SystemClock())
            async with _world(settings, store, holder, news, watch) as (world, watchable, secrets), _http() as http:
                wake = Wake()
                await world.commits.begin()
                hands = Hands(world.driver, wake.ring, partial(way_back, world))
                foresight = _foresight(settings, world, secrets)
                doorway = own_doorway(world, foresight, store, wake, settings.state_dir, _codes(settings))
                yield Acting(
                    world=world,
                    hands=hands,
                    wake=wake,
                    watchable=watchable,
                    sightings=store,
                    doorway=doorway,
                    approvals=GitApprovals(GitWords(_source(settings).git, tuple(_signers(settings))), world),
                    newest=store.history.newest,
                    foresight=foresight,
                    past=store.history,
                    sources=Sources(
                        settings=settings,
                        world=world,
                        store=store,
                        news=news,
                        secrets=secrets,
                        http=http,
                        recorder=watch,
                        figures=figures(watch.meter, store, world.clock),
                    ),
                )
                await write_down(watchable, store)
        finally:
            await store.close()


@asynccontextmanager
async def looking(settings: Settings) -> AsyncIterator[Look]:
    """Put together what it takes to look and to plan; nothing is written to the state folder unless it is ours.

    For whoever is not its owner (root before the first start, a person beside the daemon) everything that has to be
    written goes to a folder that is thrown away: a file of theirs in there would lock the daemon out.
    """
    journal = settings.state_dir / "journal.db"
    with tempfile.TemporaryDirectory(prefix="reconciler-") as empty:
        scratch = settings if _is_ours(settings.state_dir) else settings.model_copy(update={"state_dir": Path(empty)})
        store = (
            SqliteStore.open_read_only(journal) if journal.exists() else await SqliteStore.open(Path(empty) / "no.db")
        )
        try:
            holder = controller(scratch.state_dir, settings.state_dir, SystemClock())
            watch = recorder(TelemetrySettings(), SystemClock())
            async with _world(scratch, store, holder, News(), watch) as (world, _, _):
                yield Look(world, _source(scratch))
        finally:
            await store.close()


@asynccontextmanager
async def examining(settings: Settings) -> AsyncIterator[Instruments]:
    """Put together what ``doctor`` looks with; the journal is not opened, and nothing is written that lasts."""
    with tempfile.TemporaryDirectory(prefix="reconciler-") as empty:
        scratch = settings if _is_ours(settings.state_dir) else settings.model_copy(update={"state_dir": Path(empty)})
        clock = SystemClock()
        secrets = secrets_by(settings.secrets, scratch.state_dir, clock, reserved_by(settings))
        source, reading, known = _source(scratch), _reading(settings, secrets), dict[str, Host]()
        contents: dict[Digest, bytes] = {}

        async def read(commit: Commit) -> Desired:
            desired = await reading.of(commit.id, await source.read(commit.id))
            known.update(desired.hosts)
            contents.update(desired.contents)
            return desired

        async def blob(digest: Digest) -> bytes:
            return contents[digest]

        http = Http()
        shell = SshShell(SshOptions(**settings.ssh.model_dump()), lambda: known, secrets)
        artifacts = ArtifactCache(scratch.state_dir / "artifacts", http, blob)
        goods = ClusterSupplies(blob, secrets, Surroundings(os.environ))
        gear = Gear(shell=shell, secrets=secrets, artifacts=artifacts, goods=goods, clock=clock, kinds=CATALOG)
        try:
            async with apis(gear) as beside:
                yield Instruments(
                    shell=shell,
                    source=source,
                    read=read,
                    secrets=secrets,
                    state=STATE,
                    clock=clock,
                    apis=beside.by_sort,
                )
        finally:
            secrets.close()
            await shell.close()
            await http.close()


def _is_ours(state_dir: Path) -> bool:
    return state_dir.is_dir() and state_dir.stat().st_uid == os.geteuid()


@asynccontextmanager
async def _world(
    settings: Settings, store: SqliteStore, holder: Holder, news: News, watch: Recorder
) -> AsyncIterator[tuple[World, Remembering, SecretStores]]:
    clock = SystemClock()
    secrets = secrets_by(settings.secrets, settings.state_dir, clock, reserved_by(settings))
    narrated = Narrated(store, news)
    journal, rollouts = TracedJournal(narrated, watch), TracedLog(narrated, watch)
    source = _source(settings)
    commits = Commits(source, journal, _reading(settings, secrets), clock, _admission(settings, source, journal))
    shell = SshShell(SshOptions(**settings.ssh.model_dump()), lambda: hosts_among(commits.targets), secrets)
    http = Http()
    artifacts = ArtifactCache(settings.state_dir / "artifacts", http, _blobs_of(store, lambda: commits.contents))
    timed = TracedShell(shell, watch)
    hosts = HostTargets(
        timed, Probes(CATALOG, PRELUDE), Supplies(artifacts, secrets), HealthChecks(timed, shell, clock), holder
    )
    goods = ClusterSupplies(_blobs_of(store, lambda: commits.contents), secrets, Surroundings(os.environ))
    gear = Gear(shell=shell, secrets=secrets, artifacts=artifacts, goods=goods, clock=clock, kinds=CATALOG)
    try:
        async with apis(gear) as beside, keeping(store.outputs, secrets, settings.output, clock) as outputs:
            targets = Remembering(AllTargets({Sort.HOST: hosts, **beside.by_sort}), clock)
            reach = Reach(
                targets=TracedTargets(targets, watch),
                kinds=CATALOG,
                clock=clock,
                routers=AllRouters(shell, DirectClusters(beside.clusters)),
                metrics=Monitoring(http, shell, secrets, clock, targets),
                hooks=HookCalls(http, shell, secrets),
                outputs=outputs,
            )
            world = World(
                commits=commits,
                authorship=GitAuthors(source.git, source.folders),
                journal=journal,
                log=rollouts,
                targets=targets,
                routers=reach.routers,
                artifacts=artifacts,
                provenance=_verifier(settings, http, artifacts),
                kinds=CATALOG,
                clock=clock,
                driver=Driver(rollouts, reach, owner=clock.new_id()),
                aside=asyncio.to_thread,
            )
            yield world, targets, secrets
    finally:
        secrets.close()
        await shell.close()
        await http.close()


@asynccontextmanager
async def _http() -> AsyncIterator[Http]:
    http = Http()
    try:
        yield http
    finally:
        await http.close()


def _blobs_of(
    store: SqliteStore, read: Callable[[], Mapping[Digest, bytes]] = dict
) -> Callable[[Digest], Awaitable[bytes]]:
    """What has been read and not stored yet, and what is stored."""

    async def blob(digest: Digest) -> bytes:
        found = read().get(digest)
        return found if found is not None else (await store.contents([digest]))[digest]

    return blob


def _admission(settings: Settings, source: GitSource, journal: Journal) -> Admission:
    return Admission(source, _trust(settings, source.git), journal, _changes(settings, source), settings.git.rewrites)


def _reading(settings: Settings, secrets: SecretStores) -> Reading:
    return Reading(loading=Loading(CATALOG, secrets, _folders(settings)))


def _foresight(settings: Settings, world: World, secrets: SecretStores) -> Foresight:
    source = _source(settings)
    return Foresight(world, source, source.git, Loading(CATALOG, secrets, _folders(settings)))


def _codes(settings: Settings) -> OneTimeCodes:
    return OneTimeCodes(own_secrets(settings).value)


def _source(settings: Settings) -> GitSource:
    git = settings.git
    line = GitLine(remote(git.url), settings.state_dir / "git", git.ssh_command, git.credentials)
    return GitSource(line, git.branch, (git.desired_state, git.policies))


def _verifier(settings: Settings, http: Http, artifacts: ArtifactCache) -> Verifier:
    scans = Scans(settings.provenance.scanners, settings.state_dir / "scans")
    return Verifier(http, artifacts, scans, settings.state_dir / "proofs")


def _changes(settings: Settings, source: GitSource) -> Changes:
    trust = settings.git.trust
    if trust.signer_policies == "ignore":
        return Unjudged()
    return SignedChanges(source, History(source.git), _folders(settings), trust.gpg_keys)


def _folders(settings: Settings) -> Folders:
    return Folders(desired_state=settings.git.desired_state, policies=settings.git.policies)


def _trust(settings: Settings, git: GitLine) -> Trust:
    signers = tuple(_signers(settings, settings.git.trust.forge_keys))
    return Listed(git, signers) if signers else Anybody()


def _signers(settings: Settings, forges: Collection[str] = ()) -> Iterator[Signers]:
    trust = settings.git.trust
    if trust.allowed_signers:
        yield SshSigners(trust.allowed_signers)
    if trust.gpg_keys:
        yield GpgSigners(trust.gpg_keys, forges)
