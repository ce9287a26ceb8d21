"""All that one process works with, put together by wiring and handed around as one value."""

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.daemon.intake import Commits
from reconciler.execute.driver import Driver
from reconciler.ports.artifacts import Artifacts
from reconciler.ports.clock import Clock
from reconciler.ports.journal import Journal, RolloutLog
from reconciler.ports.kind import Kind
from reconciler.ports.targets import Targets


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The adapters, each behind its port."""

    commits: Commits
    journal: Journal
    log: RolloutLog
    targets: Targets
    artifacts: Artifacts
    kinds: Mapping[str, Kind]
    clock: Clock
    driver: Driver
