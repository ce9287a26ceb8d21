"""All secrets: those of this machine, and those of the stores that the followed commit names."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.canonical import Digest
from reconciler.model.secret_store import SecretStore, parsed
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers.secret_cache import Cached
from reconciler.providers.secret_opening import Machine, opened
from reconciler.providers.secret_reading import value_of


class AllSecrets:
    """``ports.secrets.SecretStores``: ``shop/db`` is the machine's, ``vault:shop/db#password`` of the store ``vault``.

    A reference is looked up by the stores that are followed, whichever commit it is from: an older state that is
    brought back finds its values where they are now. What is the daemon's own is missing here, whoever asks for it:
    the daemon reads it from the machine itself.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._followed: Mapping[str, SecretStore] = {}
        self._opening = threading.Lock()
        self._open: dict[SecretStore, Cached] = {}

    def value(self, reference: str) -> str:
        """Return the value; raise SecretMissing, SecretUnknown."""
        return self.looked_up(reference, self._followed)

    def keyed(self, digest: Digest) -> Digest:
        """Return the keyed form of a digest of secret content."""
        return self._machine.local.keyed(digest)

    def by(self, stores: Mapping[str, SecretStore]) -> "ByStores":
        """Return the secrets by these stores."""
        return ByStores(self, stores)

    def known(self, stores: Mapping[str, SecretStore]) -> "ByStores":
        """Return the secrets by those of these stores that are followed just as they are."""
        followed = self._followed
        same = {name: store for name, store in stores.items() if followed.get(name) == store}
        return ByStores(self, same, frozenset(stores.keys() - same.keys()))

    def follow(self, stores: Mapping[str, SecretStore]) -> None:
        """Look up references by these stores; what was kept of others is forgotten."""
        with self._opening:
            self._followed = dict(stores)
            wanted = set(self._followed.values())
            self._open = {store: cached for store, cached in self._open.items() if store in wanted}

    def looked_up(self, reference: str, stores: Mapping[str, SecretStore]) -> str:
        """Return the value by these stores; raise SecretMissing, SecretUnknown."""
        try:
            meant = parsed(reference)
        except ValueError as error:
            # What was written may be a secret that got into the wrong place.
            raise SecretMissing(f"this is no secret's name: {error}") from None
        if not meant.store:
            return self._machine.value(reference)
        store = stores.get(meant.store)
        if store is None:
            raise SecretMissing(f"the secret {reference} is nowhere: Git has no SecretStore named {meant.store}")
        return value_of(meant, self._cached(store).read(meant.path, meant.version))

    def close(self) -> None:
        """Forget all values and close all connections."""
        with self._opening:
            self._open.clear()
        self._machine.threads.close()

    def _cached(self, store: SecretStore) -> Cached:
        with self._opening:
            cached = self._open.get(store)
            if cached is None:
                cached = Cached(opened(store, self._machine), store.cache_for, self._machine.clock)
                self._open[store] = cached
            return cached


@dataclass(frozen=True, slots=True)
class ByStores:
    """Secrets by the stores of one commit. ``unfollowed`` are names of stores that are not asked."""

    secrets: AllSecrets
    stores: Mapping[str, SecretStore]
    unfollowed: frozenset[str] = field(default=frozenset())

    def value(self, reference: str) -> str:
        """Return the value; raise SecretMissing, SecretUnknown."""
        name = reference.partition(":")[0]
        if name in self.unfollowed and ":" in reference:
            why = f"no commit that is followed has the SecretStore {name} as it is here"
            raise SecretUnknown(f"the secret {reference} is not looked up: {why}")
        return self.secrets.looked_up(reference, self.stores)

    def keyed(self, digest: Digest) -> Digest:
        """Return the keyed form of a digest of secret content."""
        return self.secrets.keyed(digest)
