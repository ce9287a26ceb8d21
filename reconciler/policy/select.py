"""Which policy governs a unit: of those whose match fits, the one that asks for the most labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.policy import DEFAULT_POLICY, RolloutPolicy

Labels: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy, and the labels that the environment and the app of a unit must have for it to apply."""

    policy: RolloutPolicy
    environments: Labels
    apps: Labels

    @property
    def specificity(self) -> int:
        """How many labels it asks for."""
        return len(self.environments) + len(self.apps)


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several policies fit equally well; their names, sorted."""

    names: tuple[str, ...]


def select(candidates: Sequence[Candidate], environment: Labels, app: Labels) -> RolloutPolicy | Ambiguous:
    """Return the policy for a unit with these labels; DEFAULT_POLICY when none fits, Ambiguous when no one wins."""
    fitting = [each for each in candidates if has(environment, each.environments) and has(app, each.apps)]
    if not fitting:
        return DEFAULT_POLICY
    most = max(each.specificity for each in fitting)
    best = [each.policy for each in fitting if each.specificity == most]
    return best[0] if len(best) == 1 else Ambiguous(tuple(sorted(policy.name for policy in best)))


def has(labels: Labels, wanted: Labels) -> bool:
    """Whether all wanted labels are there with their values."""
    return wanted.items() <= labels.items()
