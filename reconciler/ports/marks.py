"""What targets keep of what is ours, for when the journal is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from reconciler.model.ground import Ground
from reconciler.model.mark import Marked
from reconciler.model.target import DockerEngine, Host

Keeper: TypeAlias = Host | DockerEngine
"""What keeps records of us."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The records of one target: how it stands with changes to it, and what it keeps of each unit."""

    ground: Ground
    units: Sequence[Marked]


class Records(Protocol):
    """Reads what targets keep, of the sorts that keep anything."""

    async def of(self, target: Keeper, /) -> Recorded:
        """Return the target's records; raise WorldError when it cannot be asked."""
        ...
