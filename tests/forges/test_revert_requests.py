"""Which commit a revert takes back, when what was rejected had waited and others came meanwhile."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reconciler.model.identity import UnitId
from reconciler.model.word import Locked, Unlocked
from tests.daemon.fleet import app
from tests.forges.fleet import Reviewed, reviewed

SHOP = UnitId("shop", "testing")
PLACE = b"kind: Environment\nmetadata: {name: staging}\n"


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Reviewed]:
    async with reviewed(tmp_path) as made:
        await made.fleet.commit("red", shop=app("red"))
        await made.fleet.settled()
        yield made


async def reverts_of_waiting(there: Reviewed) -> list[str]:
    """Open what is missing once a lock has gone that kept commits waiting; return the branches."""
    unlocked = Unlocked(unit=SHOP, environment="", author="ada", reason="", at=there.fleet.clock.now())
    await there.fleet.world.journal.append([unlocked], there.fleet.clock.now())
    await there.fleet.settled()
    assert there.fleet.colours() == ["red", "red"]
    await there.task(reverts=True).look()
    return [each.source for each in there.served.requests.values()]


async def locked(there: Reviewed) -> None:
    lock = Locked(unit=SHOP, environment="", author="ada", reason="audit", at=there.fleet.clock.now())
    await there.fleet.world.journal.append([lock], there.fleet.clock.now())
    there.fleet.hosts.unhealthy.add("black")


async def test_a_commit_that_has_waited_is_taken_back_and_not_the_innocent_one_after_it(there: Reviewed) -> None:
    await locked(there)
    guilty = await there.fleet.commit("black", shop=app("black"))
    await there.fleet.settled()
    innocent = await there.fleet.commit("a place", places=PLACE)
    assert await reverts_of_waiting(there) == [f"reconciler/revert-{guilty[:12]}"]
    (made,) = there.served.requests.values()
    assert (
        f"`{guilty[:7]}` was rolled out to shop@testing (together with what came until `{innocent[:7]}`)" in made.text
    )
    git = there.fleet.repository.git
    assert "red" in git("show", f"{made.source}:desired-state/shop.yaml")
    assert "staging" in git("show", f"{made.source}:desired-state/places.yaml")


async def test_nothing_is_proposed_where_nobody_can_tell_which_commit_it_was(there: Reviewed) -> None:
    await locked(there)
    there.fleet.repository.commit("black", **{"shop.yaml": app("black")})
    await there.fleet.commit("a place", places=PLACE)
    assert await reverts_of_waiting(there) == []


async def test_a_commit_beside_the_documents_hides_nothing(there: Reviewed) -> None:
    await locked(there)
    there.fleet.repository.write("README.md", b"A fleet.")
    there.fleet.repository.commit("words")
    guilty = await there.fleet.commit("black", shop=app("black"))
    assert await reverts_of_waiting(there) == [f"reconciler/revert-{guilty[:12]}"]
