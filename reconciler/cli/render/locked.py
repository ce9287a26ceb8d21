"""Locks in sentences: on everything that there are any on, and on one unit."""

from collections.abc import Iterator

from reconciler.cli.render.lines import unbroken
from reconciler.control.clean import clean
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture
from reconciler.model.word import Locked
from reconciler.policy.locks import in_words, key, locks


def all_locks(picture: Picture) -> Iterator[str]:
    """Yield a sentence for each lock that has not run out, with how to end it."""
    standing = picture.standing
    found = (each for unit in sorted(standing.units) for each in _on(picture, unit))
    for lock in dict.fromkeys(found):
        yield f"{clean(in_words(lock))}. To end it: {unbroken(clean(key(lock)))}"


def locks_on(picture: Picture, unit: UnitId) -> Iterator[str]:
    """Yield each lock that keeps the unit from being changed; what runs when it is taken goes on to its end."""
    known = picture.standing.of(unit)
    goes_on = "; the rollout in hand goes on to its end" if known.rollout else ""
    yield from (f"{clean(in_words(lock))}{goes_on}" for lock in _on(picture, unit))


def keys(picture: Picture, unit: UnitId) -> Iterator[str]:
    """Yield the command that ends each lock on the unit."""
    yield from (clean(key(each)) for each in _on(picture, unit))


def _on(picture: Picture, unit: UnitId) -> Iterator[Locked]:
    words = (*picture.standing.words, *picture.standing.of(unit).words)
    yield from locks(unit, words, picture.now)
