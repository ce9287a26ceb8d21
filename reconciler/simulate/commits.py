"""A simulated branch: desired states that are there already, by commit, each followed as soon as it has come."""

from collections.abc import Mapping

from reconciler.daemon.intake import Intake
from reconciler.model.target import Target
from reconciler.model.unit import Desired
from reconciler.ports.source import Commit


class SimCommits:
    """Implements ``daemon.world.Following`` and ``ports.source.Authorship``: nobody in particular wrote them."""

    def __init__(self) -> None:
        self._known: dict[str, Desired] = {}
        self._newest = Intake(trouble="no commit has come yet")

    def come(self, desired: Desired) -> None:
        """Let a commit come: from now on it is what Git says."""
        self._known[desired.commit] = desired
        self._newest = Intake(desired=desired)

    @property
    def newest(self) -> Intake:
        """What Git says."""
        return self._newest

    @property
    def targets(self) -> Mapping[str, Target]:
        """The hosts of what Git says."""
        return self._newest.desired.targets if self._newest.desired else {}

    async def begin(self) -> None:
        """Go on; nothing has to be read."""

    async def refresh(self) -> None:
        """Ask nobody: commits come by themselves."""

    async def at(self, commit: Commit) -> Desired:
        """Return what a commit that has come asks for."""
        return self._known[commit.id]

    async def authors(self, commit: str, since: str) -> frozenset[str]:
        """Return nobody."""
        del commit, since
        return frozenset()

    async def newly(self, head: Commit) -> Desired:
        """Return the same: all are trusted."""
        return self._known[head.id]
