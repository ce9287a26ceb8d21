"""Who changes hosts: this controller, as hosts and other controllers know it."""

import re
from dataclasses import dataclass

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Holder:
    """``id`` tells it from all others, for as long as its journal lives; ``name`` is the machine it runs on.

    Both are of letters, digits, dots, dashes and underscores; ValueError for others.
    """

    id: str
    name: str

    def __post_init__(self) -> None:
        """Check that they can stand in our records on a host."""
        for word in (self.id, self.name):
            if not _WORD.fullmatch(word):
                raise ValueError(f"{word!r} cannot name the holder of a lock")
