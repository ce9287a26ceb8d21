"""A unit that is no longer in Git: what is ours stays until a person wants it gone."""

from reconciler.model.canonical import digest
from reconciler.model.identity import UnitId
from reconciler.model.policy import OnFailure, RolloutPolicy
from reconciler.model.unit import Unit

GONE = digest("gone")
"""The digest of the state of having no resources."""


def tombstone(unit: UnitId, commit: str) -> Unit:
    """Return the state to plan towards when a person wants a unit gone that Git no longer has.

    What cannot be taken away is left and told: going back to the state before would bring everything back.
    """
    policy = RolloutPolicy(name="removal", on_failure=OnFailure.HOLD)
    return Unit(id=unit, version="gone", commit=commit, digest=GONE, targets=(), resources=(), health=(), policy=policy)
