"""What a store answered, kept in memory for a while: many readers of one secret are one question to its store."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.ports.clock import Clock
from reconciler.ports.secrets import SecretMissing
from reconciler.providers.secret_reading import Raw, Store, StoreAway

BRIEFLY = timedelta(seconds=15)
"""How long it is believed that there is no such value, and that a store is away."""


@dataclass(slots=True)
class _Kept:
    """An answer, or why there is none, that is good until then; readers that come while it is fetched wait for it."""

    fetching: threading.Lock = field(default_factory=threading.Lock)
    answer: Raw | None = field(default=None, repr=False)
    without: SecretMissing = field(default_factory=SecretMissing)
    until: datetime | None = None


class Cached:
    """A store that is asked for each value once in ``cache_for``, and while it is away once in a short time at all."""

    def __init__(self, store: Store, cache_for: timedelta, clock: Clock) -> None:
        self._store = store
        self._cache_for = cache_for
        self._clock = clock
        self._finding = threading.Lock()
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._away: tuple[str, datetime] | None = None

    def read(self, path: str, version: str) -> Raw:
        """Return what is kept, or else what the store says; raise SecretMissing, SecretUnknown."""
        with self._finding:
            kept = self._kept.setdefault((path, version), _Kept())
        with kept.fetching:
            if kept.until is None or kept.until <= self._clock.now():
                self._fetch(kept, path, version)
            if kept.answer is None:
                # Each reader its own: an exception that is raised again and again grows a tail of places.
                raise type(kept.without)(str(kept.without))
            return kept.answer

    def _fetch(self, kept: _Kept, path: str, version: str) -> None:
        """Ask. While the store is away nothing of an answer is kept: how the value is by now is not known."""
        kept.answer = None
        if self._away and self._away[1] > self._clock.now():
            raise StoreAway(self._away[0])
        try:
            kept.answer = self._store.read(path, version)
        except StoreAway as away:
            self._away = (str(away), self._clock.now() + BRIEFLY)
            raise
        except SecretMissing as without:
            kept.without = without
        lasting = self._cache_for if kept.answer is not None else min(self._cache_for, BRIEFLY)
        self._away, kept.until = None, self._clock.now() + lasting
