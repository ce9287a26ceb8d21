"""What Git says: each commit loaded once, bad ones and a Git that is away told once, and the last good one kept."""

import shutil
from pathlib import Path

import pytest

from reconciler.daemon.intake import Commits
from reconciler.model.event import CommitAccepted, CommitRefused, SourceFound, SourceLost
from reconciler.ports.source import Commit
from tests.daemon.fleet import BASE, Fleet, app, opened

BROKEN = b"kind: App\nmetadata: {name: shop}\nspec: {versoin: 1}\n"


async def test_a_commit_is_accepted_once_and_a_refused_one_is_told_once(fleet: Fleet) -> None:
    first = await fleet.commit("first", shop=app("red"))
    await fleet.world.commits.refresh()
    bad = await fleet.commit("typo", shop=BROKEN)
    await fleet.world.commits.refresh()
    newest = fleet.world.commits.newest
    assert newest.desired is not None
    assert newest.desired.commit == first
    assert any("versoin" in problem for problem in newest.refused)
    assert await fleet.world.journal.accepted_commit() == first
    told = [
        (type(event), event.commit)
        for event in await fleet.events()
        if isinstance(event, CommitAccepted | CommitRefused)
    ]
    assert told == [(CommitAccepted, first), (CommitRefused, bad)]


async def test_the_commit_that_mends_it_is_taken_and_so_is_one_that_goes_back(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))
    await fleet.commit("typo", shop=BROKEN)
    mended = await fleet.commit("mended", shop=app("red"))
    assert fleet.world.commits.newest.refused == ()
    assert fleet.world.commits.newest.desired is not None
    assert fleet.world.commits.newest.desired.commit == mended
    assert sorted(fleet.world.commits.targets) == ["web-1", "web-2"]


async def test_a_git_that_is_away_changes_nothing_and_is_told_once_each_time(fleet: Fleet) -> None:
    first = await fleet.commit("first", shop=app("red"))
    away = fleet.repository.path.with_name("away")
    fleet.repository.path.rename(away)
    await fleet.world.commits.refresh()
    await fleet.world.commits.refresh()
    lost = fleet.world.commits.newest
    assert lost.desired is not None
    assert (lost.desired.commit, bool(lost.trouble)) == (first, True)
    away.rename(fleet.repository.path)
    await fleet.world.commits.refresh()
    assert fleet.world.commits.newest.trouble is None
    told = [type(event) for event in await fleet.events() if isinstance(event, SourceLost | SourceFound)]
    assert told == [SourceLost, SourceFound]


async def test_after_a_refused_commit_a_git_that_was_away_is_found_again(fleet: Fleet) -> None:
    await fleet.commit("first", shop=app("red"))
    await fleet.commit("typo", shop=BROKEN)
    away = fleet.repository.path.with_name("away")
    fleet.repository.path.rename(away)
    await fleet.world.commits.refresh()
    away.rename(fleet.repository.path)
    await fleet.world.commits.refresh()
    assert fleet.world.commits.newest.trouble is None
    assert fleet.world.commits.newest.refused


async def test_a_secret_that_changes_is_a_new_desired_state(fleet: Fleet) -> None:
    template = {"template": "paint.txt", "secrets": {"paint": "shop/paint"}}
    fleet.repository.write("desired-state/paint.txt", b"colour = {{ secrets.paint }}\n")
    await fleet.commit("first", shop=app("red", **template))
    before = digests(fleet)
    await fleet.world.commits.refresh()
    assert digests(fleet) == before
    fleet.secrets["shop/paint"] = "second"
    await fleet.world.commits.refresh()
    assert digests(fleet) != before


async def test_a_secret_that_comes_late_unblocks_its_unit(fleet: Fleet) -> None:
    del fleet.secrets["shop/paint"]
    template = {"template": "paint.txt", "secrets": {"paint": "shop/paint"}}
    fleet.repository.write("desired-state/paint.txt", b"colour = {{ secrets.paint }}\n")
    await fleet.commit("first", shop=app("red", **template))
    assert blocked(fleet) == [True]
    fleet.secrets["shop/paint"] = "there"
    await fleet.world.commits.refresh()
    assert blocked(fleet) == [False]


async def test_a_new_start_goes_on_with_the_last_commit_though_git_is_away(tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        first = await before.commit("first", shop=app("red"))
        before.repository.path.rename(tmp_path / "away")
        (tmp_path / "repository").mkdir()
    async with opened(tmp_path) as after:
        await after.world.commits.begin()
        begun = after.world.commits.newest
        assert begun.desired is not None
        assert (begun.desired.commit, begun.trouble) == (first, None)


async def test_a_first_start_has_nothing_to_go_on_with(fleet: Fleet) -> None:
    await fleet.world.commits.begin()
    assert (fleet.world.commits.newest.desired, fleet.world.commits.newest.trouble) == (None, None)
    assert dict(fleet.world.commits.targets) == {}


async def test_a_lost_mirror_is_told_and_made_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as before:
        first = await before.commit("first", shop=app("red"))
    shutil.rmtree(tmp_path / "git")
    async with opened(tmp_path) as after:
        await after.world.commits.begin()
        trouble = after.world.commits.newest.trouble or ""
        assert trouble.startswith(f"the last commit that loaded, {first[:7]}, cannot be read now: ")
        await after.world.commits.refresh()
        assert after.world.commits.newest.desired is not None
        assert after.world.commits.newest.trouble is None


def digests(fleet: Fleet) -> list[str]:
    desired = fleet.world.commits.newest.desired
    assert desired is not None
    return [unit.digest for unit in desired.units.values()]


def blocked(fleet: Fleet) -> list[bool]:
    desired = fleet.world.commits.newest.desired
    assert desired is not None
    return [bool(unit.blocked) for unit in desired.units.values()]


@pytest.mark.parametrize("how", ["at", "newly"])
async def test_who_looks_at_another_commit_changes_nothing_for_what_is_followed(fleet: Fleet, how: str) -> None:
    await fleet.commit("first", shop=app("red"))
    commits = fleet.world.commits
    assert isinstance(commits, Commits)
    followed, targets, contents = commits.newest.desired, commits.targets, commits.contents
    fleet.repository.write("desired-state/base.yaml", BASE.replace("web-2", "web-9").encode())
    other = fleet.repository.commit("another host", **{"shop.yaml": app("blue")})
    seen = await getattr(commits, how)(await commits._source.head())
    assert (seen.commit, sorted(seen.targets)) == (other, ["web-1", "web-9"])
    assert (commits.targets, commits.contents, commits.newest.desired) == (targets, contents, followed)
    await commits.refresh()
    assert sorted(commits.targets) == ["web-1", "web-9"]
    assert await getattr(commits, how)(await commits._source.head()) is commits.newest.desired
    assert followed is not None
    assert sorted((await commits.at(Commit(followed.commit, ""))).targets) == ["web-1", "web-2"]
    assert sorted(commits.targets) == ["web-1", "web-9"]
