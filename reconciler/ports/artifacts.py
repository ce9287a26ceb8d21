"""Archives to install."""

from pathlib import Path
from typing import Protocol

from reconciler.model.content import Artifact


class Artifacts(Protocol):
    """Archives, kept locally by digest once fetched."""

    async def fetch(self, artifact: Artifact) -> Path:
        """Return a local plain tar made from the artifact, safe to unpack.

        The digest is checked before anything else is done with the bytes. Raises Unreachable when it cannot be had,
        Refused when its digest is wrong or it holds members that leave its folder, links out of it, or devices.
        """
        ...
