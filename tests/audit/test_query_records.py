"""What an auditor reads of an entry, and how entries are found."""

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from reconciler.audit.query import moment_of
from reconciler.audit.record import as_json
from reconciler.model.access import Login
from reconciler.model.event import Paused
from reconciler.model.question import Question
from reconciler.model.word import ApprovalGiven, TokenIssued
from reconciler.store import search
from reconciler.store.journal import SqliteStore
from reconciler.store.search import Search, about
from reconciler.store.sqlite import Database, engine_for
from tests.audit.journal import KEYED, MINUTE, planned, records, told
from tests.audit.tampering import tampering
from tests.factory import NOW, SHOP


async def test_a_record_says_who_what_when_where_why_and_by_whose_consent(tmp_path: Path) -> None:
    async with told(tmp_path / "journal.db") as store:
        found = {each.what: each for each in await records(store)}
    step = found["step_ended"]
    assert (step.who, step.unit, step.environment, step.targets) == ("reconciler", str(SHOP), "production", ("web-1",))
    assert (step.why, step.outcome, step.rollout) == ("disk full on web-1", "failed", "r1")
    assert (step.commit, step.plan, step.cause) == ("commit-2", planned().id, "commit")
    assert [(each.author, each.by, each.roles, each.reason) for each in step.consents] == [
        ("bob", "oidc", ("sre",), "looks good")
    ]
    assert step.policies == ("two-eyes", "default")
    assert datetime.fromisoformat(step.at) == NOW + 4 * MINUTE


async def test_a_record_tells_what_was_before_and_after_and_veils_what_is_secret(tmp_path: Path) -> None:
    async with told(tmp_path / "journal.db") as store:
        found = {each.what: each for each in await records(store)}
    changed = {each.field: (each.before, each.after, each.secret) for each in found["step_ended"].changes}
    assert changed["mode"] == ("0644", "0600", False)
    assert changed["password"] == ("(secret)", KEYED, True)
    began = [each.field for each in found["rollout_moved"].changes]
    assert began == ["state", "mode", "password", "note"]


async def test_what_was_asked_for_through_a_door_carries_the_id_of_its_request(tmp_path: Path) -> None:
    async with told(tmp_path / "journal.db") as store:
        found = {each.what: each for each in await records(store)}
    assert (found["paused"].who, found["paused"].request) == ("ann", "req-1")
    assert (found["requested"].login, found["signed_in"].address) == ("token", "203.0.113.9")
    assert found["access_refused"].who == "unknown"


async def test_of_a_token_not_even_the_digest_is_told(store: SqliteStore) -> None:
    issued = TokenIssued(id="t1", name="ci", digest="f" * 64, author="ann", at=NOW, until=None)
    await store.append([issued], NOW)
    (record,) = await records(store)
    assert record.said["id"] == "t1"
    assert "f" * 64 not in json.dumps(as_json(record))


async def test_an_entry_that_cannot_be_read_is_told_by_its_columns(store: SqliteStore, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO event (id, at, type, unit, body, actor) VALUES (1, ?, 'of_later', 'a@b', '{}', 'ann')",
            (NOW.isoformat(timespec="microseconds"),),
        )
    (record,) = await records(store)
    assert (record.what, record.unit, record.who, record.said) == ("of_later", "a@b", "ann", {})


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE event SET body = replace(body, '\"oidc\"', '\"passkey\"') WHERE type = 'approval_given'",
        "UPDATE event SET body = 'no text of ours' WHERE type IN ('approval_given', 'approval_asked')",
        "UPDATE rollout SET body = '{}'",
    ],
)
async def test_one_damaged_body_takes_no_other_entry_away(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with told(path) as store:
        before = [each.number for each in await records(store)]
        with tampering(path) as tampered:
            tampered.does(damage)
        assert [each.number for each in await records(store)] == before


QUESTIONS = {
    "of a unit": (
        Question(unit=str(SHOP)),
        ["step_ended", "paused", "requested", "rollout_moved", "approval_given", "approval_asked"],
    ),
    "of an environment": (Question(environment="staging"), []),
    "by somebody": (Question(actor="ann"), ["paused", "requested", "signed_in"]),
    "since": (Question(since=NOW + 3 * MINUTE), ["step_ended", "access_refused"]),
    "until": (Question(until=NOW - 2 * MINUTE), ["commit_accepted"]),
    "with an outcome": (Question(outcome="failed"), ["step_ended"]),
    "of a type": (Question(type="paused"), ["paused"]),
    "with a text, in any case": (Question(text="DISK full"), ["step_ended"]),
    "with all of it": (Question(unit=str(SHOP), actor="ann", type="paused", text="1+1", since=NOW), ["paused"]),
    "below a number": (Question(below=3), ["approval_asked", "commit_accepted"]),
}


@pytest.mark.parametrize("asked", QUESTIONS)
async def test_entries_are_found_newest_first(asked: str, tmp_path: Path) -> None:
    question, expected = QUESTIONS[asked]
    async with told(tmp_path / "journal.db") as store:
        answer = await store.search.newest(question, 100)
        oldest = await store.search.oldest(question, 100)
    assert [each.linked.row.type for each in answer.entries] == expected
    assert [each.linked.row.type for each in reversed(oldest)] == expected
    assert answer.looked_through


@pytest.mark.parametrize("text", ["", "audit"])
async def test_parts_have_all_entries_once_where_times_are_in_another_order_than_numbers(
    text: str, store: SqliteStore
) -> None:
    for late in (1, 2, 5, 4, 3, 3, 6):
        await store.append([Paused(unit=SHOP, author="ann", reason="audit")], NOW + timedelta(milliseconds=late))
    found: list[int] = []
    while part := (await store.search.newest(Question(text=text, below=found[-1] if found else None), 2)).entries:
        found += [each.linked.row.number for each in part]
    assert found == [7, 3, 4, 6, 5, 2, 1]


async def test_where_times_are_in_another_order_the_oldest_below_a_number_are_those_with_smaller_ones(
    store: SqliteStore,
) -> None:
    for late in (3, 2, 1):
        await store.append([Paused(unit=SHOP, author="ann", reason="audit")], NOW + timedelta(milliseconds=late))
    assert [each.linked.row.number for each in await store.search.oldest(Question(below=3), 9)] == [1, 2]


async def test_where_there_are_too_many_to_look_for_a_text_in_all_of_them_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "LOOKED_THROUGH", 2)
    async with told(tmp_path / "journal.db") as store:
        near = await store.search.newest(Question(text="disk full"), 10)
        far = await store.search.newest(Question(text="looks good"), 10)
    assert ([each.linked.row.type for each in near.entries], near.looked_through) == (["step_ended"], False)
    assert (far.entries, far.looked_through) == ((), False)


async def test_a_text_that_is_looked_for_delays_no_other_question(store: SqliteStore, path: Path) -> None:
    await store.append([Paused(unit=SHOP, author="ann", reason="audit")], NOW)
    database = Database(engine_for(path, mode="rw"), "it")
    looking, go_on = Search(database), threading.Event()
    busy = asyncio.create_task(database.rummage(lambda _: go_on.wait(30)))
    texts = [asyncio.create_task(looking.newest(Question(text="audit"), 9)) for _ in range(8)]
    oldest = asyncio.create_task(looking.oldest(Question(text="audit"), 9))
    assert len((await looking.newest(Question(), 9)).entries) == 1
    assert len(await looking.oldest(Question(), 9)) == 1
    assert not any(each.done() for each in (busy, oldest, *texts)), "one at a time"
    go_on.set()
    assert [len((await each).entries) for each in texts] == [1] * 8
    assert (len(await oldest), await busy) == (1, True)
    await database.close()


async def test_of_all_approvals_of_a_unit_only_those_of_the_plans_in_question_are_read(
    store: SqliteStore, path: Path
) -> None:
    given = [
        ApprovalGiven(unit=SHOP, plan=each, author="bob", roles=(), login=Login.OIDC, at=NOW, reason=each)
        for each in ("p1", "p2", "p3", "p2")
    ]
    await store.append(given, NOW)
    with tampering(path) as tampered:
        tampered.does('UPDATE event SET body = \'{"plan": "p2"\' WHERE id = 4')
    database = Database(engine_for(path, mode="rw"), "it")
    statement = about("approval_given", ["p2", "p3"])
    read = await database.read(lambda one: one.execute(statement).scalars().all())
    await database.close()
    assert [json.loads(each)["reason"] for each in read] == ["p2", "p3"], "and none that is damaged"


INDEXES = {
    "event_by_unit_at": Question(unit="a@b", since=NOW, until=NOW + MINUTE),
    "event_by_environment": Question(environment="b", since=NOW),
    "event_by_actor": Question(actor="ann", since=NOW),
    "event_by_at": Question(since=NOW),
    "event_by_type_at": Question(type="paused", since=NOW),
    "event_by_outcome": Question(outcome="failed", since=NOW),
}


@pytest.mark.parametrize("index", INDEXES)
async def test_questions_are_answered_by_an_index_without_sorting(index: str, store: SqliteStore, path: Path) -> None:
    further = replace(INDEXES[index], below=7)
    for query in (search.query_of(INDEXES[index], 50), search.query_of(further, 50, NOW.isoformat())):
        statement = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
        with closing(sqlite3.connect(path)) as connection:
            plan = [str(row) for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
        assert f"USING INDEX {index} " in plan[0]
        assert len(plan) == 1, "nothing is sorted afterwards"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("30d", NOW - timedelta(days=30)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T13:00+01:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01 12:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_moments_are_durations_ago_or_times(text: str, meant: datetime) -> None:
    assert moment_of(text, NOW) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "expected a duration such as 2h"),
        ("", "expected a duration"),
        ("999999d", "there was no time yet"),
    ],
)
def test_what_is_no_moment_is_told_with_what_was_expected(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        moment_of(text, NOW)
