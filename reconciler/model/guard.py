"""The dead-man's switch: a host that undoes a change by itself unless somebody comes back and confirms it."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class GuardMode(StrEnum):
    """Which changes are guarded. Auto: those that can cut us off (sshd, firewall, network, users, sudoers, pam)."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Guard:
    """A change that the host takes back when nobody confirms it over a new connection within that time.

    ``persistent``: also after a reboot.
    """

    within: timedelta = timedelta(seconds=30)
    persistent: bool = False


@dataclass(frozen=True, slots=True)
class Guarding:
    """What a policy says about guards."""

    mode: GuardMode = GuardMode.AUTO
    guard: Guard = Guard()


GUARDED = Guarding()
"""What a policy says that says nothing."""
