"""The demo as a person runs it: to its end, and interrupted in the middle. Afterwards nothing of it is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from tests.demo.acts import ACTS
from tests.demo.repository import EXAMPLES
from tests.demo.stage import RECONCILER

LIMIT = 600.0
"""Seconds that the whole demo may take where many other tests run beside it."""


def test_the_example_fleet_has_no_mistakes() -> None:
    command = (RECONCILER, "validate", EXAMPLES)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "no problems: 6 units on 6 targets\n"), done.stderr


@pytest.mark.slow
@pytest.mark.timeout(LIMIT + 60)
def test_the_demo_ends_as_it_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with _demo(tmp_path) as demo:
        output, errors = demo.communicate(timeout=LIMIT)
    assert demo.returncode == 0, f"{output}\n{errors}"
    assert [line.strip("= ") for line in output.splitlines() if line.startswith("==== ")] == [act for act, _ in ACTS]
    assert "\x1b" not in output
    assert errors == ""
    assert _left(tmp_path) == []


@pytest.mark.slow
@pytest.mark.timeout(LIMIT)
@pytest.mark.parametrize(
    ("number", "line"),
    [
        pytest.param(signal.SIGINT, "$ reconciler status  # again", id="Ctrl-C during a rollout"),
        pytest.param(signal.SIGTERM, "$ git ls-files", id="terminated before the daemon runs"),
    ],
)
def test_an_interrupted_demo_leaves_nothing_behind(number: signal.Signals, line: str, tmp_path: Path) -> None:
    with _demo(tmp_path) as demo:
        assert demo.stdout is not None
        before = list(takewhile(lambda each: not each.startswith(line), demo.stdout))
        demo.send_signal(number)
        _, errors = demo.communicate(timeout=120)
    assert demo.returncode == 130, "".join(before) + errors
    assert "interrupted" in errors
    assert _left(tmp_path) == []


@contextmanager
def _demo(folder: Path) -> Iterator[subprocess.Popen[str]]:
    demo = subprocess.Popen(
        (sys.executable, "-m", "tests.demo"),
        cwd=EXAMPLES,
        env=_environment() | {"TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with demo:
        try:
            yield demo
        finally:
            if demo.poll() is None:
                demo.terminate()


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in ("FORCE_COLOR", "CLICOLOR_FORCE")}


def _left(folder: Path) -> list[str]:
    """Return the files in the folder, and the processes that were started with it or run in it."""
    return [*(str(path) for path in folder.iterdir()), *_processes(str(folder))]


def _processes(folder: str) -> Iterator[str]:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_text(errors="replace").replace("\0", " ")
            here = str((process / "cwd").readlink())
        except OSError:
            continue  # it has ended, or is not ours
        if folder in words or here.startswith(folder):
            yield f"{process.name} in {here}: {words}"
