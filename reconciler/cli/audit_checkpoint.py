"""``reconciler audit checkpoint``: sign how far the record is, now."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.errors import Failure
from reconciler.cli.options import config_option

if TYPE_CHECKING:
    from reconciler.daemon.settings import Settings
    from reconciler.model.checkpoint import Checkpoint


@click.command("checkpoint")
@config_option
def command(config: Path | None) -> None:
    """Sign how far the record is, and print that.

    What is printed is a line for a file that is kept elsewhere; audit verify
    --checkpoints FILE then finds all that was changed before it, and a record
    that was cut off, whoever has this machine.
    """
    from reconciler.audit.checkpoint import line
    from reconciler.daemon.settings import Settings
    from reconciler.providers.audit_key import AuditKeyUnusable
    from reconciler.providers.kept_checkpoints import CheckpointsUnusable

    try:
        made = asyncio.run(_made(Settings.load(config)))
    except (AuditKeyUnusable, CheckpointsUnusable) as error:
        raise Failure(str(error)) from error
    if made is None:
        raise Failure("the journal has no entry yet; there is nothing to sign")
    click.echo(line(made))


async def _made(settings: "Settings") -> "Checkpoint | None":
    from reconciler.daemon.checkpoints import Checkpoints
    from reconciler.daemon.doorway import JOURNAL
    from reconciler.ports.journal import JournalUnavailable
    from reconciler.providers.clock import SystemClock
    from reconciler.store.journal import SqliteStore

    journal = settings.state_dir / JOURNAL
    if not journal.exists():
        raise JournalUnavailable(f"there is no journal at {journal}; the daemon makes it when it starts first")
    store = await SqliteStore.open(journal)
    try:
        return await Checkpoints(settings, store.checkpoints, SystemClock()).sign()
    finally:
        await store.close()
