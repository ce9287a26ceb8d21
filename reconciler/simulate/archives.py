"""A simulated server of archives: which it has, which are wrong, which take their time, and which show too little."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from reconciler.model.content import Artifact
from reconciler.model.provenance import ArtifactPolicy, Proof, Verified
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


@dataclass(slots=True)
class SimProvenance:
    """Implements ``ports.provenance.Provenance``: everything is as it should be, but for ``proofs``, by URL.

    ``asked`` are the URLs and the policies that were asked about; ``slow`` ones are answered when set.
    """

    proofs: dict[str, Proof | WorldError] = field(default_factory=dict)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def prove(self, artifact: Artifact, policy: ArtifactPolicy, now: datetime) -> Proof:
        """Return what the test or the scenario says."""
        del now
        self.asked.append((artifact.url, policy.name))
        if artifact.url in self.slow:
            await self.slow[artifact.url].wait()
        said = self.proofs.get(artifact.url, Verified())
        if isinstance(said, WorldError):
            raise said
        return said
