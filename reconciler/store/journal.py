"""The journal on SQLite: what passes and executions need, each call one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from reconciler.model.canonical import Digest
from reconciler.model.deed import Restored
from reconciler.model.event import Event
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, State
from reconciler.model.sighting import Facts, Sighting
from reconciler.model.standing import Standing
from reconciler.ports.journal import JournalUnavailable, Lease, ToldOfGit
from reconciler.store import projections, relearned, restored, rollouts, sightings, sqlite
from reconciler.store.archive import ArchiveLog
from reconciler.store.blobs import get, prune_all
from reconciler.store.checkpoints import CheckpointLog
from reconciler.store.figures import JournalFigures, figures
from reconciler.store.history import History
from reconciler.store.lookback import Lookback
from reconciler.store.outbox import Outbox
from reconciler.store.outputs import StepOutputs
from reconciler.store.readers import Readers
from reconciler.store.search import Search
from reconciler.store.standing import Standings, accepted_commit
from reconciler.store.told import Told

_PLANS_REMEMBERED = 4096
_TAKEN_BACK = frozenset({State.REVERT_NEEDED, State.REVERTING})


class SqliteStore:
    """A ``ports.journal.Journal``, ``RolloutLog`` and ``SightingLog`` in one SQLite file.

    ``history`` answers a person's questions, ``search`` an auditor's; ``outputs`` is what programs on targets printed.

    Every call raises JournalUnavailable when the file cannot be used now; nothing was written then.
    """

    def __init__(self, database: sqlite.Database) -> None:
        self._database = database
        self._plans: dict[str, Plan] = {}
        self._standings = Standings()
        self.history = History(database)
        self.checkpoints = CheckpointLog(database)
        self.readers = Readers(database)
        self.told = Told(database)
        self.search = Search(database)
        self.archive = ArchiveLog(database)
        self.lookback = Lookback(database)
        self.outbox = Outbox(database)
        self.outputs = StepOutputs(database)

    @staticmethod
    async def open(path: Path) -> "SqliteStore":
        """Open the journal, making or migrating its tables first where needed; its folder must be there."""
        from reconciler.store import migrate  # noqa: PLC0415 - who only reads needs none of it

        database = sqlite.Database(sqlite.engine_for(path, mode="rwc"), str(path))
        try:
            with sqlite.translating(str(path)):
                async with migrate.exclusively(path):
                    await database.write(migrate.upgrade)
        except BaseException:
            await database.close()
            raise
        return SqliteStore(database)

    @staticmethod
    def open_read_only(path: Path) -> "SqliteStore":
        """Open a journal that is there, to look at it only: nothing is made, migrated or written."""
        if not path.exists():
            raise JournalUnavailable(f"there is no journal at {path}; the daemon makes it when it starts first")
        return SqliteStore(sqlite.Database(sqlite.engine_for(path, mode="ro"), str(path)))

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()

    async def standing(self) -> Standing:
        """Return what is known of every unit."""
        return await self._database.glance(self._standings.read)

    async def append(self, events: Sequence[Event], at: datetime) -> None:
        """Append events that are not about a rollout in hand, with what follows from them."""
        await self._database.write(_append, events, at)

    async def relearn(self, events: Sequence[Event], contents: Mapping[Digest, bytes], at: datetime) -> None:
        """Append what was learned again of units, and keep what their good states need to be gone back to."""
        await self._database.write(relearned.relearn, events, contents, at)

    async def restored(self, deed: Restored, at: datetime) -> None:
        """Write down that the journal comes from a backup, and end what was under way when that was made."""
        await self._database.write(restored.restored, deed, at)

    async def is_newly_restored(self) -> bool:
        """Return whether the journal comes from a backup and nothing was done since."""
        return await self._database.read(restored.is_new)

    async def begin(self, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> None:
        """Store a plan, all contents it and its unit speak of, and its rollout; nothing when the unit has one."""
        await self._database.write(rollouts.begin, rollout, plan, contents, at)

    async def accepted_commit(self) -> str | None:
        """Return the newest commit that loaded, None before the first."""
        return await self._database.read(accepted_commit)

    async def told_of_git(self) -> ToldOfGit:
        """Return what was written down of Git last."""
        commits = await self.history.commits()
        refused = commits.refused
        return ToldOfGit(
            refused=refused.commit if refused else None,
            lost=commits.lost is not None,
            why=refused.why if refused else None,
            let_by=commits.let_by,
        )

    async def claim(self, rollout: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take the rollout with a higher epoch; None when another owner's claim has not run out."""
        return await self._database.write_first(rollouts.claim, Lease(rollout, owner, 0), now, until)

    async def renew(self, lease: Lease, until: datetime) -> None:
        """Keep the claim longer; LeaseLost when it is no longer ours."""
        await self._database.write_first(rollouts.renew, lease, until)

    async def break_leases(self) -> None:
        """End every claim, and let go of contents that nobody can ask for any more.

        For the start of the one process that holds the lock on the state folder.
        """
        await self._database.write(rollouts.break_leases)
        await self._database.write(prune_all)

    async def load(self, rollout: str) -> tuple[Rollout, Plan]:
        """Return the rollout and the plan it is executing; KeyError when there is none."""
        found, plan = await self._database.read(rollouts.load, rollout)
        return found, await self._plan(plan)

    async def record(
        self, lease: Lease, rollout: Rollout, events: Sequence[Event], at: datetime, plan: Plan | None = None
    ) -> None:
        """Append the events and store the rollout as it now is (and its revert plan, if given), in one transaction."""
        # Where a thousand wait, the way back is what has to be quick.
        write = self._database.write_first if rollout.state in _TAKEN_BACK else self._database.write
        await write(_record, lease, rollout, (events, at, plan))

    async def contents(self, blobs: Iterable[Digest]) -> Mapping[Digest, bytes]:
        """Return stored contents; KeyError naming the first that is missing."""
        return await self._database.read(get, list(blobs))

    async def remember(self, new: Sequence[Sighting], again: Sequence[Sighting]) -> None:
        """Keep what was seen last in the place of what was seen before; of what was seen ``again``, only when."""
        await self._database.write(sightings.remember, new, again)

    async def put_facts(self, facts: Sequence[Facts]) -> None:
        """Keep what targets said of themselves in the place of what they said before."""
        await self._database.write(sightings.put_facts, facts)

    async def sightings(self, unit: str = "*", target: str = "*") -> Sequence[Sighting]:
        """Return what was seen last of units and on targets that fit the patterns, by unit and target."""
        return await self._database.read(sightings.sightings, unit, target)

    async def facts(self) -> Sequence[Facts]:
        """Return what targets said of themselves, by target."""
        return await self._database.read(sightings.facts)

    async def figures(self) -> JournalFigures:
        """Return how large the journal is, what waits in it, and up to where it is signed."""
        return await self._database.read(figures)

    async def rebuild(self) -> None:
        """Make everything that follows from events anew; raise JournalUnavailable where some of them are archived."""
        if archived := await self.archive.archived():
            raise JournalUnavailable(
                f"entries up to {archived[-1].last} are in the archive, so what follows from them cannot be made anew "
                "from the journal; bring it back from a backup, or learn it from the targets (reconciler rebuild)"
            )
        await self._database.write(projections.rebuild)
        self._standings.forget()

    async def _plan(self, plan: str) -> Plan:
        # A plan never changes once it is stored, and it is read at each move of a rollout.
        if plan not in self._plans:
            while len(self._plans) >= _PLANS_REMEMBERED:
                del self._plans[next(iter(self._plans))]
            self._plans[plan] = await self._database.read(rollouts.get_plan, plan)
        return self._plans[plan]


def _append(connection: Connection, events: Sequence[Event], at: datetime) -> None:
    projections.append(connection, events, at)


def _record(
    connection: Connection, lease: Lease, rollout: Rollout, entry: tuple[Sequence[Event], datetime, Plan | None]
) -> None:
    events, at, plan = entry
    rollouts.check(connection, lease)
    if plan:
        rollouts.replan(connection, rollout, plan)
    rollouts.put(connection, rollout, events, at)
