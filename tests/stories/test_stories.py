"""Every story comes out as its golden transcript says, and leaves nothing to do."""

from pathlib import Path

import pytest

from tests.lab.hosts import Lab
from tests.stories import story
from tests.stories.perform import difference, perform
from tests.stories.redact import folded
from tests.stories.stage import Stage

FOLDER = Path(__file__).parent
STORIES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_comes_out_as_told(path: Path, lab: Lab, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    told = story.read(path)
    golden = path.with_suffix(".golden")
    seen = ""
    with Stage(told, lab, tmp_path) as stage:
        for part in perform(told, stage):
            seen += part
            print(part, end="")  # noqa: T201 - pytest shows how far a story came when it fails
    if request.config.getoption("--regolden"):
        golden.write_text(seen)
    assert golden.exists(), f"{golden.name} is not there; run with --regolden and read what it accepts"
    assert folded(seen) == folded(golden.read_text()), difference(golden.read_text(), seen)


def test_every_golden_transcript_has_its_story() -> None:
    assert {path.stem for path in FOLDER.glob("*.golden")} == {path.stem for path in STORIES}


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_can_be_read(path: Path) -> None:
    assert story.read(path).acts
