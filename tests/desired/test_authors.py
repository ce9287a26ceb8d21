"""Who wrote what commits bring, from real Git repositories."""

from pathlib import Path

import pytest

from reconciler.desired.authors import GitAuthors
from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.remote import remote
from reconciler.ports.source import SourceError
from tests.desired.repository import Repository

FOLDERS = ("desired-state", "policies")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "fleet")


@pytest.fixture
def line(repository: Repository, tmp_path: Path) -> GitLine:
    return GitLine(remote(str(repository.path)), tmp_path / "mirror")


def wrote(repository: Repository, author: str, committer: str, text: str = "x", body: str = "") -> str:
    """Commit as somebody; return the id."""
    repository.write("desired-state/a.yaml", text.encode())
    repository.git("add", "--all")
    who = ("-c", f"user.email={committer}", "-c", "user.name=c")
    repository.git(*who, "commit", "--quiet", "--allow-empty", f"--author=a <{author}>", "-m", f"s\n\n{body}")
    return repository.git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def committer_of_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.desired.repository._IDENTITY", {"GIT_CONFIG_GLOBAL": "/dev/null"})


async def fetched(line: GitLine) -> GitAuthors:
    await GitSource(line, "main", FOLDERS).head()
    return GitAuthors(line, FOLDERS)


async def test_authors_committers_and_co_authors_of_all_that_came_since_are_told(repository, line):
    first = wrote(repository, "old@example.net", "old@example.net", "1")
    wrote(repository, "Ann@Example.net", "bot@example.net", "2")
    last = wrote(repository, "ben@example.net", "ben@example.net", "3", "Co-authored-by: Cho <cho@example.net>")
    authors = await fetched(line)

    told = await authors.authors(last, first)

    assert told == {"ann@example.net", "bot@example.net", "ben@example.net", "cho@example.net"}
    assert await authors.authors(last, last) == frozenset()


async def test_what_was_undone_again_was_written_by_somebody(repository, line):
    first = wrote(repository, "old@example.net", "old@example.net", "1")
    wrote(repository, "ann@example.net", "ann@example.net", "2")
    last = wrote(repository, "ben@example.net", "ben@example.net", "1")

    assert await (await fetched(line)).authors(last, first) == {"ann@example.net", "ben@example.net"}


async def test_what_lies_beside_the_folders_does_not_count(repository, line):
    first = wrote(repository, "old@example.net", "old@example.net", "1")
    repository.write("src/app.py", b"x")
    last = wrote(repository, "ann@example.net", "ann@example.net", "1")

    authors = await fetched(line)
    assert await authors.authors(last, first) == frozenset()
    assert await GitAuthors(line, (".",)).authors(last, first) == {"ann@example.net"}


async def test_what_was_merged_was_written_by_those_who_wrote_the_branch(repository, line):
    first = wrote(repository, "old@example.net", "old@example.net", "1")
    repository.git("checkout", "--quiet", "-b", "side")
    wrote(repository, "ann@example.net", "ann@example.net", "2")
    repository.git("checkout", "--quiet", "main")
    who = ("-c", "user.email=merger@example.net", "-c", "user.name=m")
    repository.git(*who, "merge", "--quiet", "--no-ff", "--no-edit", "side")
    last = repository.git("rev-parse", "HEAD")

    authors = await fetched(line)
    assert "ann@example.net" in await authors.authors(last, first)
    assert await authors.authors(last, "") == await authors.authors(last, first)


async def test_without_a_good_commit_it_is_what_the_newest_one_brought(repository, line):
    only = wrote(repository, "ann@example.net", "ann@example.net", "1")
    authors = await fetched(line)
    assert await authors.authors(only, "") == {"ann@example.net"}


async def test_what_git_does_not_know_cannot_be_told(repository, line):
    last = wrote(repository, "ann@example.net", "ann@example.net", "1")
    authors = await fetched(line)
    with pytest.raises(SourceError, match="cannot read who wrote"):
        await authors.authors(last, "0" * 40)
