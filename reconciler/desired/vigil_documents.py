"""What people write under ``health`` of a RolloutPolicy: how units are watched after their rollouts."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from reconciler.desired.fields import Period, Strict
from reconciler.model.policy import OnUnhealthy, Vigil

_USUAL = Vigil()


def _can_be_done(value: Any) -> Any:
    if value == OnUnhealthy.HEAL:
        raise ValueError(
            "heal cannot be done yet: nothing says which of a unit's resources would have to be restarted; "
            "write report, or revert, or let systemd restart what ends (Restart=on-failure)"
        )
    return value


class VigilSpec(Strict):
    """How the checks go on after a rollout, and what follows when they fail.

    Every target is asked each ``period``, more often while it does not do well. ``revert``: a unit that gets unhealthy
    on more targets than the failure budget allows, ``revertWithin`` after its rollout at most, is taken back.
    """

    on_unhealthy: Annotated[Literal["report", "revert"], BeforeValidator(_can_be_done)] = "report"
    period: Period = _USUAL.period
    revert_within: Period = _USUAL.revert_within

    def fits(self, on_failure: str) -> None:
        """Raise ValueError when what follows from failures says otherwise."""
        if self.on_unhealthy == "revert" and on_failure != "revert":
            raise ValueError(
                f"health.onUnhealthy: revert takes back what 'onFailure: {on_failure}' would leave as it is"
            )

    def to_model(self) -> Vigil:
        """Return how a unit is watched."""
        return Vigil(OnUnhealthy(self.on_unhealthy), self.period, self.revert_within)
