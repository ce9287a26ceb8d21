"""What reports are made from: the journal to read, Git to say who wrote what and when, labels to say whose it is."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler.daemon.doorway import JOURNAL
from reconciler.daemon.settings import Settings
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.ledger import ledger
from reconciler.desired.remote import remote
from reconciler.desired.tree import Document, read
from reconciler.model.chronicle import Chronicle, Written
from reconciler.model.identity import UnitId
from reconciler.ports.journal import JournalUnavailable
from reconciler.ports.source import SourceError
from reconciler.store import sqlite
from reconciler.store.reports import Reports

TEAM = "team"
"""The label of an App, or of an Environment, that says whose it is."""

_MIRROR = "git"


@dataclass(frozen=True, slots=True)
class Told:
    """What Git says of commits, by id; ``untold`` is why it says nothing."""

    written: Mapping[str, Written]
    untold: str = ""


@dataclass(frozen=True, slots=True)
class Reporting:
    """The journal, opened to read it, and the settings that say where the rest is."""

    settings: Settings
    reports: Reports

    async def chronicle(self, since: datetime, until: datetime) -> Chronicle:
        """Return all that is told of the time, with what Git says of its commits; raises JournalUnavailable."""
        found = await self.reports.between(since, until)
        told = await self.written()
        return replace(found, written=told.written, untold=told.untold)

    async def written(self) -> Told:
        """Return what Git says of all commits of the mirror."""
        if trouble := self.no_mirror():
            return Told({}, trouble)
        try:
            return Told(await ledger(self.line()))
        except SourceError as error:
            return Told({}, str(error))

    async def teams(self, told: Chronicle) -> Mapping[UnitId, str]:
        """Return whose each unit is, by the label ``team`` of its app or else of its environment, as Git says now.

        Raises SourceError where Git cannot be read.
        """
        documents = await self._documents(told)
        owners = {(kind, name): team for kind, name, team in map(_owner, documents) if team}
        units = {each.unit for each in told.rollouts}
        found = {each: owners.get(("App", each.app)) or owners.get(("Environment", each.environment)) for each in units}
        return {unit: team for unit, team in found.items() if team}

    async def environments(self, told: Chronicle) -> frozenset[str]:
        """Return the environments that the last commit knows that was followed; raises SourceError, as ``teams``."""
        return frozenset(name for each in await self._documents(told) for name in _environments(each))

    async def _documents(self, told: Chronicle) -> Sequence[Document]:
        if trouble := self.no_mirror():
            raise SourceError(trouble)
        git = self.settings.git
        source = GitSource(self.line(), git.branch, (git.desired_state,))
        if not told.accepted:
            return ()
        newest = max(told.accepted, key=lambda commit: told.accepted[commit])
        documents, _ = read(await source.read(newest))
        return documents

    def line(self) -> GitLine:
        """Return git on the daemon's mirror; nothing is fetched by what reports ask."""
        git = self.settings.git
        return GitLine(remote(git.url), self.settings.state_dir / _MIRROR, git.ssh_command, git.credentials)

    def no_mirror(self) -> str:
        """Why the mirror is not to be used. git writes to it, and a file of another user would lock the daemon out."""
        mirror = self.settings.state_dir / _MIRROR
        try:
            owner = mirror.stat().st_uid
        except OSError as error:
            return f"there is no mirror at {mirror} ({error.strerror})"
        return "" if owner == os.geteuid() else f"the mirror {mirror} is another user's; run this as the daemon's user"


def _environments(document: Document) -> Iterator[str]:
    match document.data:
        case {"kind": "Environment", "metadata": {"name": name}}:
            yield str(name)
        case {"kind": "App", "spec": {"environments": dict() as names}}:
            yield from map(str, names)
        case _:
            return


def _owner(document: object) -> tuple[str, str, str]:
    data = getattr(document, "data", None)
    if not isinstance(data, dict):
        return ("", "", "")
    metadata = data.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    team = labels.get(TEAM) if isinstance(labels, dict) else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return (str(data.get("kind")), str(name), str(team or ""))


@asynccontextmanager
async def reporting(config: Path | None) -> AsyncIterator[Reporting]:
    """Open what reports are made from, to read it only; raises SettingsError, JournalUnavailable."""
    settings = Settings.load(config)
    journal = settings.state_dir / JOURNAL
    if not journal.exists():
        raise JournalUnavailable(f"there is no journal at {journal}; the daemon makes it when it starts first")
    database = sqlite.Database(sqlite.engine_for(journal, mode="ro"), str(journal))
    try:
        yield Reporting(settings, Reports(database))
    finally:
        await database.close()
