"""The settings of the record: where it is signed to, kept, archived and sent."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from reconciler.daemon.section import Duration, Section


class SinkSettings(Section):
    """A place that every entry is sent to, at least once: ``to`` is ``syslog``, ``journald``, ``file`` or ``http``."""

    to: Literal["syslog", "journald", "file", "http"]
    format: Literal["json", "cloudevents", "ocsf"] = "json"
    url: str = ""
    path: Path | None = None
    token: str = ""

    def resolved_from(self, folder: Path) -> "SinkSettings":
        """Return the settings with a relative path taken from the folder of the settings file."""
        return self.model_copy(update={"path": folder / self.path.expanduser()}) if self.path else self


class ArchiveSettings(Section):
    """Old entries go to files of ``folder``, sealed for ``recipients`` (age), and leave the journal ``after``."""

    after: Duration = Field(default=timedelta(days=400), ge=timedelta(days=30))
    folder: Path | None = None
    recipients: tuple[str, ...] = ()


class AuditSettings(Section):
    """How often the chain is signed, where the signed checkpoints are kept too, and where entries go."""

    checkpoint: Annotated[Duration, Field(ge=timedelta(seconds=1))] = timedelta(hours=1)
    checkpoints: Path | None = None
    sinks: dict[str, SinkSettings] = Field(default_factory=dict)
    archive: ArchiveSettings | None = None

    def resolved_from(self, folder: Path) -> "AuditSettings":
        """Return the settings with relative paths taken from the folder of the settings file."""
        checkpoints, archive = self.checkpoints, self.archive
        if checkpoints:
            checkpoints = folder / checkpoints.expanduser()
        if archive and archive.folder:
            archive = archive.model_copy(update={"folder": folder / archive.folder.expanduser()})
        sinks = {name: each.resolved_from(folder) for name, each in self.sinks.items()}
        return self.model_copy(update={"checkpoints": checkpoints, "archive": archive, "sinks": sinks})
