"""Where archives show what policy wants of them."""

from datetime import datetime
from typing import Protocol

from reconciler.model.content import Artifact
from reconciler.model.provenance import ArtifactPolicy, Proof


class Provenance(Protocol):
    """Looks at an archive's signatures, at its bill of materials and at reports of its vulnerabilities."""

    async def prove(self, artifact: Artifact, policy: ArtifactPolicy, now: datetime) -> Proof:
        """Return whether the archive of just this digest shows what the policy wants.

        What cannot be read is Unverified. Raises WorldError (Unreachable where it is worth to try again) when what has
        to be looked at cannot be had.
        """
        ...
