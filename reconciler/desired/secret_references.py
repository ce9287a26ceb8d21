"""References to secrets that name a store which nobody knows."""

from collections.abc import Sequence

from reconciler.desired.words import describe, expected, nearest
from reconciler.model.secret_store import parsed


def unknown(reference: str, known: Sequence[str]) -> tuple[str, str | None] | None:
    """Return what is wrong with a reference to a store, and the nearest right name; None when nothing is."""
    try:
        store = parsed(reference).store
    except ValueError:
        return None  # told where it is looked up
    if not store or store in known:
        return None
    return f"there is no SecretStore named {describe(store)}{expected(sorted(known))}", nearest(store, known)
