"""What reports ask of a journal in a file."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert

from reconciler.model.change import Cause
from reconciler.model.chronicle import Wanted
from reconciler.model.event import (
    Assessed,
    CommitAccepted,
    CommitRefused,
    Condition,
    Event,
    Healed,
    HealthChanged,
    Mended,
)
from reconciler.model.identity import ResourceId
from reconciler.model.rollout import Rollout, State
from reconciler.model.word import ApprovalAsked, ApprovalRefused
from reconciler.report.deployments import deployments
from reconciler.report.measures import measures
from reconciler.report.period import Period
from reconciler.report.slow import drifting, unhealthy, waits
from reconciler.store import sqlite, tables
from reconciler.store.journal import SqliteStore
from reconciler.store.reports import Reports
from tests.cli.examples import plan, unit
from tests.report.chronicles import NOON, SHOP, after

FILE = ResourceId(SHOP, "web-1", "file", "/etc/shop.toml")
HOUR = Period(NOON, after(60))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def reports(path: Path) -> AsyncIterator[Reports]:
    await (await SqliteStore.open(path)).close()
    database = sqlite.Database(sqlite.engine_for(path, mode="ro"), str(path))
    yield Reports(database)
    await database.close()


async def written(path: Path, *events: tuple[float, Event]) -> None:
    store = await SqliteStore.open(path)
    try:
        for minutes, event in events:
            await store.append([event], after(minutes))
    finally:
        await store.close()


def assessed(*drifted: str) -> Assessed:
    return Assessed(
        unit=SHOP, commit="c", digest="d", version="1", in_sync=not drifted, waiting=None, drifted=tuple(drifted)
    )


def felt(condition: Condition, minutes: float) -> HealthChanged:
    return HealthChanged(unit=SHOP, target="web-1", condition=condition, detail="", since=after(minutes))


async def test_drift_is_counted_each_time_it_begins_and_each_time_it_is_healed(reports: Reports, path: Path) -> None:
    seen = f"web-1/{FILE.ref}"
    healed = Healed(rollout="r", unit=SHOP, mended=(Mended(resource=FILE),))
    told = [assessed(seen), assessed(seen, "web-1/file:/other"), assessed(), assessed(seen), healed, assessed()]
    await written(path, *((minutes, event) for minutes, event in enumerate(told)))
    found = drifting((await reports.between(NOON, after(60))).drifted, 10)
    assert [(each.resource, each.seen, each.healed, each.last) for each in found] == [
        (str(FILE), 2, 1, after(4)),
        (f"{SHOP}/web-1/file:/other", 1, 0, after(1)),
    ]


async def test_waiting_for_people_ends_with_their_last_word(reports: Reports, path: Path) -> None:
    def asked(plan: str, minutes: float) -> ApprovalAsked:
        return ApprovalAsked(unit=SHOP, plan=plan, policies=("one",), at=after(minutes))

    refused = ApprovalRefused(unit=SHOP, plan="p1", author="bob", reason="no", at=after(30))
    await written(path, (0, asked("p1", 0)), (5, asked("p2", 5)), (30, refused))
    found = waits((await reports.between(NOON, after(60))).asked, HOUR)
    assert (found.answered.median, found.unanswered) == (timedelta(minutes=30), 1)


async def test_an_app_is_unhealthy_until_it_is_healthy_again(reports: Reports, path: Path) -> None:
    conditions = [(1, Condition.UNHEALTHY), (3, Condition.DEGRADED), (9, Condition.HEALTHY), (20, Condition.UNHEALTHY)]
    await written(path, *((minutes, felt(condition, minutes)) for minutes, condition in conditions))
    found = unhealthy((await reports.between(NOON, after(60))).felt, HOUR)
    assert (found.count, found.median) == (1, timedelta(minutes=8))


async def test_a_time_has_its_beginning_and_not_its_end(reports: Reports, path: Path) -> None:
    accepted = [(minutes, CommitRefused(commit=f"c{minutes}", subject="s", problems=())) for minutes in (-1, 0, 59, 60)]
    await written(path, *accepted)
    assert (await reports.between(NOON, after(60))).refused == (after(0), after(59))


async def ran(path: Path, name: str, began: float, *, cause: Cause = Cause.COMMIT, commit: str = "c") -> None:
    made = replace(plan(unit(SHOP, commit=commit, version="1")), id=f"plan-of-{name}")
    begun = Rollout(
        id=name,
        unit=SHOP,
        cause=cause,
        commit=commit,
        version="1",
        digest=f"digest of {name}",
        state=State.PENDING,
        forward=made.id,
        plan=made.id,
        started_at=after(began),
        updated_at=after(began),
    )
    store = await SqliteStore.open(path)
    try:
        await store.begin(begun, made, {}, after(began))
        lease = await store.claim(name, "test", after(began), after(began + 60))
        assert lease
        ended = replace(begun, state=State.SUCCEEDED, updated_at=after(began + 1))
        await store.record(lease, ended, [], ended.updated_at)
    finally:
        await store.close()


async def test_what_was_taken_back_after_the_period_failed_in_it(reports: Reports, path: Path) -> None:
    await ran(path, "r1", 50)
    await ran(path, "r2", 90, cause=Cause.REVERT)
    told = await reports.between(NOON, after(60))
    found = measures(deployments(told), told.rollouts, HOUR)
    assert (found.deployments, found.failed, found.heals) == (1, 1, 0)


async def test_what_a_unit_waited_with_is_known_from_before_the_period(reports: Reports, path: Path) -> None:
    await ran(path, "r0", -500)
    first, again, other = (replace(assessed(), commit=each) for each in ("c1", "c2", "c3"))
    await written(path, (-90, first), (-80, again), (-70, replace(other, digest="e")))
    await ran(path, "r1", 10)
    told = await reports.between(NOON, after(60))
    assert [each.id for each in told.rollouts] == ["r0", "r1"]
    assert told.wanted == {SHOP: [Wanted(after(-90), "c1", "d"), Wanted(after(-70), "c3", "e")]}
    assert measures(deployments(told), told.rollouts, HOUR).lead.median == timedelta(minutes=101)


async def test_what_was_answered_and_well_again_after_the_period_is_told_of_it(reports: Reports, path: Path) -> None:
    asked = ApprovalAsked(unit=SHOP, plan="p1", policies=("one",), at=after(50))
    refused = ApprovalRefused(unit=SHOP, plan="p1", author="bob", reason="no", at=after(80))
    ill, well = felt(Condition.UNHEALTHY, 55), felt(Condition.HEALTHY, 70)
    await written(path, (50, asked), (55, ill), (70, well), (80, refused))
    told = await reports.between(NOON, after(60))
    assert waits(told.asked, HOUR).answered.median == timedelta(minutes=30)
    assert unhealthy(told.felt, HOUR).median == timedelta(minutes=15)


async def test_the_journal_reaches_back_to_where_the_archive_ends(reports: Reports, path: Path) -> None:
    assert (await reports.between(NOON, after(60))).oldest is None
    await written(path, *((minutes, CommitAccepted(commit=f"c{minutes}", subject="s")) for minutes in (0, 10, 20)))
    assert (await reports.between(NOON, after(60))).oldest == after(0)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        row = {"first": 1, "last": 2, "link": "x", "file": "f", "at": "2026"}
        known = {column.name: row.get(column.name, "") for column in tables.archived.columns}
        connection.execute(insert(tables.archived).values(known))
    engine.dispose()
    assert (await reports.between(NOON, after(60))).oldest == after(20)


async def test_a_rollout_nobody_knows_is_a_key_error(reports: Reports) -> None:
    with pytest.raises(KeyError):
        await reports.rollout("r1")
    with pytest.raises(KeyError):
        await reports.newest(SHOP)
