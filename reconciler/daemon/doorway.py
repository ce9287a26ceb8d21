"""The doorway straight on the journal, where no daemon answers."""

import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from reconciler.daemon.archive import JournalArchive
from reconciler.daemon.bell import SECRET, touch
from reconciler.daemon.desk import JournalDesk, Surroundings
from reconciler.daemon.exclusive import is_held
from reconciler.daemon.outlook import LiveOutlook
from reconciler.daemon.settings import Settings
from reconciler.model.asking import Approve, Delegate, Request
from reconciler.model.event import Event
from reconciler.model.identity import UnitId
from reconciler.model.step import AwaitApproval
from reconciler.model.unit import Desired
from reconciler.ports.desk import Doorway
from reconciler.providers.clock import SystemClock
from reconciler.providers.one_time_codes import OneTimeCodes
from reconciler.providers.secrets import LocalSecrets
from reconciler.store.journal import SqliteStore

if TYPE_CHECKING:
    from reconciler.daemon.look import Look

JOURNAL = "journal.db"


@asynccontextmanager
async def on_journal(settings: Settings) -> AsyncIterator[Doorway]:
    """Open the journal to look at it, and once more for what is decided; raises JournalUnavailable."""
    journal = settings.state_dir / JOURNAL
    clock = SystemClock()
    store = SqliteStore.open_read_only(journal)

    async def append(events: Sequence[Event], at: datetime) -> None:
        writing = await SqliteStore.open(journal)
        try:
            await writing.append(events, at)
        finally:
            await writing.close()

    around = Surroundings(
        append=append,
        wake=partial(touch, settings.state_dir),
        rules=partial(_rules, settings, store),
        authors=_nobody,
        codes=OneTimeCodes(partial(_secret, settings)),
        at_work=partial(is_held, settings.state_dir),
        secret=partial(secrets.token_bytes, SECRET),
        clock=clock,
    )
    desk = JournalDesk(store, around)
    try:
        outlook = LiveOutlook(store, desk, partial(_looking, settings))
        yield Doorway(desk, JournalArchive(store), outlook, store.outputs)
    finally:
        await store.close()


def _looking(settings: Settings) -> "AbstractAsyncContextManager[Look]":
    from reconciler.daemon.wiring import looking  # noqa: PLC0415 - slow, and most who ask do not look

    return looking(settings)


async def _rules(settings: Settings, store: SqliteStore, request: Request | None) -> Desired | None:
    """What Git says is read only where it matters: whoever has the journal may do everything else without a role."""
    if not await _asks_for_roles(request, store):
        return None
    async with _looking(settings) as look:
        return await look.accepted()


async def _asks_for_roles(request: Request | None, store: SqliteStore) -> bool:
    match request:
        case Delegate():
            return True
        case Approve():
            known = (await store.standing()).of(request.unit)
            if known.rollout is None:
                return bool(known.assessed and known.assessed.plan)
            plan = (await store.history.plans({known.rollout.plan}))[known.rollout.plan]
            steps = plan.steps[known.rollout.cursor : known.rollout.cursor + 1]
            return any(isinstance(each, AwaitApproval) and any(map(_is_role, each.approvers)) for each in steps)
        case _:
            return False


def _is_role(approver: str) -> bool:
    return approver.startswith("role:")


def _secret(settings: Settings, reference: str) -> str:
    """Read one of this machine's secrets; nothing is made in the state folder before somebody asks."""
    return LocalSecrets(settings.secrets.directory, settings.state_dir / "secret-key", os.environ).value(reference)


async def _nobody(_: UnitId) -> frozenset[str]:
    return frozenset()
