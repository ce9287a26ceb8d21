"""References to secrets that no document may have: of a store which nobody knows, or of what is the daemon's own."""

from collections.abc import Sequence

from reconciler.desired.words import describe, expected, nearest
from reconciler.model.secret_store import OWN_TO_DAEMON, own_to_daemon, parsed


def wrong(reference: str, known: Sequence[str]) -> tuple[str, str | None] | None:
    """Return what is wrong with a reference, and the nearest right name of its store; None when nothing is."""
    try:
        meant = parsed(reference)
    except ValueError:
        return None  # told where it is looked up
    store = meant.store
    if not store and own_to_daemon(meant.path):
        return OWN_TO_DAEMON, None
    if not store or store in known:
        return None
    return f"there is no SecretStore named {describe(store)}{expected(sorted(known))}", nearest(store, known)
