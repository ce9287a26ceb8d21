"""A simulated server of archives: which it has, which are wrong, and which take their time."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.model.content import Artifact
from reconciler.ports.errors import WorldError


@dataclass(slots=True)
class SimArchives:
    """Implements ``ports.artifacts.Artifacts``. ``trouble`` is raised for a URL, ``slow`` ones come when set."""

    trouble: dict[str, WorldError] = field(default_factory=dict)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def fetch(self, artifact: Artifact) -> Path:
        """Return a file that is not there, once it has come."""
        self.asked.append(artifact.url)
        if artifact.url in self.slow:
            await self.slow[artifact.url].wait()
        if artifact.url in self.trouble:
            raise self.trouble[artifact.url]
        return Path("plain.tar")
