"""Bring the journal's tables to the form this version knows, in process, when it is opened."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from reconciler.ports.journal import JournalUnavailable

NEWEST = "0006"
"""The form this version writes: the revision of the newest file in ``migrations/versions``."""


def upgrade(connection: Connection) -> None:
    """Migrate to the newest form; JournalUnavailable when the journal was written by a later version than this."""
    if inspect(connection).has_table("alembic_version"):
        present = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
        if list(present) == [NEWEST]:
            return
    _migrate(connection)


def _migrate(connection: Connection) -> None:
    # Alembic is slow to import, and not needed at most starts.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.migration import MigrationContext  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    if unknown := set(MigrationContext.configure(connection).get_current_heads()) - known:
        raise JournalUnavailable(
            f"the journal has form {', '.join(sorted(unknown))}, which this version of reconciler does not know; "
            "run the version that wrote it, or a later one"
        )
    with EnvironmentContext(config, script, fn=lambda revision, _: script._upgrade_revs("head", revision)) as context:  # noqa: SLF001
        # The batch mode rebuilds a table where SQLite cannot alter it in place.
        context.configure(connection=connection, render_as_batch=True)
        context.run_migrations()


@asynccontextmanager
async def exclusively(path: Path) -> AsyncIterator[None]:
    """Hold a lock beside the file; processes that start together wait for each other here."""
    with path.with_name(path.name + ".lock").open("wb") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
