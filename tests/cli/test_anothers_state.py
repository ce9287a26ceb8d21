"""The state folder is the daemon's, and it runs as its own user: what root leaves in there, it cannot read."""

import os
import shutil
from pathlib import Path

import pytest

from reconciler.model.event import Paused
from tests.cli.examples import SHOP
from tests.cli.journals import Run, journal

OTHER = 4711
WAYS = (["backup", "made.tar.gz"], ["restore", "made.tar.gz", "--force"], ["rebuild"], ["audit", "archive"])


@pytest.fixture
def anothers(tmp_path: Path, state: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of another user's, with a backup of it and an archive in the settings."""
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "reconciler.toml").open("a", encoding="utf-8") as file:
        file.write(f'[audit.archive]\nfolder = "{tmp_path / "archive"}"\nafter = "30d"\n')
    journal(state, Paused(unit=SHOP, author="ann", reason="audit"))
    assert run("backup", "made.tar.gz").exit_code == 0
    for path in (state, *state.iterdir()):
        shutil.chown(path, OTHER)
    return state


def _there(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {each.name: (each.stat().st_uid, each.read_bytes()) for each in folder.iterdir()}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write what is another's")
@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_root_is_told_whose_the_state_folder_is_and_leaves_nothing_in_it(
    words: list[str], anothers: Path, run: Run
) -> None:
    before = _there(anothers)
    said = run(*words)
    assert (said.exit_code, _there(anothers)) == (1, before)
    assert f"{anothers} belongs to user {OTHER}; run " in said.output
