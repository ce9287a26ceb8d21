"""Which policy governs a unit."""

import pytest

from reconciler.model.policy import DEFAULT_POLICY, RolloutPolicy
from reconciler.policy.select import Ambiguous, Candidate, select


def candidate(name: str, environments: str = "", apps: str = "") -> Candidate:
    def labels(text: str) -> dict[str, str]:
        return dict(each.split("=") for each in text.split())

    return Candidate(RolloutPolicy(name=name), labels(environments), labels(apps))


ALL = candidate("all")
CRITICAL = candidate("critical", "tier=critical")
CHECKOUT = candidate("checkout", "", "team=checkout")
BOTH = candidate("both", "tier=critical", "team=checkout")
OTHER = candidate("other", "tier=low zone=a", "team=x")


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ([], "default"),
        ([OTHER], "default"),
        ([ALL], "all"),
        ([ALL, CRITICAL], "critical"),
        ([CRITICAL, ALL, BOTH, CHECKOUT, OTHER], "both"),
    ],
)
def test_the_policy_that_asks_for_most_wins(candidates: list[Candidate], chosen: str) -> None:
    policy = select(candidates, {"tier": "critical", "zone": "a"}, {"team": "checkout"})

    assert isinstance(policy, RolloutPolicy)
    assert policy.name == chosen


def test_of_two_that_ask_for_as_much_none_wins() -> None:
    labels = {"tier": "critical"}, {"team": "checkout"}

    assert select([ALL, CRITICAL, CHECKOUT], *labels) == Ambiguous(("checkout", "critical"))
    assert select([ALL, candidate("every")], *labels) == Ambiguous(("all", "every"))
    assert select([CRITICAL, CHECKOUT, BOTH], *labels) == BOTH.policy


def test_without_any_policy_the_default_governs() -> None:
    assert select([], {}, {}) is DEFAULT_POLICY
