"""One thing that was looked at, and how it is."""

from dataclasses import dataclass
from enum import StrEnum

HERE = "this machine"
"""What a finding is about when it is about no host."""


class Level(StrEnum):
    """Good: nothing to do. Hint: works, but could be better. Bad: something will not work until it is mended."""

    GOOD = "good"
    HINT = "hint"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``about`` is a host or HERE, ``subject`` a word or two for what was looked at, ``mend`` how it is put right."""

    about: str
    subject: str
    level: Level
    said: str
    mend: str = ""


def good(about: str, subject: str, said: str) -> Finding:
    """Return that all is well with the subject."""
    return Finding(about=about, subject=subject, level=Level.GOOD, said=said)


def hint(about: str, subject: str, said: str, mend: str) -> Finding:
    """Return that something could be better."""
    return Finding(about=about, subject=subject, level=Level.HINT, said=said, mend=mend)


def bad(about: str, subject: str, said: str, mend: str = "") -> Finding:
    """Return that something is wrong; ``mend`` may be empty where ``said`` has it already."""
    return Finding(about=about, subject=subject, level=Level.BAD, said=said, mend=mend)
