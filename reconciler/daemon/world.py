"""All that one process works with, put together by wiring and handed around as one value."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from reconciler.daemon.intake import Commits
from reconciler.execute.driver import Driver
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.clock import Clock
from reconciler.ports.journal import Journal, RolloutLog
from reconciler.ports.kind import Kind
from reconciler.ports.targets import Targets

T = TypeVar("T")


class Aside(Protocol):
    """Does pure work beside the loop, which goes on meanwhile: leases are renewed and the watchdog is fed."""

    def __call__(self, work: Callable[[], T], /) -> Awaitable[T]: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The adapters, each behind its port, and where long thinking is done."""

    commits: Commits
    journal: Journal
    log: RolloutLog
    targets: Targets
    artifacts: Artifacts
    kinds: Mapping[str, Kind]
    clock: Clock
    driver: Driver
    aside: Aside
