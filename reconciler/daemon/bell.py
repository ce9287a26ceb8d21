"""What a desk rings when something was written down, and how much chance a new secret has."""

from pathlib import Path

WAKE = "wake"
SECRET = 32
"""Bytes of chance in a secret that is made."""


class NotWoken(Exception):
    """What was asked for is written down, but the daemon could not be told. The text says where that failed."""


def touch(state_dir: Path) -> None:
    """Touch the file the daemon watches; raise NotWoken. Without it what is new is seen at the next pass anyway."""
    try:
        (state_dir / WAKE).touch()
    except OSError as error:
        raise NotWoken(
            f"the decision is in the journal, but the daemon was not woken: cannot touch {state_dir / WAKE}: "
            f"{error.strerror}; it acts on it at its next pass"
        ) from error
