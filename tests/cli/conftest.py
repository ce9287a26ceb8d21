"""What tests of the command line share."""

import pytest


@pytest.fixture
def regolden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--regolden"))
