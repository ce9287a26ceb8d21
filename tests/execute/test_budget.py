"""How failures are told in one line."""

import pytest

from reconciler.execute.budget import listed
from reconciler.model.rollout import TargetFailure


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        ({}, ""),
        ({"web-1": "web-1: disk full"}, "web-1: disk full"),
        (
            {"web-2": "web-2: disk full", "web-1": "it failed on web-1", "web-3": "web-3: disk full"},
            "web-2: disk full (the same on web-3); it failed on web-1",
        ),
        (
            {f"web-{number:02}": f"web-{number:02}: disk full" for number in range(12)},
            "web-00: disk full (the same on web-01, web-02, web-03, web-04, web-05, web-06, web-07, web-08 and 3 more)",
        ),
    ],
)
def test_what_failed_alike_on_several_targets_is_told_once(reasons: dict[str, str], told: str) -> None:
    assert listed([TargetFailure(target=target, batch=1, reason=reason) for target, reason in reasons.items()]) == told
