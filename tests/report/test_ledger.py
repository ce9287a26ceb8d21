"""Who wrote the commits of a branch, and when, from a real repository."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.ledger import ledger
from reconciler.desired.remote import remote
from reconciler.report.branch import branch

DAY = 86_400
BEGINNING = 1_770_000_000


class Repository:
    """A repository whose commits are written by whom and when a test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch", "main", str(folder), at=0)

    def git(self, *words: str, who: str = "ada", at: float) -> str:
        when = f"{BEGINNING + int(at * DAY)} +0000"
        named = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in self._of(who, when)}
        command = ["git", "-c", "commit.gpgsign=false", *words]
        environment = {**named, "PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
        folder = self.folder.parent if words[0] == "init" else self.folder
        return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout

    @staticmethod
    def _of(who: str, when: str) -> tuple[tuple[str, str], ...]:
        return (("NAME", who.capitalize()), ("EMAIL", f"{who}@x.org"), ("DATE", when))

    def commit(self, subject: str, who: str, at: float, *more: str) -> str:
        body = [word for line in more for word in ("--message", line)]
        self.git("commit", "--quiet", "--allow-empty", "--message", subject, *body, who=who, at=at)
        return self.git("rev-parse", "HEAD", at=at).strip()

    def merge(self, name: str, who: str, at: float) -> str:
        self.git("merge", "--quiet", "--no-ff", "--message", f"merge {name}", name, who=who, at=at)
        return self.git("rev-parse", "HEAD", at=at).strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def _at(days: float) -> datetime:
    return datetime.fromtimestamp(BEGINNING + int(days * DAY), UTC)


async def _mirror(repository: Repository, folder: Path) -> GitLine:
    line = GitLine(remote(str(repository.folder)), folder / "mirror")
    await GitSource(line, "main", (".",)).head()
    return line


async def test_a_merge_stands_for_all_that_it_brought(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit("first", "ada", 0)
    repository.git("checkout", "--quiet", "-b", "topic", at=0)
    side = repository.commit("begun", "bob", 1, "Co-authored-by: Cat <CAT@x.org>")
    repository.commit("mended", "bob", 3)
    repository.git("checkout", "--quiet", "main", at=0)
    second = repository.commit("second", "ada", 2)
    merge = repository.merge("topic", "dan", 5)

    told = await ledger(await _mirror(repository, tmp_path))
    assert (told[merge].at, told[merge].emails) == (_at(1), {"bob@x.org", "cat@x.org", "dan@x.org"})
    assert (told[second].at, told[second].author, told[second].subject) == (_at(2), "Ada", "second")
    assert [told[each].place for each in (first, second, merge, side)] == [0, 1, 2, None]


async def test_the_authors_between_two_commits_are_all_of_them(repository: Repository, tmp_path: Path) -> None:
    first, second, third = (repository.commit(who, who, at) for at, who in enumerate(("ada", "bob", "cat")))
    found = branch(await ledger(await _mirror(repository, tmp_path)))
    assert found.authors(first, third) == {"bob@x.org", "cat@x.org"}
    assert found.authors(second, third) == {"cat@x.org"}
    assert found.authors("", third) == {"cat@x.org"}
    assert found.authors(third, first) == {"ada@x.org"}
    assert found.authors(first, "f" * 40) is None


async def test_an_empty_mirror_tells_nothing(repository: Repository, tmp_path: Path) -> None:
    assert await ledger(GitLine(remote(str(repository.folder)), tmp_path / "mirror")) == {}


async def test_odd_names_and_subjects_are_only_words(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit("<b>&\u202e\x1b[31m", "ada", 0, "a body\n\nwith lines")
    told = await ledger(await _mirror(repository, tmp_path))
    assert told[commit].emails == {"ada@x.org"}
    assert told[commit].subject.startswith("<b>&")
