"""``reconciler report`` as people type it: a small journal that was made by hand, told in every format."""

import asyncio
import csv
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reconciler.model.access import Login
from reconciler.model.analysis import Analysis, Measurement, Outcome, PrometheusQuery
from reconciler.model.change import Action, Cause, FieldDiff
from reconciler.model.event import CommitAccepted, Event, Measured, RolloutMoved, StepEnded, StepStarted
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.step import Analyse
from reconciler.model.word import ApprovalAsked, ApprovalGiven, Waived, WaiverReviewed
from reconciler.plan.consent import as_asked
from reconciler.store import sqlite
from reconciler.store.journal import SqliteStore
from reconciler.store.reports import Reports
from tests.cli.examples import GOOD, NEWER, NOW, SHOP, apply, change, plan, probe, unit
from tests.cli.golden import require_golden
from tests.cli.journals import Run

SECOND = timedelta(seconds=1)
ERRORS = Analysis(
    name="error-rate",
    query=PrometheusQuery(url="http://prometheus:9090", query="rate(errors[1m])"),
    success="result < 0.05",
    failure_limit=1,
)


def _plan(commit: str) -> Plan:
    wanted = unit(commit=commit, version="1.4.2" if commit == NEWER else "1.4.1")
    fields = (
        FieldDiff(path="mode", before="0600", after="0640"),
        FieldDiff(path="key", before="x", after="y", secret=True),
    )
    changes = [change(SHOP, target, "file:/etc/shop/app.toml", Action.UPDATE, *fields) for target in ("web-1", "web-2")]
    made = plan(wanted, apply(1, *changes), probe(1, ("web-1", "web-2")), Analyse((ERRORS,)))
    return replace(made, id=f"plan-of-{commit[:7]}")


def _step(made: Plan, index: int, at: int, state: StepState = StepState.SUCCEEDED, rollout: str = "r2") -> list[Event]:
    began = NOW + at * SECOND
    record = StepRecord(plan=made.id, index=index, state=StepState.STARTED, attempt=1, started_at=began)
    over = StepRecord(plan=made.id, index=index, state=state, attempt=1, started_at=began, ended_at=began + 10 * SECOND)
    what = ("apply batch 1 to web-1, web-2", "check the health of batch 1 on web-1, web-2", "analyse error-rate")[index]
    start = StepStarted(rollout=rollout, unit=SHOP, record=record, what=what)
    return [start, StepEnded(rollout=rollout, unit=SHOP, record=over, what=what, detail="as planned")]


async def _made(state: Path) -> None:
    """One rollout that went well long ago, and one that figures had taken back."""
    store = await SqliteStore.open(state / "journal.db")
    try:
        await _first(store)
        await _second(store)
    finally:
        await store.close()


async def _first(store: SqliteStore) -> None:
    made = _plan(GOOD)
    at = NOW - timedelta(days=2)
    await store.append([CommitAccepted(commit=GOOD, subject="the first")], at - timedelta(hours=1))
    await _run(store, "r1", made, State.SUCCEEDED, tuple(_step(made, 0, -172_799, rollout="r1")), "", at)


async def _second(store: SqliteStore) -> None:
    made = _plan(NEWER)
    asked = as_asked(made).id
    await store.append([CommitAccepted(commit=NEWER, subject="faster baskets")], NOW - timedelta(minutes=40))
    await store.append([ApprovalAsked(unit=SHOP, plan=asked, policies=("one",), at=NOW)], NOW - timedelta(minutes=30))
    given = ApprovalGiven(
        unit=SHOP, plan=asked, author="bob", roles=("sre",), login=Login.LOCAL, at=NOW - 60 * SECOND, reason="read it"
    )
    await store.append([given], given.at)
    figures = [
        Measured(
            rollout="r2",
            unit=SHOP,
            analysis="error-rate",
            query="rate(errors[1m])",
            measurement=Measurement(at=NOW + at * SECOND, outcome=outcome, value=value),
        )
        for at, value, outcome in ((32, "0.012", Outcome.SUCCESSFUL), (36, "0.072", Outcome.FAILED))
    ]
    events = [*_step(made, 0, 1), *_step(made, 1, 15), *_step(made, 2, 30, StepState.FAILED), *figures]
    await _run(store, "r2", made, State.HELD, tuple(events), "error rate 7.2 % > 5 %", NOW)


async def _run(
    store: SqliteStore, name: str, made: Plan, state: State, events: tuple[Event, ...], reason: str, at: datetime
) -> None:
    begun = Rollout(
        id=name,
        unit=SHOP,
        cause=Cause.COMMIT,
        commit=made.unit.commit,
        version=made.unit.version,
        digest=made.unit.digest,
        state=State.PENDING,
        forward=made.id,
        plan=made.id,
        started_at=at,
        updated_at=at,
    )
    await store.begin(begun, made, {}, at)
    lease = await store.claim(name, "test", at, at + timedelta(hours=1))
    assert lease
    moved = RolloutMoved(rollout=name, unit=SHOP, before="running", after=state.value, reason=reason)
    over = at + 50 * SECOND
    ended = replace(begun, state=state, updated_at=over, reason=reason, changed=("web-1",), failures=_failures(state))
    await store.record(lease, ended, [*events, moved], over)


def _failures(state: State) -> tuple[TargetFailure, ...]:
    return () if state is State.SUCCEEDED else (TargetFailure(target="web-2", batch=1, reason="too many errors"),)


@asynccontextmanager
async def _reports(state: Path) -> AsyncIterator[Reports]:
    database = sqlite.Database(sqlite.engine_for(state / "journal.db", mode="ro"), "the journal")
    try:
        yield Reports(database)
    finally:
        await database.close()


@pytest.fixture
def told(run: Run, state: Path) -> Run:
    (state / "git").mkdir(parents=True)
    asyncio.run(_made(state))
    return run


PERIOD = ("report", "--since", "2026-02-01", "--until", "2026-03-02")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("report-period", PERIOD),
        ("report-period-markdown", (*PERIOD, "--format", "markdown", "--by", "unit")),
        ("report-rollout", ("report", "r2")),
        ("report-compliance", ("report", "--compliance", *PERIOD[1:])),
    ],
)
def test_a_small_journal_is_told_as_was_accepted(told: Run, name: str, words: tuple[str, ...], regolden: bool) -> None:
    said = told(*words)
    assert said.exit_code == (2 if "--compliance" in words else 0), said.output
    shown = re.sub(r"made at [\d: -]+Z", "made at NOW", said.stdout)
    require_golden(f"{name}.txt", shown, accept=regolden)


def test_programs_get_json_and_csv_of_the_same(told: Run) -> None:
    period = json.loads(told(*PERIOD, "--format", "json").stdout)
    assert (period["measures"]["deployments"], period["measures"]["failureRate"]) == (2, 0.5)
    rows = [*csv.DictReader(io.StringIO(told(*PERIOD, "--format", "csv").stdout, newline=""))]
    assert [(row["group"], row["deployments"], row["failure_rate"]) for row in rows] == [
        ("", "2", "0.5"),
        ("shop", "2", "0.5"),
    ]
    rollout = json.loads(told("report", "r2", "--format", "json").stdout)
    assert [each["judgedBy"] for each in rollout["figures"]] == ["good if result < 0.05, 1 may fail"] * 2
    rules = json.loads(told("report", "--compliance", *PERIOD[1:], "--format", "json").stdout)
    assert not rules["compliant"]
    broken = [*csv.DictReader(io.StringIO(told("report", "--compliance", *PERIOD[1:], "--format", "csv").stdout))]
    assert {row["rollout"] for row in broken if row["rule"] == "approved"} == {"", "r1"}


def test_nothing_secret_is_told(told: Run) -> None:
    for form in ("text", "markdown", "json", "csv", "html"):
        said = told("report", "r2", "--format", form).stdout
        assert "key: (secret, changed)" in said or form in ("csv", "markdown")
        assert "key: x" not in said


def test_a_unit_is_told_by_its_newest_rollout_and_a_rollout_by_the_start_of_its_id(told: Run) -> None:
    assert told("report", "shop@production").stdout.startswith("shop@production 1.4.2: held\n")
    assert told("report", "r1").stdout.startswith("shop@production 1.4.1: succeeded\n")


def test_a_page_goes_to_a_file(told: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    said = told(*PERIOD, "--format", "html", "-o", str(file))
    assert (said.exit_code, said.stdout) == (0, "")
    assert file.read_text().startswith("<!DOCTYPE html>")


def test_a_review_that_came_after_the_period_is_one(told: Run, state: Path) -> None:
    waived = Waived(
        id="w1",
        unit=SHOP,
        gates=(GateKind.APPROVAL,),
        author="bob",
        reason="fire",
        until=NOW + 60 * SECOND,
        at=NOW - 60 * SECOND,
    )
    reviewed = WaiverReviewed(id="w1", unit=SHOP, author="eve", finding="it was one", at=NOW + timedelta(days=3))
    asyncio.run(_said(state, waived, reviewed))
    rules = json.loads(told("report", "--compliance", *PERIOD[1:], "--format", "json").stdout)
    assert {each["name"]: (each["asked"], each["kept"]) for each in rules["rules"]}["waivers-reviewed"] == (1, 1)


async def _said(state: Path, *words: Waived | WaiverReviewed) -> None:
    store = await SqliteStore.open(state / "journal.db")
    try:
        for each in words:
            await store.append([each], each.at)
    finally:
        await store.close()


def test_a_file_is_for_nobody_else_to_read(told: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.txt"
    assert told(*PERIOD, "-o", str(file)).exit_code == 0
    assert (file.stat().st_mode & 0o777, [*tmp_path.glob(".*.part")]) == (0o600, [])


def test_a_pack_of_ones_own_decides(told: Run, tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    rule = "{name: approved, title: Approved, rule: change.approvals.size() > 0, atLeast: 50%}"
    head = "apiVersion: reconciler/v1\nkind: CompliancePack\nmetadata: {name: ours}\n"
    file.write_text(f"{head}spec:\n  title: Ours\n  rules:\n    - {rule}\n")
    said = told("report", "--compliance", *PERIOD[1:], "--pack", str(file))
    assert said.exit_code == 0, said.output
    assert "Compliant: every rule holds." in said.stdout


WRONG = {
    "no such rollout": (("report", "r9"), "there is no rollout r9"),
    "two that begin so": (("report", "r"), "several begin so"),
    "a unit that never was": (("report", "cart@production"), "was never rolled out"),
    "no unit at all": (("report", "cart@"), "is not a unit"),
    "a rollout and a period": (("report", "r1", "--since", "1d"), "of one rollout there is one report"),
    "a pack and no check": (("report", "--pack", "x"), "--pack is for --compliance"),
    "no time": (("report", "--since", "yesterday"), "expected how long ago (30d)"),
    "the end before the beginning": (("report", "--since", "1d", "--until", "2d"), "has to be before"),
    "before all time": (("report", "--since", "700000d"), "before the year 1"),
    "groups of a check": (("report", "--compliance", "--by", "app"), "--by is for"),
    "an environment that nobody knows": (
        ("report", "--compliance", "--environment", "prodution"),
        "nothing was ever rolled out to an environment prodution, and Git cannot be asked whether there is one",
    ),
    "no such pack": (("report", "--compliance", "--pack", "/nowhere.yaml"), "cannot read the pack /nowhere.yaml"),
    "a folder that is not there": (("report", "-o", "/nowhere/r.txt"), "cannot write /nowhere/r.txt: No such file"),
    "another machine": (("--server", "https://x", "report"), "run this on the daemon's machine"),
    "teams without Git": (("report", "--by", "team"), "it is in Git whose a unit is"),
}


@pytest.mark.parametrize(("words", "expected"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_told_is_said_in_plain_words(told: Run, words: tuple[str, ...], expected: str) -> None:
    said = told(*words)
    assert said.exit_code == 1
    assert expected in " ".join(said.stderr.split())
    assert "Traceback" not in said.output


def test_a_pack_that_is_wrong_is_told_by_its_place(told: Run, tmp_path: Path) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text("apiVersion: reconciler/v1\nkind: Nonsense\nmetadata: {name: x}\nspec: {title: t, rules: []}\n")
    said = told("report", "--compliance", "--pack", str(file))
    assert said.exit_code == 1
    assert f"{file}:4:25" in said.stderr


def test_what_a_unit_had_before_a_period_is_what_went_well_last(told: Run, state: Path) -> None:
    async def before() -> Mapping[UnitId, str]:
        async with _reports(state) as reports:
            return (await reports.marks([], NOW + timedelta(days=1))).before

    assert asyncio.run(before()) == {SHOP: GOOD}


def test_who_consented_to_a_try_before_the_period_did_not_consent_to_the_next_one_in_it(told: Run, state: Path) -> None:
    async def again() -> None:
        store = await SqliteStore.open(state / "journal.db")
        try:
            made, at = _plan(NEWER), NOW + timedelta(hours=2)
            await _run(store, "r3", made, State.SUCCEEDED, (*_step(made, 0, 7201, rollout="r3"),), "", at)
        finally:
            await store.close()

    asyncio.run(again())
    since = ("--since", "2026-02-01"), ("--since", (NOW + timedelta(hours=1)).isoformat())
    for words in since:
        until = ("--until", (NOW + timedelta(hours=3)).isoformat())
        found = json.loads(told("report", "--compliance", *words, *until, "--format", "json").stdout)
        assert [each["rollout"] for each in found["changes"] if not each["approvals"]][-1] == "r3", words


def test_without_a_journal_it_is_said_what_makes_one(run: Run) -> None:
    said = run("report")
    assert said.exit_code == 1
    assert "the daemon makes it" in said.stderr


def test_a_plan_of_another_version_is_said_to_be_one(told: Run, state: Path) -> None:
    journal = sqlite3.connect(state / "journal.db")
    with journal:
        journal.execute("UPDATE plan SET format = 99")
    journal.close()
    said = told("report", "r2")
    assert said.exit_code == 1
    assert "was stored in form 99" in " ".join(said.stderr.split())
    check = told("report", "--compliance", *PERIOD[1:], "--format", "json")
    (approved,) = [each for each in json.loads(check.stdout)["rules"] if each["name"] == "approved"]
    assert [each["stands"] for each in approved["exceptions"]] == ["unknown", "unknown"]


def test_a_library_for_plots_that_is_broken_is_told_as_such(told: Run, tmp_path: Path) -> None:
    (tmp_path / "libraries/matplotlib").mkdir(parents=True)
    (tmp_path / "libraries/matplotlib/__init__.py").write_text("raise ImportError('it is broken')\n")
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", *PERIOD, "--format", "html"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "libraries")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the plots cannot be drawn" in done.stderr
    assert "it is broken" in done.stderr
