"""What somebody only proposes has no program run and no new secret read; what was printed before is taken."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from reconciler.desired.git_line import GitLine
from reconciler.desired.load import Folders, Loading
from reconciler.desired.proposed import Clash, TakingBack, pushed, taken_back, together
from reconciler.desired.remote import remote
from reconciler.model.identity import UnitId
from reconciler.ports.kind import Inputs, Rendered
from reconciler.ports.program import Program
from reconciler.ports.source import SourceError
from tests import factory
from tests.daemon.fleet import BASE
from tests.desired.repository import Repository
from tests.providers.secret_values import SecretValues

SHOP = UnitId("shop", "testing")


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: str
    trace: str


class _Printed(type(factory.KINDS["thing"])):  # type: ignore[misc]
    """A thing whose text a program prints, which leaves a trace that it ran."""

    NAME = "printed"
    Spec = _Spec

    def render(self, spec: _Spec, inputs: Inputs) -> Rendered:
        script = 'printf x >>"$1"; printf %s "$2"'
        asked = Program(
            key="words", command="sh", arguments=("-c", script, "sh", spec.trace, spec.words), files={}, install="no"
        )
        text = inputs.output(asked)
        return Rendered(name="text", attributes={"text": text})


KINDS: Mapping[str, Any] = {"printed": _Printed()}


def files(words: str, trace: Path) -> dict[str, bytes]:
    app = f"""\
kind: App
metadata: {{name: shop}}
spec:
  version: "1"
  environments: {{testing: {{}}}}
  targets: {{hosts: {{role: web}}}}
  resources: [printed: {{words: {words}, trace: "{trace}"}}]
"""
    return {"desired-state/base.yaml": BASE.encode(), "desired-state/shop.yaml": app.encode()}


def test_a_program_is_not_run_with_what_is_only_proposed(tmp_path: Path) -> None:
    trace, secrets = tmp_path / "trace", SecretValues({})
    loading = Loading(KINDS, secrets, Folders())
    assert loading.load("c1", files("one", trace)).units[SHOP].resources[0].attributes["text"] == "one"
    ran = trace.read_text()
    same = loading.propose("c2", files("one", trace), secrets).units[SHOP]
    assert same.resources[0].attributes["text"] == "one"
    loading.load("c1", files("one", trace))
    other = loading.propose("c3", files("two", trace), secrets).units[SHOP]
    assert other.blocked == "sh is not run with what is only proposed"
    assert trace.read_text() == ran


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def line(repository: Repository, tmp_path: Path) -> GitLine:
    return GitLine(remote(str(repository.path)), tmp_path / "mirror")


async def fetched(line: GitLine) -> None:
    await line.fetch("cannot fetch", "+refs/heads/*:refs/all/*")


async def test_two_commits_merge_to_a_tree_or_clash(repository: Repository, line: GitLine) -> None:
    repository.commit("base", one=b"1\n2\n3\n4\n5\n", two=b"2\n")
    repository.git("branch", "topic")
    ours = repository.commit("ours", one=b"1!\n2\n3\n4\n5\n")
    repository.git("checkout", "--quiet", "topic")
    fits = repository.commit("fits", one=b"1\n2\n3\n4\n5!\n")
    clashes = repository.commit("clashes", one=b"?\n2\n3\n4\n5\n")
    await fetched(line)
    tree = await together(line, ours, fits)
    assert await line("cannot show", "show", f"{tree}:desired-state/one") == b"1!\n2\n3\n4\n5!\n"
    with pytest.raises(Clash, match=f"does not merge with {ours[:7]}"):
        await together(line, ours, clashes)
    with pytest.raises(SourceError) as unknown:
        await together(line, ours, "0" * 40)
    assert not isinstance(unknown.value, Clash)


async def test_a_commit_is_taken_back_and_what_came_after_stays(repository: Repository, line: GitLine) -> None:
    repository.commit("base", one=b"1\n2\n3\n4\n5\n", gone=b"x")
    bad = repository.commit("bad", one=b"bad\n2\n3\n4\n5\n", added=b"new")
    head = repository.commit("after", one=b"bad\n2\n3\n4\nafter\n")
    await fetched(line)
    made = await taken_back(line, TakingBack(bad, head, "take it back"))
    assert await line("cannot show", "show", f"{made}:desired-state/one") == b"1\n2\n3\n4\nafter\n"
    listed = await line("cannot list", "ls-tree", "--name-only", f"{made}:desired-state")
    assert listed.split() == [b"gone", b"one"]
    assert (await line("cannot show", "rev-parse", f"{made}^")).decode().strip() == head
    worse = repository.commit("worse", one=b"worse\n2\n3\n4\nafter\n")
    await fetched(line)
    with pytest.raises(Clash):
        await taken_back(line, TakingBack(bad, worse, "take it back"))


async def test_only_branches_of_ours_are_pushed_and_only_once(repository: Repository, line: GitLine) -> None:
    first = repository.commit("one", one=b"1")
    second = repository.commit("two", one=b"2")
    await fetched(line)
    await pushed(line, "reconciler/revert-1", first)
    await pushed(line, "reconciler/revert-1", second)
    assert repository.git("rev-parse", "reconciler/revert-1") == first
    for branch in ("main", "x/reconciler/y", ""):
        with pytest.raises(SourceError, match="is not a branch of ours"):
            await pushed(line, branch, first)
