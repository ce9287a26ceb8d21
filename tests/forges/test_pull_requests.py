"""A pull request from its first push to the end of its rollout, with a real repository and a forge over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.forge import ForgeKind
from reconciler.providers.forges.comments import MAX_LENGTH
from tests import factory
from tests.daemon.fleet import app, policy
from tests.forges.fleet import Reviewed, reviewed

KINDS = [ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA]
GOOD, BAD = ("success",), ("failure", "failed")


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Reviewed]:
    async with reviewed(tmp_path) as made:
        await made.fleet.commit("red", shop=app("red"))
        await made.fleet.settled()
        yield made


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_is_planned_planned_again_merged_and_its_rollout_told(kind: ForgeKind, tmp_path: Path) -> None:
    async with reviewed(tmp_path, kind) as there:
        await there.fleet.commit("red", shop=app("red"))
        await there.fleet.settled()
        request, task = there.propose("repaint", shop=app("blue")), there.task()
        await task.look()
        (text,) = there.served.texts(request.number)
        assert "Plan: 0 to create, 2 to update, 0 to delete on 2 targets in 1 unit." in text
        assert "-red" in text or "red → blue" in text or "blue" in text
        state, line = there.served.said_of(request.head)["reconciler/plan"]
        assert state == "success"
        assert line.startswith("Plan: 0 to create, 2 to update")

        first = request.head
        there.propose("repaint", start="repaint", shop=app("blue"), barn=app("green", "barn"))
        assert request.head != first
        await task.look()
        (text,) = there.served.texts(request.number)
        assert "2 to create, 2 to update" in text, "the same comment, kept up to date"
        assert there.fleet.colours() == ["red", "red"], "nothing is done before the merge"

        commit = await there.merge(request)
        await task.look()
        (text,) = there.served.texts(request.number)
        assert "0 of 2 units done" in text
        assert there.served.said_of(commit)["reconciler/rollout"][0] in ("pending", "running")
        await there.fleet.settled()
        await task.tell_progress()
        (text,) = there.served.texts(request.number)
        assert "2 of 2 units done" in text
        assert "succeeded" in text
        assert there.served.said_of(commit)["reconciler/rollout"] == ("success", "2 of 2 units done.")


async def test_a_rollout_that_is_taken_back_is_told_with_its_reason(there: Reviewed) -> None:
    there.fleet.hosts.unhealthy.add("black")
    request, task = there.propose("paint-it", shop=app("black")), there.task()
    await task.look()
    commit = await there.merge(request)
    await there.fleet.settled()
    await task.look()
    (text,) = there.served.texts(request.number)
    assert "0 of 1 unit done" in text
    assert "reverted" in text
    state, line = there.served.said_of(commit)["reconciler/rollout"]
    assert state in BAD
    assert "shop@testing reverted: " in line
    assert there.fleet.colours() == ["red", "red"]


async def test_what_was_told_is_not_told_again_nor_by_the_next_daemon(there: Reviewed) -> None:
    request, task = there.propose("repaint", shop=app("blue")), there.task()
    await task.look()
    before = len(there.served.asked)
    await task.look()
    assert [status for _, _, status in there.served.asked[before:]] == [304, 304], "two questions that cost nothing"
    before = len(there.served.asked)
    await there.task().look()
    methods = [method for method, path, _ in there.served.asked[before:] if "comments" in path]
    assert methods == ["GET"]
    assert len(there.served.texts(request.number)) == 1


async def test_a_commit_on_the_branch_plans_the_open_requests_anew(there: Reviewed) -> None:
    request, task = there.propose("repaint", shop=app("blue")), there.task()
    await task.look()
    await there.fleet.commit("a barn", barn=app("green", "barn"))
    await task.look()
    (text,) = there.served.texts(request.number)
    assert "0 to create, 2 to update, 0 to delete" in text, "what came to the branch meanwhile is not taken back"


async def test_a_request_that_does_not_merge_says_so(there: Reviewed) -> None:
    request = there.propose("repaint", shop=app("blue"))
    await there.fleet.commit("green", shop=app("green"))
    await there.task().look()
    (text,) = there.served.texts(request.number)
    assert "does not merge" in text
    assert there.served.said_of(request.head)["reconciler/plan"][0] in BAD


async def test_documents_with_mistakes_are_told_with_their_places(there: Reviewed) -> None:
    request = there.propose("typo", shop=app("blue").replace(b"version:", b"verison:"))
    await there.task().look()
    (text,) = there.served.texts(request.number)
    assert "has no plan" in text
    assert "shop.yaml" in text
    state, line = there.served.said_of(request.head)["reconciler/plan"]
    assert state in BAD
    assert "verison" in line


async def test_requests_of_strangers_are_left_alone_unless_they_are_wanted(there: Reviewed) -> None:
    request = there.propose("from-afar", shop=app("blue"))
    request.fork = True
    await there.task().look()
    assert there.served.texts(request.number) == []
    await there.task(forks=True).look()
    assert len(there.served.texts(request.number)) == 1


@pytest.mark.parametrize(("comment", "status"), [(True, False), (False, True)])
async def test_only_what_is_wanted_is_written(there: Reviewed, comment: bool, status: bool) -> None:
    request, task = there.propose("repaint", shop=app("blue")), there.task(comment=comment, status=status)
    await task.look()
    commit = await there.merge(request)
    await there.fleet.settled()
    await task.look()
    assert len(there.served.texts(request.number)) == int(comment)
    assert bool(there.served.said_of(request.head)) is status
    assert bool(there.served.said_of(commit)) is status


async def test_no_target_is_looked_at_for_a_request(there: Reviewed) -> None:
    before = list(there.fleet.hosts.calls)
    there.propose("repaint", shop=app("blue"))
    await there.task().look()
    assert there.fleet.hosts.calls == before
    assert set(there.fleet.world.commits.targets) == {"web-1", "web-2"}


async def test_a_host_that_a_request_moves_is_still_where_the_branch_says(there: Reviewed) -> None:
    base = (there.fleet.repository.path / "desired-state/base.yaml").read_bytes()
    there.propose("move", base=base.replace(b"203.0.113.1", b"198.51.100.66"))
    await there.task().look()
    targets = there.fleet.world.commits.targets
    assert {getattr(each, "address", "") for each in targets.values()} == {"203.0.113.1", "203.0.113.2"}


async def test_a_secret_that_only_a_request_names_is_not_read(there: Reviewed) -> None:
    there.fleet.repository.write("desired-state/paint.j2", b"{{ secrets.one }}")
    with_secret = app("red", template="/paint.j2", secrets={"one": "shop/paint"})
    await there.fleet.commit("with a secret", shop=with_secret)
    await there.fleet.settled()
    known = there.propose("known", shop=app("blue", template="/paint.j2", secrets={"one": "shop/paint"}))
    new = there.propose("new", shop=app("blue", template="/paint.j2", secrets={"one": "other/secret"}))
    await there.task().look()
    assert "2 to update" in there.served.texts(known.number)[0]
    (text,) = there.served.texts(new.number)
    assert "the secret other/secret is new here, and is not read before this is merged" in text
    assert "what nobody outside shall read" not in text
    assert "keyed:" not in text


async def test_a_forge_that_fails_for_one_request_does_not_keep_the_others_from_being_told(there: Reviewed) -> None:
    lost = there.propose("lost", shop=app("green"))
    found = there.propose("found", shop=app("blue"))
    there.fleet.repository.git("update-ref", "-d", f"refs/pull/{lost.number}/head")
    await there.task().look()
    assert there.served.texts(lost.number) == []
    assert len(there.served.texts(found.number)) == 1


async def test_a_forge_that_is_away_is_asked_again_when_somebody_rings(there: Reviewed) -> None:
    request, task = there.propose("repaint", shop=app("blue")), there.task()
    there.served.ails = 502
    keeping = asyncio.create_task(task.keep())
    assert (await asyncio.to_thread(there.served.heard.get, timeout=20))[2] == 502
    there.served.ails = 0
    task.ring()
    while (await asyncio.to_thread(there.served.heard.get, timeout=20))[
        1
    ] != f"/repos/acme/fleet/statuses/{request.head}":
        pass
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert not [each for each in there.served.asked if each[2] not in (200, 201, 304, 502)]


async def test_a_plan_that_is_too_long_is_cut(there: Reviewed) -> None:
    many = {f"app{number}": app("green", f"app-{number}") for number in range(120)}
    request = there.propose("many", **many)
    await there.task().look()
    (text,) = there.served.texts(request.number)
    assert len(text) < MAX_LENGTH + 200
    assert "240 to create" in text
    assert "Cut to fit" in text


async def test_a_merge_that_is_refused_is_told_so(there: Reviewed) -> None:
    request, task = there.propose("typo", shop=app("blue").replace(b"version:", b"verison:")), there.task()
    await task.look()
    commit = await there.merge(request)
    await task.look()
    (text,) = there.served.texts(request.number)
    assert "The commit is refused; the fleet stays as it was." in text
    assert there.served.said_of(commit)["reconciler/rollout"][0] in BAD


async def test_a_request_that_was_merged_long_ago_is_left_alone(there: Reviewed) -> None:
    request, task = there.propose("repaint", shop=app("blue")), there.task()
    await there.merge(request)
    await there.fleet.settled()
    there.fleet.clock.jump(factory.NOW + timedelta(days=2))
    await task.look()
    assert there.served.statuses == []


async def test_an_automatic_revert_is_proposed_to_git_once_and_merged_by_nobody(there: Reviewed) -> None:
    there.fleet.hosts.unhealthy.add("black")
    request = there.propose("paint-it", shop=app("black"))
    commit = await there.merge(request)
    main = there.fleet.repository.git("rev-parse", "main")
    await there.fleet.settled()
    for task in (there.task(reverts=True), there.task(reverts=True)):
        await task.look()
        await task.look()
    (made,) = [each for each in there.served.requests.values() if each.source.startswith("reconciler/")]
    assert made.source == f"reconciler/revert-{commit[:12]}"
    assert made.title.startswith(f"Revert {commit[:7]}: shop@testing was rejected")
    assert "Nothing is merged by itself" in made.text
    git = there.fleet.repository.git
    assert git("rev-parse", "main") == main
    assert git("rev-parse", f"{made.source}^") == main
    assert "red" in git("show", f"{made.source}:desired-state/shop.yaml")


async def test_a_revert_keeps_what_came_after(there: Reviewed) -> None:
    there.fleet.hosts.unhealthy.add("black")
    await there.fleet.commit("black", shop=app("black"))
    await there.fleet.settled()
    await there.fleet.commit("a barn", barn=app("green", "barn"))
    await there.fleet.settled()
    await there.task(reverts=True).look()
    (made,) = there.served.requests.values()
    git = there.fleet.repository.git
    assert "red" in git("show", f"{made.source}:desired-state/shop.yaml")
    assert "green" in git("show", f"{made.source}:desired-state/barn.yaml")


async def test_a_policy_that_a_request_brings_is_in_its_plan(there: Reviewed) -> None:
    there.fleet.repository.git("checkout", "--quiet", "-B", "slow")
    there.fleet.repository.write("policies/all.yaml", policy(onFailure="hold"))
    request = there.propose("slow", start="slow", shop=app("blue"))
    await there.task().look()
    (text,) = there.served.texts(request.number)
    assert "stop and hold for a person" in text
