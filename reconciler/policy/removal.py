"""A unit that is no longer in Git: what is ours stays until a person wants it gone."""

from dataclasses import replace

from reconciler.model.canonical import digest
from reconciler.model.identity import UnitId
from reconciler.model.policy import OnFailure, RolloutPolicy
from reconciler.model.unit import Unit

GONE = digest("gone")
"""The digest of the state of having no resources."""


def before_us(wanted: Unit) -> Unit:
    """Return the state to go back to when the first state of a unit failed: nothing of ours, on its targets."""
    return replace(wanted, version="none", commit="", digest=GONE, resources=(), health=(), after=())


def tombstone(unit: UnitId, commit: str) -> Unit:
    """Return the state to plan towards when a person wants a unit gone that Git no longer has.

    What cannot be taken away is left and told: going back to the state before would bring everything back.
    """
    policy = RolloutPolicy(name="removal", on_failure=OnFailure.HOLD)
    return Unit(id=unit, version="gone", commit=commit, digest=GONE, targets=(), resources=(), health=(), policy=policy)
