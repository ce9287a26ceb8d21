"""Commits from real Git repositories."""

import asyncio
import os
import select
import shutil
from pathlib import Path

import pytest

from reconciler.desired.git import GitSource
from reconciler.desired.git_line import GitLine
from reconciler.desired.load import Invalid
from reconciler.desired.remote import remote
from reconciler.ports.source import Commit, SourceError, TooLarge
from tests.desired.repository import Repository

FOLDERS = ("desired-state", "policies")


def source_of(url: str, mirror: Path, branch: str = "main") -> GitSource:
    return GitSource(GitLine(remote(url), mirror), branch, FOLDERS)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "fleet")


@pytest.fixture
def source(repository: Repository, tmp_path: Path) -> GitSource:
    return source_of(str(repository.path), tmp_path / "state" / "mirror")


async def test_the_newest_commit_of_the_branch_is_the_head(repository: Repository, source: GitSource) -> None:
    first = repository.commit("first")
    assert await source.head() == Commit(first, "first")

    second = repository.commit("second: über alles\n\nbody")
    assert await source.head() == Commit(second, "second: über alles")


async def test_only_committed_files_of_the_folders_are_read(repository: Repository, source: GitSource) -> None:
    files = {"a b.yaml": b"\x00\xff\n", "empty": b"", "ü.txt": "ü".encode(), '"quoted"\n': b"x"}
    repository.write("README.md", b"not read")
    repository.write("policies/p.yaml", b"p")
    repository.write("desired-state-2/x", b"not read")
    commit = repository.commit("first", **files)
    repository.write("desired-state/empty", b"dirty")
    repository.write("desired-state/new", b"dirty")
    repository.git("add", "desired-state/new")

    await source.head()
    read = await source.read(commit)

    assert read == {"policies/p.yaml": b"p"} | {f"desired-state/{name}": data for name, data in files.items()}


async def test_only_blobs_that_are_new_are_read_again(repository: Repository, source: GitSource) -> None:
    large = b"x" * 100_000
    first = repository.commit("first", a=b"a", b=b"b", same=b"a", empty=b"", large=large)
    await source.head()
    before = await source.read(first)
    second = repository.commit("second", b=b"changed")
    await source.head()
    after = await source.read(second)
    assert dict(before) | {"desired-state/b": b"changed"} == after
    assert after["desired-state/a"] is before["desired-state/a"]
    assert after["desired-state/large"] is not before["desired-state/large"]  # large ones would fill the memory


async def test_a_commit_without_the_folders_has_no_files(repository: Repository, source: GitSource) -> None:
    commit = repository.commit("empty")
    await source.head()

    assert await source.read(commit) == {}


async def test_all_files_are_read_where_the_whole_repository_is_the_folder(
    repository: Repository, tmp_path: Path
) -> None:
    source = GitSource(GitLine(remote(str(repository.path)), tmp_path / "mirror"), "main", (".", "policies"))
    repository.write("x.yaml", b"x")
    commit = repository.commit("first", y=b"y")
    await source.head()

    assert await source.read(commit) == {"x.yaml": b"x", "desired-state/y": b"y"}


async def test_a_rewritten_branch_is_followed_and_a_kept_commit_stays(
    repository: Repository, source: GitSource
) -> None:
    old = repository.commit("old", a=b"old")
    await source.head()
    await source.keep(old)
    repository.git("checkout", "--quiet", "--orphan", "other")
    repository.git("branch", "--quiet", "-D", "main")
    repository.git("branch", "--quiet", "-m", "main")
    new = repository.commit("new")

    assert (await source.head()).id == new
    shutil.rmtree(repository.path)
    await source.git("collect", "gc", "--quiet", "--prune=now")
    assert await source.read(old) == {"desired-state/a": b"old"}


async def test_what_was_fetched_is_readable_while_the_remote_is_away(repository: Repository, source: GitSource) -> None:
    commit = repository.commit("first", a=b"a")
    await source.head()
    shutil.rmtree(repository.path)

    with pytest.raises(
        SourceError, match=r"cannot fetch main from .*fleet: '.*' does not appear to be a git repository"
    ):
        await source.head()
    assert await source.read(commit) == {"desired-state/a": b"a"}
    assert await source.resolve(commit[:8]) == Commit(commit, "first")


async def test_a_branch_or_tag_that_is_not_followed_is_fetched_when_somebody_asks_for_it(
    repository: Repository, source: GitSource
) -> None:
    followed = repository.commit("followed")
    await source.head()
    repository.git("checkout", "--quiet", "-b", "team/next")
    first = repository.commit("proposed", a=b"a")
    assert await source.resolve("team/next") == Commit(first, "proposed")

    second = repository.commit("proposed again", a=b"b")
    repository.git("tag", "candidate")
    assert [(await source.resolve(name)).id for name in ("team/next", "candidate")] == [second, second]
    assert await source.read(second) == {"desired-state/a": b"b"}
    assert (await source.head()).id == followed


async def test_revisions_are_resolved_in_the_branch(repository: Repository, source: GitSource) -> None:
    first, second = repository.commit("first"), repository.commit("second")
    await source.head()

    assert [(await source.resolve(name)).id for name in ("main", "HEAD", "HEAD~1", "main^", first)] == [
        *(second, second, first, first, first)
    ]
    for name in ("nope", "--help", "0" * 40, "a\0b", "main:desired-state"):
        with pytest.raises(SourceError):
            await source.resolve(name)


@pytest.mark.parametrize(
    ("url", "branch", "said"),
    [
        ("{repository}", "nope", "couldn't find remote ref refs/heads/nope"),
        ("/nowhere", "main", "'/nowhere' does not appear to be a git repository"),
        ("https://127.0.0.1:1/x", "main", "Failed to connect to 127.0.0.1"),
        ("ssh://127.0.0.1:1/x", "main", "Connection refused"),
        ("ext::sh -c id", "main", "transport 'ext' not allowed"),
        ("--upload-pack=id", "main", "strange pathname"),
    ],
)
async def test_a_remote_that_cannot_be_had_is_told_in_one_line(
    repository: Repository, tmp_path: Path, url: str, branch: str, said: str
) -> None:
    repository.commit("first")
    source = source_of(url.format(repository=repository.path), tmp_path / "mirror", branch)

    with pytest.raises(SourceError) as error:
        await source.head()

    assert said in str(error.value)
    assert "\n" not in str(error.value)


async def test_a_password_in_the_url_is_not_told(tmp_path: Path) -> None:
    source = source_of("https://me:hunter2@127.0.0.1:1/x", tmp_path / "mirror")

    with pytest.raises(SourceError) as error:
        await source.head()

    assert "https://me:***@127.0.0.1:1/x" in str(error.value)
    assert "hunter2" not in str(error.value)


async def test_links_and_submodules_refuse_the_commit_with_every_place(
    repository: Repository, source: GitSource
) -> None:
    other = repository.commit("first", a=b"a")
    (repository.path / "desired-state" / "link.yaml").symlink_to("/etc/passwd")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{other},policies/sub")
    repository.git("add", "desired-state")
    repository.git("commit", "--quiet", "-m", "links")
    head = await source.head()

    with pytest.raises(Invalid) as invalid:
        await source.read(head.id)

    assert isinstance(invalid.value, SourceError)
    assert [str(problem) for problem in invalid.value.problems] == [
        "desired-state/link.yaml: this is a symbolic link; only plain files are read, so the commit is refused",
        "policies/sub: this is a submodule; only plain files are read, so the commit is refused",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a repository to somebody else")
async def test_a_repository_of_another_user_is_trusted_because_the_settings_name_it(
    repository: Repository, source: GitSource
) -> None:
    commit = repository.commit("first")
    for path in (repository.path, *repository.path.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)

    assert (await source.head()).id == commit


async def test_settings_and_hooks_of_the_user_do_not_count(
    repository: Repository, source: GitSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".gitconfig").write_text("[broken")
    commit = repository.commit("first")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "nonsense")

    assert (await source.head()).id == commit


@pytest.mark.parametrize(
    ("wide", "deep", "said"), [(317, 2, "hold more than 100000 files"), (10, 12, "git lists more than 64 MiB")]
)
async def test_a_tree_that_unfolds_to_very_many_files_is_refused_before_it_is_read(
    repository: Repository, source: GitSource, wide: int, deep: int, said: str
) -> None:
    repository.commit("first", a=b"a")
    commit = repository.bomb(wide, deep)
    repository.git("update-ref", "refs/heads/main", commit)
    await source.head()

    with pytest.raises(TooLarge, match=said):
        await source.read(commit)


async def test_git_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    hanging = tmp_path / "ssh"
    alive = tmp_path / "alive"
    hanging.write_text(f"#!/bin/sh\necho $$ > {alive}\nexec sleep 600\n")
    hanging.chmod(0o755)
    line = GitLine(remote("ssh://h/x"), tmp_path / "mirror", str(hanging), limit=2)
    source = GitSource(line, "main", FOLDERS)

    with pytest.raises(SourceError, match=r"git took longer than 2 s"):
        await source.head()

    assert gone(int(alive.read_text()))


def gone(process: int) -> bool:
    """Whether the process has ended; one that was killed may take its time to."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 10)[0])
    finally:
        os.close(handle)


async def test_two_sources_may_share_a_mirror(repository: Repository, source: GitSource) -> None:
    commit = repository.commit("first", a=b"a")
    other = source_of(source.git.remote.url, source.git.mirror)

    heads = await asyncio.gather(source.head(), other.head(), source.head(), other.head())

    assert {head.id for head in heads} == {commit}


async def test_a_mirror_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    source = source_of("/nowhere", tmp_path / "file" / "mirror")

    with pytest.raises(SourceError, match="cannot make the Git mirror"):
        await source.head()
