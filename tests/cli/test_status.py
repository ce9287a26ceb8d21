"""Status, explain and history in words."""

import json
import unicodedata
from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.cli.render.explain import explain_text
from reconciler.cli.render.history import events_json, events_text, history_json, history_text
from reconciler.cli.render.status import needs_a_person, status_json, status_text
from reconciler.control.where import Word, may_retry, place
from reconciler.model.change import Cause
from reconciler.model.event import (
    CommitAccepted,
    CommitRefused,
    Event,
    Healed,
    Mended,
    Paused,
    ResourcesApplied,
    Resumed,
    RetryRequested,
    RolloutMoved,
    SnapshotTaken,
    StepEnded,
    StepStarted,
    VerdictGiven,
)
from reconciler.model.identity import ResourceId
from reconciler.model.problem import Problem
from reconciler.model.record import Entry
from reconciler.model.rollout import Rollout, State, StepRecord, StepState, TargetFailure
from reconciler.model.standing import UnitStanding
from reconciler.model.verdict import Owned, Verdict
from reconciler.model.waiting import Reason, WaitingOn
from tests.cli import pictures
from tests.cli.examples import GOOD, NEWER, NOW, SHOP, unit
from tests.cli.golden import require_golden


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_status_is_shown_as_accepted(name: str, regolden: bool) -> None:
    picture = pictures.PICTURES[name]()
    require_golden(f"status-{name}.txt", status_text(picture).plain + "\n", accept=regolden)
    require_golden(f"status-{name}.json", json.dumps(status_json(picture), indent=2) + "\n", accept=regolden)


@pytest.mark.parametrize("name", pictures.UNITS)
def test_a_unit_is_explained_as_accepted(name: str, regolden: bool) -> None:
    text = explain_text(pictures.fleet(), pictures.named(name)).plain
    require_golden(f"explain-{name}.txt", text + "\n", accept=regolden)


def test_a_host_of_which_nobody_knows_how_its_change_ended_is_named_until_that_is_known() -> None:
    plan = pictures.five_steps()
    begun = StepRecord(plan=plan.id, index=0, state=StepState.STARTED, attempt=1, started_at=NOW)
    waits = pictures.rollout(plan=plan.id, step=begun, wake_at=NOW + timedelta(seconds=5))

    def shown(rollout: Rollout) -> str:
        picture = replace(pictures.picture(UnitStanding(unit=SHOP, rollout=rollout)), plans={plan.id: plan})
        return " ".join(f"{status_text(picture).plain} {explain_text(picture, SHOP).plain}".split())

    assert "how the change on web-1 ended is not known yet" in shown(waits)
    assert "not known how the change on web-1 ended; either it goes on there" in shown(waits)
    assert "not known" not in shown(replace(waits, step=replace(begun, targets_done=("web-1",))))
    assert "not known" not in shown(replace(waits, wake_at=None))


def test_a_revert_that_failed_is_told_although_the_unit_is_held() -> None:
    known = pictures.held(SHOP)
    failed = WaitingOn(Reason.REVERT_FAILED, "the revert failed: health check http failed on web-1")
    assert known.assessed
    picture = pictures.picture(replace(known, assessed=replace(known.assessed, waiting=failed)))
    told = " ".join(status_text(picture).plain.split())
    assert "shop@production: the revert failed: health check http failed on web-1." in told
    assert "shop@production is held at" in told
    assert needs_a_person(picture)


WAITS = {
    Reason.TIME: (False, "waits (time): so it is; it goes on in 5 s (12:00:05Z)."),
    Reason.ANALYSIS: (False, "waits (analysis): so it is; the next figure is asked for in 5 s (12:00:05Z)."),
    Reason.TRAFFIC: (False, "waits (traffic): so it is; in 5 s (12:00:05Z) at the latest."),
    Reason.PROMOTION: (
        True,
        "waits for a person at step 1 of 5: so it is; in 5 s (12:00:05Z) at the latest. To decide: ",
    ),
    Reason.UNCLEAR: (
        True,
        "waits for a person at step 1 of 5: so it is; in 5 s (12:00:05Z) at the latest. To decide: ",
    ),
}


@pytest.mark.parametrize("reason", WAITS)
def test_a_rollout_that_waits_says_what_for_and_whether_a_person_is_needed(reason: Reason) -> None:
    person, words = WAITS[reason]
    waiting = WaitingOn(reason, "so it is", NOW + timedelta(seconds=5))
    picture = pictures.picture(UnitStanding(unit=SHOP, rollout=pictures.rollout(waiting=waiting)))
    assert words in " ".join(status_text(picture).plain.split())
    assert needs_a_person(picture) is person
    (unit,) = status_json(picture)["units"]
    assert unit["waiting"]["reason"] == reason.value


def test_a_load_balancer_that_is_away_is_named_while_a_rollout_waits_for_something_else() -> None:
    picture = pictures.picture(UnitStanding(unit=SHOP, rollout=pictures.rollout(not_upheld="lb-1 is away")))
    for text in (status_text(picture).plain, explain_text(picture, SHOP).plain):
        assert "lb-1 is away" in text


@pytest.mark.parametrize(
    ("digest", "word"), [(pictures.BAD_DIGEST, Word.IN_SYNC), (pictures.GOOD_DIGEST, Word.PENDING)]
)
def test_the_end_of_a_rollout_counts_until_a_pass_has_looked_at_another_state(digest: str, word: Word) -> None:
    ended = pictures.rollout(state=State.SUCCEEDED, digest=digest)
    seen = pictures.assessed(SHOP, in_sync=False)
    known = UnitStanding(unit=SHOP, last=ended, assessed=seen)
    assert place(pictures.picture(known), SHOP).word is word


@pytest.mark.parametrize(
    ("name", "expected"),
    [("fleet", True), ("calm", False), ("refused", True), ("stopped", True), ("ailing", True), ("nobody", False)],
)
def test_a_person_is_needed_when_anything_is_held_or_waits(name: str, expected: bool) -> None:
    assert needs_a_person(pictures.PICTURES[name]()) is expected


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_status_fits_80_columns(name: str) -> None:
    lines = status_text(pictures.PICTURES[name]()).plain.split("\n")
    assert [line for line in lines if len(line) > 80] == []


def test_a_verdict_on_a_state_that_git_no_longer_asks_for_holds_nothing() -> None:
    known = pictures.held(SHOP)
    assert known.assessed
    back = replace(known, assessed=replace(known.assessed, commit=NEWER, waiting=None, rejected=None))
    picture = pictures.picture(back)
    assert place(picture, SHOP).word == "in sync"
    assert not may_retry(picture, SHOP)


@pytest.mark.parametrize(
    ("name", "expected"), [("held", True), ("backing-off", True), ("in-sync", False), ("rolling", False)]
)
def test_only_what_failed_can_be_retried(name: str, expected: bool) -> None:
    assert may_retry(pictures.fleet(), pictures.named(name)) is expected


def test_history_is_shown_as_accepted(regolden: bool) -> None:
    rollouts = [
        pictures.rollout(cursor=2),
        pictures.rollout(
            state=State.REVERTED,
            reason="http :8080/healthz on web-1: status 500, 3 times in a row",
            failures=(TargetFailure(target="web-1", batch=1, reason="status 500"),),
        ),
        pictures.rollout(state=State.SUCCEEDED, cause=Cause.DRIFT, started_at=NOW - timedelta(days=2, minutes=4)),
    ]
    require_golden("history.txt", history_text(rollouts, NOW).plain + "\n", accept=regolden)
    require_golden("history.json", json.dumps(history_json(rollouts), indent=2) + "\n", accept=regolden)


def test_a_fleet_without_history_says_so() -> None:
    assert history_text([], NOW).plain == "Nothing was rolled out yet."


def test_events_are_shown_as_accepted(regolden: bool) -> None:
    record = StepRecord(plan="p", index=0, state=StepState.FAILED, attempt=1, started_at=NOW)
    resource = unit(targets=("web-1",)).resources[0]
    events: list[Event] = [
        CommitAccepted(commit=NEWER, subject="shop 1.4.2"),
        CommitRefused(commit=NEWER, subject="x", problems=(Problem(file="a.yaml", line=1, column=2, message="wrong"),)),
        RolloutMoved(rollout="r1", unit=SHOP, before=None, after="pending", reason="new commit"),
        RolloutMoved(rollout="r1", unit=SHOP, before="running", after="revert_needed", reason=""),
        StepStarted(rollout="r1", unit=SHOP, record=record, what="batch 1: web-1"),
        StepEnded(rollout="r1", unit=SHOP, record=record, what="batch 1: web-1", detail="disk \x1b[31mfull"),
        ResourcesApplied(unit=SHOP, applied=(Owned(resource=resource, created=True),)),
        ResourcesApplied(unit=SHOP, removed=(ResourceId(SHOP, "web-1", "file", "/etc/old"),)),
        Healed(rollout="r1", unit=SHOP, mended=(Mended(resource=resource.id, fields=("mode",)),)),
        VerdictGiven(unit=SHOP, digest="d", verdict=Verdict.BAD, reason="unhealthy", commit=NEWER),
        SnapshotTaken(unit=unit(commit=GOOD)),
        pictures.assessed(SHOP),
        Paused(unit=None, author="ann", reason="network work"),
        Resumed(unit=SHOP, author="ann", reason=""),
        RetryRequested(unit=SHOP, author="ann", reason="the database is back"),
    ]
    entries = [Entry(number, NOW + timedelta(hours=number), event) for number, event in enumerate(events, start=1)]
    require_golden("events.txt", events_text(entries).plain + "\n", accept=regolden)
    shown = json.dumps(events_json(entries))
    assert json.loads(shown)["events"][0]["event"]["commit"] == NEWER


def test_explain_names_who_is_in_a_fight() -> None:
    text = " ".join(explain_text(pictures.fought(), SHOP).plain.split())
    assert "file:/etc/shop.conf on web-1 was healed 4 times in 3m and drifted again: content, mode changed" in text
    assert "reconciler plan --unit shop@production --out FILE" in text


@pytest.mark.parametrize("evil", ["\x1b[2J", "a\nb", "\u202eevil", "\x9b31m"])
def test_nothing_from_outside_reaches_the_terminal_as_a_control(evil: str) -> None:
    known = pictures.held(pictures.named(f"x{evil}"))
    assert known.assessed
    assert known.last
    known = replace(
        known,
        assessed=replace(known.assessed, version=evil, drifted=(evil,), unseen=(evil,)),
        last=replace(known.last, reason=evil),
        verdicts={digest: replace(each, reason=evil) for digest, each in known.verdicts.items()},
    )
    pause = Paused(unit=known.unit, author=evil, reason=evil)
    picture = pictures.picture(replace(known, paused=pause), accepted=CommitAccepted(commit=evil, subject=evil))
    shown = [status_text(picture), explain_text(picture, known.unit), history_text([known.last], NOW)]
    text = "".join(each.plain for each in shown)
    assert {char for char in text if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"} == set()
    assert "\nb" not in text
