"""What targets keep of what is ours, for when the journal is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reconciler.model.ground import Ground
from reconciler.model.mark import Marked
from reconciler.model.target import Host


@dataclass(frozen=True, slots=True)
class Recorded:
    """The records of one host: how it stands with changes to it, and what it keeps of each unit."""

    ground: Ground
    units: Sequence[Marked]


class Records(Protocol):
    """Reads what hosts keep."""

    async def of(self, host: Host) -> Recorded:
        """Return the host's records; raise WorldError when it cannot be asked."""
        ...
