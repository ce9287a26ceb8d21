"""Signs how far the record is, keeps that in the journal, and in a file that is kept elsewhere."""

import asyncio
from dataclasses import replace
from pathlib import Path

from reconciler.audit.checkpoint import NoCheckpoint, line, read_line, statement
from reconciler.daemon.controller import controller
from reconciler.daemon.logs import log
from reconciler.daemon.settings import Settings
from reconciler.model.checkpoint import Checkpoint
from reconciler.ports.clock import Clock
from reconciler.providers.audit_key import AuditKeyUnusable, audit_key
from reconciler.providers.kept_checkpoints import CheckpointsUnusable, add_lines, last_line
from reconciler.store.checkpoints import CheckpointLog
from reconciler.store.times import stamp


class Checkpoints:
    """Signs the newest entry. The key is made when it is needed first."""

    def __init__(self, settings: Settings, log_: CheckpointLog, clock: Clock) -> None:
        self._folder = settings.state_dir
        self._file = settings.audit.checkpoints
        self._log = log_
        self._clock = clock

    async def sign(self) -> Checkpoint | None:
        """Sign the newest entry if it is not signed yet, and keep that; return the newest checkpoint, None: no entry.

        Raises AuditKeyUnusable, CheckpointsUnusable, JournalUnavailable.
        """
        key = await asyncio.to_thread(audit_key, self._folder)
        by, at = controller(self._folder, self._folder, self._clock).id, stamp(self._clock.now())

        def signed(number: int, link: str, previous: int) -> Checkpoint:
            made = Checkpoint(number=number, link=link, at=at, controller=by, previous=previous, key=key.public)
            return replace(made, signature=key.sign(statement(made)))

        newest = await self._log.sign(signed) or await self._log.newest()
        if self._file:
            await self._keep_elsewhere(self._file, newest.number if newest else 0)
        return newest

    async def _keep_elsewhere(self, file: Path, newest: int) -> None:
        """Add what the file has not yet: it may not have been there for a while."""
        told = await asyncio.to_thread(last_line, file)
        try:
            number = read_line(told).number if told else 0
        except NoCheckpoint as error:
            raise CheckpointsUnusable(
                f"the last line of {file} is no checkpoint ({error}); move the file away"
            ) from error
        if number > newest:
            raise CheckpointsUnusable(
                f"{file} knows entry {number}, and the journal was never further than entry {newest}: it was restored "
                "or cut off; see reconciler audit verify, then move the file away and keep it"
            )
        while new := await self._log.after(number):
            await asyncio.to_thread(add_lines, file, [line(each) for each in new])
            number = new[-1].number


async def sign_or_tell(checkpoints: Checkpoints) -> None:
    """Sign; what stands in the way is logged, for the fleet is kept without it."""
    try:
        await checkpoints.sign()
    except (AuditKeyUnusable, CheckpointsUnusable) as error:
        log.error("the record is not signed, or not kept elsewhere; it is tried again", reason=str(error))
