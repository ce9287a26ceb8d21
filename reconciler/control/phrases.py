"""Small phrases about things and their names."""

from collections.abc import Sequence

from reconciler.control.clean import clean


def short(commit: str) -> str:
    """Return the first seven characters of a commit id."""
    return clean(commit[:7]) or "(none)"


def count(number: int, thing: str) -> str:
    """Return ``1 target``, ``2 targets``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def listed(names: Sequence[str], most: int) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``; well beyond ``most`` names, ``a, b and 8 more``."""
    names = [clean(name) for name in names]
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
