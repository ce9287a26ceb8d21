"""Git is asked who wrote what is new, a few questions at a time, and nothing where nothing is."""

import asyncio
from dataclasses import dataclass, field, replace

from reconciler.daemon.authors import AT_ONCE, authors
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, Governance
from reconciler.model.identity import UnitId
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Desired, Unit
from reconciler.model.verdict import Snapshot
from tests import factory as f

ASKS = Governance(approvals=(ApprovalPolicy(name="one", stages=(ApprovalStage(),)),))


@dataclass
class Git:
    """Says that ann wrote everything, and knows how many ask it side by side."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def authors(self, commit: str, since: str) -> frozenset[str]:
        self.asked.append((commit, since))
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        return frozenset({"ann@example.org"})


def asking(*units: Unit) -> Desired:
    return replace(f.desired(*units), governance={each.id: ASKS for each in units})


def good(state: Unit) -> Standing:
    return Standing(units={state.id: UnitStanding(unit=state.id, last_good=Snapshot(state, f.NOW))})


async def test_a_commit_that_leaves_the_unit_as_it_was_was_written_by_nobody() -> None:
    git, before = Git(), f.unit(f.thing("/a"))
    same = replace(before, commit="c2")
    assert await authors(git, asking(same), good(before)) == {f.SHOP: frozenset()}
    assert git.asked == []


async def test_a_commit_that_changes_it_was_written_by_somebody() -> None:
    git, before = Git(), f.unit(f.thing("/a"))
    other = replace(f.unit(f.thing("/a", colour="blue")), commit="c2")
    assert await authors(git, asking(other), good(before)) == {f.SHOP: frozenset({"ann@example.org"})}
    assert git.asked == [("c2", before.commit)]


async def test_a_fleet_of_units_asks_git_a_few_things_at_a_time() -> None:
    git = Git()
    units = [replace(f.unit(f.thing("/a")), id=UnitId(f"app-{n}", "production"), commit=f"c{n}") for n in range(20)]
    assert len(await authors(git, asking(*units), Standing())) == len(git.asked) == 20
    assert git.most == AT_ONCE
