"""The settings of the record: where it is signed to, kept, archived and sent."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import Field

from reconciler.daemon.section import Duration, Section
from reconciler.daemon.sink_settings import ArchiveSettings, SinkName, SinkSettings


class AuditSettings(Section):
    """How often the chain is signed, where the signed checkpoints are kept too, and where entries go."""

    checkpoint: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(hours=1)
    checkpoints: Path | None = None
    sinks: dict[SinkName, SinkSettings] = Field(default_factory=dict)
    archive: ArchiveSettings | None = None

    def resolved_from(self, folder: Path) -> "AuditSettings":
        """Return the settings with relative paths taken from the folder of the settings file."""
        checkpoints, archive = self.checkpoints, self.archive
        if checkpoints:
            checkpoints = folder / checkpoints.expanduser()
        if archive:
            archive = archive.model_copy(update={"folder": folder / archive.folder.expanduser()})
        sinks = {name: each.resolved_from(folder) for name, each in self.sinks.items()}
        return self.model_copy(update={"checkpoints": checkpoints, "archive": archive, "sinks": sinks})
