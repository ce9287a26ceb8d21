"""What people write about how many rollouts may go on at once: ConcurrencyPolicy documents."""

from typing import Literal

from reconciler.desired.fields import Count, Strict
from reconciler.desired.matching_documents import UnitsSpec
from reconciler.model.governance import Concurrency, OnConflict


class ConcurrencyPolicySpec(Strict):
    """Of the matching units so many may be rolled out at once: in each environment, of each app, or in all.

    ``onConflict``: what comes while others are in hand waits for its turn (``queue``), or is refused until another
    commit or ``reconciler retry`` (``fail``).
    """

    match: UnitsSpec = UnitsSpec()
    at_most: Count = 1
    over: Literal["environment", "app", "all"] = "environment"
    on_conflict: Literal["queue", "fail"] = "queue"

    def to_model(self, name: str) -> Concurrency:
        """Return the policy under this name."""
        return Concurrency(name=name, at_most=self.at_most, over=self.over, on_conflict=OnConflict(self.on_conflict))
