"""All that one process works with, put together by wiring and handed around as one value."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from reconciler.daemon.intake import Intake
from reconciler.execute.driver import Driver
from reconciler.model.target import Target
from reconciler.model.unit import Desired
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.clock import Clock
from reconciler.ports.journal import Journal, RolloutLog
from reconciler.ports.kind import Kind
from reconciler.ports.provenance import Provenance
from reconciler.ports.router import Routers
from reconciler.ports.source import Authorship, Commit
from reconciler.ports.targets import Targets

T = TypeVar("T")


class Aside(Protocol):
    """Does pure work beside the loop, which goes on meanwhile: leases are renewed and the watchdog is fed."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...  # noqa: D102


class Following(Protocol):
    """Follows a branch; ``daemon.intake.Commits`` does, and a simulated one."""

    @property
    def newest(self) -> Intake:
        """What Git said when it was asked last."""
        ...

    @property
    def targets(self) -> Mapping[str, Target]:
        """The targets of the desired state that was read last."""
        ...

    async def begin(self) -> None:
        """Go on from the last commit that loaded."""
        ...

    async def refresh(self) -> None:
        """Ask Git."""
        ...

    async def at(self, commit: Commit) -> Desired:
        """Return what the commit asks for, followed or not."""
        ...

    async def newly(self, head: Commit) -> Desired:
        """Return what the commit asks for, if it may be followed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The adapters, each behind its port, and where long thinking is done."""

    commits: Following
    authorship: Authorship
    journal: Journal
    log: RolloutLog
    targets: Targets
    routers: Routers
    artifacts: Artifacts
    provenance: Provenance
    kinds: Mapping[str, Kind]
    clock: Clock
    driver: Driver
    aside: Aside
