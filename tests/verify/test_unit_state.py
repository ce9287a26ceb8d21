"""What systemd says of a unit is worth to a check."""

import pytest

from reconciler.model.health import SystemdCheck
from reconciler.verify.unit_state import state_of


@pytest.mark.parametrize(
    ("expected", "shown", "healthy", "detail"),
    [
        ({}, ("loaded", "active", "running"), True, "shop.service is active (running)"),
        ({}, ("loaded", "active", "exited"), True, "shop.service is active (exited)"),
        ({}, ("loaded", "failed", "failed"), False, "shop.service is failed (failed), expected active"),
        (
            {"sub_states": ("running", "listening")},
            ("loaded", "active", "exited"),
            False,
            "shop.service is active (exited), expected active (running or listening)",
        ),
        (
            {"states": ("active", "reloading")},
            ("loaded", "reloading", "reload"),
            True,
            "shop.service is reloading (reload)",
        ),
        ({"states": ("inactive",)}, ("loaded", "inactive", "dead"), True, "shop.service is inactive (dead)"),
        ({"states": ("inactive",)}, ("not-found", "inactive", "dead"), False, "shop.service is not loaded (not-found)"),
        ({}, ("masked", "inactive", "dead"), False, "shop.service is not loaded (masked)"),
    ],
)
def test_a_unit_is_healthy_in_the_states_that_are_expected(expected, shown, healthy, detail) -> None:
    lines = [f"{name}={value}" for name, value in zip(("LoadState", "ActiveState", "SubState"), shown, strict=True)]
    result = state_of(SystemdCheck(unit="shop.service", **expected), lines)
    assert (result.healthy, result.detail) == (healthy, detail)


def test_a_systemd_that_says_nothing_tells_of_no_health() -> None:
    result = state_of(SystemdCheck(unit="shop.service"), ())
    assert (result.healthy, result.detail) == (False, "shop.service is not loaded (systemd says nothing of it)")
