"""What a RolloutPolicy says about guards: which changes a host takes back by itself unless they are confirmed."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from reconciler.desired.fields import Period, Strict
from reconciler.model.guard import GUARDED, Guard, Guarding, GuardMode

_SHORTEST, _LONGEST = timedelta(seconds=5), timedelta(hours=1)


def _enough(within: timedelta) -> timedelta:
    if not _SHORTEST <= within <= _LONGEST:
        raise ValueError("write a time between 5s and 1h: in it, a new connection has to be made")
    return within


class GuardSpec(Strict):
    """Which changes a host takes back by itself unless a new connection confirms them, and after how long.

    auto: those that can cut us off (sshd, firewall, network, accounts, sudo, pam). ``persistent``: also after a reboot.
    """

    mode: Literal["auto", "always", "never"] = "auto"
    within: Annotated[Period, AfterValidator(_enough)] = GUARDED.guard.within
    persistent: Annotated[bool, Field(strict=True)] = GUARDED.guard.persistent

    def to_model(self) -> Guarding:
        """Return what the policy says about guards."""
        return Guarding(GuardMode(self.mode), Guard(self.within, self.persistent))
