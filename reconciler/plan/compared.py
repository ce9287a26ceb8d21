"""Analyses as they are for the servers with the new and with the old version. Pure."""

from collections.abc import Collection
from dataclasses import replace

from reconciler.model.step import Analyse, Wait
from reconciler.policy.servers import resolved


def compared(wait: Wait, new: Collection[str], old: Collection[str]) -> Wait:
    """Return the wait with its analyses asked for these servers."""
    if not isinstance(wait, Analyse):
        return wait
    canary, stable = sorted(new), sorted(old)
    return replace(wait, analyses=tuple(resolved(each, canary, stable) for each in wait.analyses))
