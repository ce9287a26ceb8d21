"""The man pages and the completion in the repository are those of the commands as they are now."""

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from reconciler.cli.main import COMMANDS
from tests.architecture.tracked import ROOT


@pytest.fixture
def make_pages() -> ModuleType:
    spec = spec_from_file_location("make_pages", ROOT / "docs/make_pages.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages(folder: Path) -> Mapping[str, str]:
    return {
        f"{part}/{path.name}": path.read_text() for part in ("man", "completion") for path in (folder / part).iterdir()
    }


def test_the_pages_are_what_make_pages_writes(make_pages: ModuleType, tmp_path: Path) -> None:
    make_pages.write(tmp_path)
    assert pages(ROOT / "docs") == pages(tmp_path), "run make pages"


def test_every_command_has_a_page_that_says_in_a_line_what_it_does() -> None:
    for name, (_, line) in COMMANDS.items():
        page = (ROOT / f"docs/man/reconciler-{name}.1").read_text()
        assert line.rstrip(".") in page.splitlines()[2]


@pytest.mark.parametrize(("typed", "offered"), [("pl", "plain,plan"), ("plan --det", "plain,--detailed-exitcode")])
def test_the_shell_is_offered_what_can_come_next(typed: str, offered: str) -> None:
    asked = {"COMP_WORDS": f"reconciler {typed}", "COMP_CWORD": str(len(typed.split()))}
    done = subprocess.run(
        [sys.executable, "-m", "reconciler"],
        env={"_RECONCILER_COMPLETE": "bash_complete", "PATH": "/usr/bin:/bin", **asked},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert offered in done.stdout.splitlines(), done.stderr
