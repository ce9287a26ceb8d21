"""Puts together what reads the journal for notices: people are told."""

from collections.abc import Iterator

from reconciler.daemon.sources import Keeping, Sources


def notifying(sources: Sources) -> Iterator[tuple[str, Keeping]]:
    """Yield the name of each reader, and what reads until it is cancelled."""
    yield from ()
