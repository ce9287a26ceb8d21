"""What tests of the command line share."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from reconciler.cli.main import cli
from tests.cli.journals import Run


@pytest.fixture
def regolden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--regolden"))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def run(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command with settings whose state folder is ``state``."""
    settings = tmp_path / "reconciler.toml"
    settings.write_text(f'state_dir = "{state}"\n[git]\nurl = "{tmp_path}"\n')
    monkeypatch.setenv("RECONCILER_CONFIG", str(settings))
    monkeypatch.setenv("SUDO_USER", "ann")
    return lambda *words: CliRunner().invoke(cli, list(words))
