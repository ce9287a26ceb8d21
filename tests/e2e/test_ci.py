"""The script that pipelines call, just as the page has it, against the real daemon with a token of its own."""

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import unavailable
from tests.docs.pages import page
from tests.e2e import documents
from tests.e2e.documents import check, file
from tests.e2e.world import World

UNIT = "shop@test"


@dataclass
class Pipeline:
    """A pipeline of the shop: the script of the page, where the API is, and its token."""

    script: Path
    url: str
    token: str

    def run(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        around = {"PATH": "/usr/bin:/bin", "EVERY": "0.2", "WITHIN": "30", "RECONCILER_URL": self.url}
        return subprocess.run(
            ["sh", str(self.script), *words],
            env={**around, "RECONCILER_TOKEN": self.token, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def _blocks() -> list[str]:
    return re.findall(r"^```[^\n]*\n(.*?)^```$", page("ci.md"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def pipeline(world: World) -> Iterator[Pipeline]:
    if not (shutil.which("jq") and shutil.which("curl")):
        unavailable("the script needs jq and curl")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A local repository is watched; so that only the pipeline tells, it is a URL that is asked once an hour.
    world.settings(
        api={"tcp": {"listen": f"127.0.0.1:{port}"}}, git={"url": f"file://{world.repository}", "poll": "1h"}
    )
    roles, making, text = _blocks()[:3]
    world.write({"policies/pipelines.yaml": roles})
    first = world.app(file("one\n"), version="1")
    with world.daemon():
        world.until(world.in_sync_at(first), "the first commit is rolled out")
        made = world.reconciler(*_words(making))
        assert made.status == 0, made.text
        script = world.folder / "reconciler.sh"
        script.write_text(text)
        yield Pipeline(script, f"http://127.0.0.1:{port}", made.out.strip())


def _words(line: str) -> list[str]:
    return [quoted or plain for quoted, plain in re.findall(r"'([^']*)'|(\S+)", line)][1:]


def test_a_pipeline_has_git_looked_at_waits_for_the_end_and_takes_it_back(world: World, pipeline: Pipeline) -> None:
    second = world.app(file("two\n"), version="2")
    done = pipeline.run(UNIT, "sync", COMMIT=second, KEY="run-1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (world.home() / "shop.txt").read_text() == "two\n"

    bad = world.app(file("three\n"), version="3", health=[check("grep -q one shop.txt")])
    done = pipeline.run(UNIT, "sync", COMMIT=bad, KEY="run-2")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "exit" in done.stdout or "status" in done.stdout, done.stdout
    assert (world.home() / "shop.txt").read_text() == "two\n"

    done = pipeline.run(UNIT, "rollback", '{"to": "1", "reason": "as it was"}', KEY="run-3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (world.home() / "shop.txt").read_text() == "one\n"


def test_a_pipeline_may_do_what_it_was_made_for_and_no_more(world: World, pipeline: Pipeline) -> None:
    done = pipeline.run(UNIT, "pause", '{"reason": "because"}')
    assert done.returncode != 0
    assert "shop-pipeline may not pause" in done.stdout
    assert pipeline.token not in done.stdout + done.stderr
    world.commit({"desired-state/bank.yaml": documents.app(file("b\n", "~/bank.txt"), name="bank")})
    done = pipeline.run(UNIT, "sync", WITHIN="2", COMMIT="0" * 40)
    assert done.returncode == 4, "a commit that never comes is waited for only so long"
    assert pipeline.run("bank@test", "sync").returncode == 1
    stranger = Pipeline(pipeline.script, pipeline.url, "nobody")
    assert stranger.run(UNIT, "sync").returncode == 1
