"""Analyses as they are for the servers with the new and with the old version. Pure."""

from collections.abc import Collection

from reconciler.model.step import Wait


def compared(wait: Wait, _new: Collection[str], _old: Collection[str]) -> Wait:
    """Return the wait with its analyses asked for these servers."""
    return wait
