"""What readers of the journal are made from."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.daemon.news import News
from reconciler.daemon.settings import Settings
from reconciler.daemon.world import World
from reconciler.ports.secrets import SecretStores
from reconciler.providers.http import Http
from reconciler.store.journal import SqliteStore
from reconciler.telemetry.figures import Figures
from reconciler.telemetry.recorder import Recorder

Keeping: TypeAlias = Callable[[], Awaitable[None]]
"""Reads until it is cancelled; what it raises is logged, and it begins again where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What readers of the journal work with: the store, who rings when it has more, and the way to the world.

    ``recorder`` has what is timed beside the journal, ``figures`` is all that can be counted.
    """

    settings: Settings
    world: World
    store: SqliteStore
    news: News
    secrets: SecretStores
    http: Http
    recorder: Recorder
    figures: Figures
