"""What ``reconciler rebuild`` does: a new journal that knows what is ours."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.daemon.exclusive import NotOurs, check_owner
from reconciler.daemon.one_pass import NothingToDo
from reconciler.daemon.relearning import Findings, Relearning, relearn, settle
from reconciler.daemon.relearning_gear import gear
from reconciler.daemon.settings import Settings
from reconciler.daemon.wiring import acting
from reconciler.model.asking import Refused
from reconciler.model.identity import UnitId
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Desired
from reconciler.policy import relearning
from reconciler.store.journal import SqliteStore

_KNOWN_BY = ("controller", "secret-key")
"""Of the state folder, what the same hosts and the same Git are seen otherwise without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilding:
    """What is to be learned, and from what; nothing is written before ``learn``.

    A journal that is ``newly_restored`` from a backup learns what was done since that was made.
    """

    by: Relearning
    store: SqliteStore
    desired: Desired
    standing: Standing
    newly_restored: bool

    async def look(self, only: Collection[UnitId]) -> Findings:
        """Look at all hosts, change nothing; raise Refused where the journal knows better than they do."""
        self._refuse_what_is_known(only)
        return await relearn(self.by, self.desired, self.standing, only)

    async def learn(self, only: Collection[UnitId]) -> Findings:
        """Have hosts take back what was cut off there, look, and have the journal know it, in one transaction."""
        self._refuse_what_is_known(only)
        await settle(self.by, self.desired)
        findings = await relearn(self.by, self.desired, self.standing, only)
        events = [
            event
            for learned in findings.units
            for event in relearning.events(learned, self.standing.of(learned.unit).owned)
        ]
        if events:
            await self.store.relearn(events, findings.contents, self.by.world.clock.now())
        return findings

    def _refuse_what_is_known(self, only: Collection[UnitId]) -> None:
        if not self.newly_restored:
            _refuse_what_is_known(self.standing, only)


@asynccontextmanager
async def rebuilding(settings: Settings) -> AsyncIterator[Rebuilding]:
    """Take the state folder and read Git; raise as ``acting`` does, and NothingToDo where no commit loads."""
    check_owner(settings.state_dir, "the rebuild")
    async with acting(settings) as parts:
        await parts.world.commits.refresh()
        intake = parts.world.commits.newest
        if intake.desired is None:
            raise NothingToDo("; ".join(intake.refused) or intake.trouble or "no commit has loaded yet")
        async with gear(settings, parts.sources) as by:
            yield Rebuilding(
                by=by,
                store=parts.sources.store,
                desired=intake.desired,
                standing=await parts.world.journal.standing(),
                newly_restored=await parts.sources.store.is_newly_restored(),
            )


@asynccontextmanager
async def rehearsing(settings: Settings) -> AsyncIterator[Rebuilding]:
    """The same in a folder that is thrown away afterwards; what the journal there knows is thought of all the same.

    Raises NotOurs too, where we may not read what the daemon is known by.
    """
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        _take_along(settings.state_dir, Path(scratch))
        async with rebuilding(settings.model_copy(update={"state_dir": Path(scratch)})) as made:
            journal = settings.state_dir / "journal.db"
            yield await _as_known(made, SqliteStore.open_read_only(journal)) if journal.exists() else made


def _take_along(state: Path, scratch: Path) -> None:
    # With another key what has secrets in it would differ from what hosts keep, and is not called good.
    for name in _KNOWN_BY:
        try:
            shutil.copy(state / name, scratch / name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise NotOurs(
                f"cannot read {state / name}: {error.strerror}; run this as the user that the folder belongs to"
            ) from error


async def _as_known(made: Rebuilding, store: SqliteStore) -> Rebuilding:
    try:
        return replace(made, standing=await store.standing(), newly_restored=await store.is_newly_restored())
    finally:
        await store.close()


def _refuse_what_is_known(standing: Standing, only: Collection[UnitId]) -> None:
    rolled = sorted(str(each.unit) for each in standing.units.values() if _rolled_out(each))
    if rolled and not only:
        raise Refused(
            f"the journal is there and knows rollouts of {', '.join(rolled[:5])}; it knows better than hosts do. For a "
            "unit that it does not know: reconciler rebuild --unit APP@ENVIRONMENT. If it was begun anew after another "
            "one was lost, move journal.db, journal.db-wal and journal.db-shm away first"
        )
    for unit in only:
        if _rolled_out(standing.of(unit)):
            raise Refused(f"the journal knows rollouts of {unit}; it knows better than hosts do")


def _rolled_out(known: UnitStanding) -> bool:
    return known.rollout is not None or known.last is not None
