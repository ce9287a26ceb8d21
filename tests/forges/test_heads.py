"""Heads of pull requests that Git has trouble with cost little, whoever pushes them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.daemon.pull_requests import AGAIN
from tests.daemon.fleet import app
from tests.forges.fleet import Reviewed, reviewed


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Reviewed]:
    async with reviewed(tmp_path) as made:
        await made.fleet.commit("red", shop=app("red"))
        await made.fleet.settled()
        yield made


async def test_a_head_of_endlessly_many_files_is_refused_once(there: Reviewed) -> None:
    request, task = there.propose("bomb", shop=app("blue")), there.task()
    request.head = there.fleet.repository.bomb(400, 2)
    there.fleet.repository.git("update-ref", f"refs/pull/{request.number}/head", request.head)
    await task.look()
    (text,) = there.served.texts(request.number)
    assert "hold more than 100000 files" in text
    assert there.served.said_of(request.head)["reconciler/plan"][0] == "failure"
    before = len(there.served.asked)
    await task.look()
    assert [status for _, _, status in there.served.asked[before:]] == [304, 304], "it is not planned again"


async def test_a_head_that_git_has_trouble_with_is_left_alone_for_a_while(there: Reviewed) -> None:
    request, task = there.propose("repaint", shop=app("blue")), there.task()
    await there.foresight.source.resolve(f"refs/pull/{request.number}/head")
    there.foresight.git.limit = 0.0
    source = replace(there.foresight.source, git=replace(there.foresight.git, limit=60.0))
    task.foresight = replace(there.foresight, source=source)
    await task.look()
    marks = [path for method, path, _ in there.served.asked if method == "POST" and "statuses" in path]
    there.foresight.git.limit = 60.0
    await task.look()
    asked = [path for method, path, _ in there.served.asked if method == "POST" and "statuses" in path]
    assert asked == marks, "the same head is not planned again at once"
    there.fleet.clock.jump(there.fleet.clock.now() + AGAIN)
    await task.look()
    assert there.served.said_of(request.head)["reconciler/plan"][0] == "success"
