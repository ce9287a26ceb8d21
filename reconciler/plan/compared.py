"""Analyses as they are for the servers with the new and with the old version. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.step import Analyse, Wait
from reconciler.policy.servers import resolved


def compared(wait: Wait, new: Sequence[str], old: Sequence[str]) -> Wait:
    """Return the wait with its analyses asked for these servers."""
    if not isinstance(wait, Analyse):
        return wait
    return replace(wait, analyses=tuple(resolved(each, new, old) for each in wait.analyses))
