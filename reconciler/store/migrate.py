"""Bring the journal's tables to the form this version knows, in process, when it is opened."""

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from reconciler.ports.journal import JournalUnavailable


def upgrade(connection: Connection) -> None:
    """Migrate to the newest form; JournalUnavailable when the journal was written by a later version than this."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    present = MigrationContext.configure(connection).get_current_heads()
    if unknown := set(present) - known:
        raise JournalUnavailable(
            f"the journal has form {', '.join(sorted(unknown))}, which this version of reconciler does not know; "
            "run the version that wrote it, or a later one"
        )
    head = script.get_current_head()
    if present == (head,):
        return
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
