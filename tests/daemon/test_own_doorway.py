"""Whoever asks the daemon to plan a commit that nobody follows has it compared, and nothing is done by what it says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.daemon.one_pass import NothingToDo
from reconciler.daemon.own_doorway import own_doorway
from reconciler.ports.desk import Doorway
from reconciler.providers.one_time_codes import OneTimeCodes
from tests.daemon.fleet import app
from tests.forges.fleet import Reviewed, reviewed
from tests.providers.secret_values import SecretValues


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Reviewed]:
    async with reviewed(tmp_path) as made:
        await made.fleet.commit("red", shop=app("red"))
        await made.fleet.settled()
        yield made


def door(there: Reviewed) -> Doorway:
    fleet = there.fleet
    codes = OneTimeCodes(SecretValues({}).value)
    return own_doorway(fleet.world, there.foresight, fleet.store, fleet.wake, fleet.folder, codes)


async def test_the_newest_commit_is_planned_by_a_look(there: Reviewed) -> None:
    before = len(there.fleet.hosts.calls)
    review = await door(there).outlook.review(None)
    assert [each.plan for each in review.assessments] == [None]
    assert len(there.fleet.hosts.calls) > before


async def test_a_commit_that_nobody_follows_is_compared_without_a_look(there: Reviewed) -> None:
    base = (there.fleet.repository.path / "desired-state/base.yaml").read_bytes()
    moved = base.replace(b"203.0.113.1", b"198.51.100.66")
    request = there.propose("repaint", shop=app("blue"), base=moved)
    before = list(there.fleet.hosts.calls)
    review = await door(there).outlook.review(request.head)
    (plan,) = (each.plan for each in review.assessments)
    assert plan is not None
    assert len(plan.changes) == 2
    assert there.fleet.hosts.calls == before
    addresses = {getattr(each, "address", "") for each in there.fleet.world.commits.targets.values()}
    assert addresses == {"203.0.113.1", "203.0.113.2"}, "passes go on to the hosts that are followed"


async def test_a_commit_with_mistakes_is_told_with_them(there: Reviewed) -> None:
    request = there.propose("typo", shop=app("blue").replace(b"version:", b"verison:"))
    with pytest.raises(NothingToDo, match=r"does not load:\n.*verison"):
        await door(there).outlook.review(request.head)
