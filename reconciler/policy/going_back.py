"""Which earlier state a person means, and what going back to it would lose. Pure."""

from collections.abc import Sequence

from reconciler.model.canonical import Digest
from reconciler.model.unit import Unit

FEWEST_LETTERS = 4
"""So much of a commit's id has to be written, so that it is no version by accident."""


class NoSuchState(Exception):
    """None of the states is meant, or more than one. The text says which there are."""


def meant(states: Sequence[Unit], present: Digest, to: str | None) -> Unit:
    """Return the state, of those that were good, that a person means by a version or the first letters of a commit.

    ``states`` are newest first. Without ``to`` it is the one before the present state. Raises NoSuchState.
    """
    if to is None:
        return _before(states, present)
    found = [each for each in states if each.version == to or _is_commit(each, to)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise NoSuchState(f"no good state {to} is kept; kept are: {_named(states)}")
    raise NoSuchState(f"{to} may be any of {_named(found)}; name the commit")


def lost(states: Sequence[Unit], tried: Sequence[Unit], to: Unit) -> tuple[str, ...]:
    """Return the states, newest first, that nobody goes back from without loss and that going back would undo.

    ``tried`` are states that never got good and are, or may be, on hosts.
    """
    newer = []
    for each in states:
        if each.digest == to.digest:
            break
        newer.append(each)
    undone = (each for each in (*tried, *newer) if each.irreversible and each.digest != to.digest)
    return tuple(dict.fromkeys(each.named for each in undone))


def _before(states: Sequence[Unit], present: Digest) -> Unit:
    digests = [each.digest for each in states]
    older = states[digests.index(present) + 1 :] if present in digests else states
    if not older:
        raise NoSuchState("no state before the present one is kept")
    return older[0]


def _is_commit(state: Unit, to: str) -> bool:
    return len(to) >= FEWEST_LETTERS and state.commit.startswith(to.lower())


def _named(states: Sequence[Unit]) -> str:
    return ", ".join(each.named for each in states) or "none"
