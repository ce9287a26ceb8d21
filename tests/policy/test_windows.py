"""Whether changes may begin now and when they may again: as a table, and what is so whatever the windows are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from reconciler.desired.window_documents import ChangeWindowSpec
from reconciler.model.change import Cause
from reconciler.model.governance import ChangeWindow, GateKind, GateWord, WindowMode
from reconciler.policy.windows import Plea, closes, gate, keeping, opens, passage, phase, shutting
from reconciler.providers.clock import SystemClock

CASES = yaml.load((Path(__file__).parent / "windows.yaml").read_text(), Loader=yaml.BaseLoader)
COMMIT = Plea(Cause.COMMIT)


def window(name: str, **said: Any) -> ChangeWindow:
    flags = {key: value == "true" for key, value in said.items() if value in ("true", "false")}
    return ChangeWindowSpec.model_validate({**said, **flags}).to_model(name)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_how_the_gate_stands(case: dict[str, Any]) -> None:
    windows = tuple(window(**each) for each in case["windows"])
    plea = Plea(Cause(case.get("cause", "commit")), by_hand=case.get("by_hand") == "true")
    found = gate(windows, plea, at(case["now"]))
    if found is None:
        assert case["stands"] == "none"
        return
    assert found.kind is GateKind.WINDOW
    assert found.stands == case["stands"]
    if "detail" in case:
        assert found.detail == case["detail"]
    if "until" in case or found.stands is GateWord.CLOSED:
        assert found.until == (at(case["until"]) if "until" in case else None)


ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Auckland"]
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001
FLAGS = {name: st.booleans() for name in ("manual", "overrun", "reverts", "heals")}
COMING = st.builds(
    ChangeWindow,
    name=st.sampled_from("abc"),
    mode=st.sampled_from([*WindowMode]),
    cron=st.sampled_from(["0 9 * * 1-5", "30 2 * * *", "0 * * * *", "0 0 1 * *", "0 22 * * 5", "15 1 * * 0"]),
    duration=st.sampled_from([timedelta(minutes=20), timedelta(hours=3), timedelta(hours=30)]),
    zone=ZONES,
    **FLAGS,
)
ONCE = st.builds(
    lambda begins, length, **more: ChangeWindow(begins=begins, ends=begins + length, **more),
    MOMENTS,
    st.timedeltas(timedelta(seconds=1), timedelta(days=90)),
    name=st.sampled_from("xyz"),
    mode=st.sampled_from([*WindowMode]),
    **FLAGS,
)
SOME = st.lists(COMING | ONCE, max_size=4).map(tuple)
PLEAS = st.builds(Plea, st.sampled_from([*Cause]), st.booleans())
SECOND = timedelta(seconds=1)


@given(SOME, PLEAS, MOMENTS)
def test_what_is_shut_stays_so_until_it_opens_and_is_open_then(windows, plea, now):
    opening = opens(windows, plea, now)
    if opening is None:
        assert keeping(windows, plea, now)
        return
    assert not keeping(windows, plea, opening)
    if opening > now:
        assert keeping(windows, plea, now)
        assert keeping(windows, plea, opening - SECOND)
        between = now + (opening - now) / 3
        assert keeping(windows, plea, between)
        assert opens(windows, plea, between) == opening


@given(SOME, PLEAS, MOMENTS)
def test_what_is_open_stays_so_until_it_closes_and_is_shut_then(windows, plea, now):
    closing = closes(windows, plea, now)
    if closing is not None and not keeping(windows, plea, now):
        assert keeping(windows, plea, closing)
        assert not keeping(windows, plea, now + (closing - now) / 3)
        assert not keeping(windows, plea, max(now, closing - SECOND))


@given(COMING, MOMENTS)
def test_a_window_is_as_it_is_from_its_first_moment_to_right_before_its_end(each, now):
    found = phase(each, now)
    assert found.until is None or found.until > now
    if found.until:
        assert phase(each, found.until).on is not found.on
        assert phase(each, found.until - SECOND).on is found.on or found.until - SECOND < now


@given(SOME, PLEAS, MOMENTS)
def test_an_active_deny_shuts_and_so_do_allows_of_which_none_is_on(windows, plea, now):
    on = [each for each in windows if phase(each, now).on]
    allows = [each for each in windows if each.mode is WindowMode.ALLOW]
    denied = any(each.mode is WindowMode.DENY for each in on)
    assert bool(shutting(windows, now)) == (denied or (bool(allows) and not any(each in on for each in allows)))
    assert {*keeping(windows, plea, now)} <= {*shutting(windows, now)}
    if not any(each.manual for each in windows):
        assert keeping(windows, plea, now) == keeping(windows, Plea(plea.cause), now)


@given(SOME, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_a_rollout_is_held_up_only_by_what_has_shut_since_it_began_and_allows_no_overrun(windows, began, ago):
    now = began + ago
    found = passage(windows, COMMIT, began, now)
    since = [each for each in keeping(windows, COMMIT, now) if each not in shutting(windows, began)]
    held_up = found is not None and found.stands is not GateWord.OPEN
    assert held_up == any(not each.overrun for each in since)
    if found and found.until:
        assert found.until > now
        then = passage(windows, COMMIT, began, found.until)
        assert then is not None
        assert (then.stands is GateWord.OPEN) == held_up


def test_a_rollout_that_somebody_began_by_hand_in_a_window_that_is_shut_goes_on():
    strict = window("nights", mode="allow", cron="0 22 * * *", duration="2h", overrun=False, manual=True)
    began = at("2026-03-02T12:00+00:00")
    assert passage((strict,), COMMIT, began, began + timedelta(hours=1)) is None


def test_a_rollout_is_paused_when_the_window_shuts_and_goes_on_when_it_opens():
    strict = window("nights", mode="allow", cron="0 22 * * *", duration="2h", overrun=False)
    began = at("2026-03-02T23:00+00:00")
    before = passage((strict,), COMMIT, began, at("2026-03-02T23:59:59+00:00"))
    after = passage((strict,), COMMIT, began, at("2026-03-03T00:00+00:00"))
    assert before
    assert (before.stands, before.until) == (GateWord.OPEN, at("2026-03-03T00:00+00:00"))
    assert after
    assert (after.stands, after.until) == (GateWord.PENDING, at("2026-03-03T22:00+00:00"))
    assert after.detail == "paused by nights; goes on 2026-03-03 22:00 UTC"


@pytest.mark.parametrize(
    ("moment", "stands"),
    [
        ("2026-12-19 22:59:59.999", GateWord.OPEN),
        ("2026-12-19 23:00:00", GateWord.PENDING),
        ("2026-12-26 22:59:59.999", GateWord.PENDING),
        ("2026-12-26 23:00:00", GateWord.OPEN),
    ],
)
def test_the_clock_of_the_daemon_at_the_edges_of_a_freeze(moment, stands):
    freeze = window("freeze", mode="deny", **{"from": "2026-12-20", "to": "2026-12-27", "zone": "Europe/Berlin"})
    with freeze_time(moment, real_asyncio=True):
        found = gate((freeze,), COMMIT, SystemClock().now())
    assert found is not None
    assert found.stands is stands
