"""``reconciler audit archive``: write old entries to the archive now, instead of when the daemon does."""

import asyncio

import click

from reconciler.cli.audit_options import here
from reconciler.cli.errors import Failure
from reconciler.cli.options import Reach, reach_option


@click.command("archive")
@reach_option
def command(reach: Reach) -> None:
    """Write what is old enough to files of the archive, and take it out of the journal.

    The daemon does so four times a day, where [audit.archive] says so.
    """
    asyncio.run(_archive(reach))


async def _archive(reach: Reach) -> None:
    from reconciler.audit.segment import SegmentDamaged
    from reconciler.daemon.archiving import Archiver, sinks_of
    from reconciler.daemon.doorway import JOURNAL
    from reconciler.daemon.exclusive import check_owner
    from reconciler.daemon.settings import Settings
    from reconciler.model.duration import format_duration
    from reconciler.ports.journal import JournalUnavailable
    from reconciler.providers.clock import SystemClock
    from reconciler.store.journal import SqliteStore

    settings = Settings.load(here(reach))
    archive, journal, number = settings.audit.archive, settings.state_dir / JOURNAL, 0
    if archive is None:
        raise Failure("no archive is set; say where it is with folder in [audit.archive] of the settings")
    check_owner(settings.state_dir, "audit archive")
    if not journal.exists():
        raise JournalUnavailable(f"there is no journal at {journal}; the daemon makes it when it starts first")
    store = await SqliteStore.open(journal)
    try:
        async for made in Archiver(archive, store, sinks_of(settings)).archive(SystemClock().now()):
            click.echo(f"{archive.folder / made.file}: entries {made.first} to {made.last}")
            number += 1
    except SegmentDamaged as error:
        raise Failure(f"what is in the journal is not archived: {error}; see reconciler audit verify") from error
    finally:
        await store.close()
    if not number:
        old = format_duration(archive.after)
        click.echo(f"Nothing can be archived: no entry that all sinks have is older than {old}.")
