"""What follows from locks, waivers and looks, and that no ruling is about a unit that nobody knows."""

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.control.asked import Asked
from reconciler.control.ruling import rule, unit_of
from reconciler.daemon.rulebook import action_of
from reconciler.model.access import Action, Identity, Login
from reconciler.model.asking import (
    FactorNeeded,
    Lock,
    Refused,
    Request,
    Retry,
    ReviewWaiver,
    Sync,
    Unlock,
    Waive,
)
from reconciler.model.event import RetryRequested
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import Locked, Unlocked, Waived, WaiverReviewed
from reconciler.policy.in_force import in_force
from tests.cli.examples import NOW, SHOP
from tests.control.asking import BANK, HOUR, asked, governed, picture, waiting

STAGING = UnitId("shop", "staging")


def refusal(request: Request, seen, who: Asked) -> str:
    with pytest.raises(Refused) as refused:
        rule(request, seen, who)
    return str(refused.value)


def locked(**more: object) -> Locked:
    made = Locked(unit=SHOP, environment="production", author="bob", reason="a fire", at=NOW - HOUR)
    return replace(made, **more)  # type: ignore[arg-type]


def waived(**more: object) -> Waived:
    made = Waived(
        id="w1", unit=SHOP, gates=(GateKind.WINDOW,), author="ann", reason="fire", until=NOW + HOUR, at=NOW - HOUR
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_unit_is_locked_for_a_time_or_until_it_is_unlocked() -> None:
    request = Lock(unit=SHOP, environment="", reason="a fire", duration=2 * HOUR)
    ruling = rule(request, picture(waiting()), asked())
    assert ruling.events == (
        Locked(unit=SHOP, environment="production", author="ann", reason="a fire", at=NOW, until=NOW + 2 * HOUR),
    )
    assert "until 2026-03-01 14:00 UTC. To end it: reconciler unlock shop@production" in ruling.said
    for_good = rule(replace(request, duration=None), picture(waiting()), asked())
    assert "until it is unlocked" in for_good.said


def test_an_environment_is_locked_by_its_name() -> None:
    request = Lock(unit=None, environment="production", reason="a fire")
    ruling = rule(request, picture(waiting()), asked())
    assert "Locked environment production until it is unlocked" in ruling.said
    assert "To end it: reconciler unlock --environment production" in ruling.said
    elsewhere = replace(request, environment="prod")
    assert "there is no environment prod; there are production" in refusal(elsewhere, picture(waiting()), asked())


def test_a_lock_says_by_whom_and_since_when_and_one_that_ran_out_is_none() -> None:
    request = Lock(unit=SHOP, environment="production", reason="mine")
    told = refusal(request, picture(waiting(locked())), asked())
    assert told == "shop@production is locked already, by bob since 2026-03-01 11:00 UTC: a fire"
    assert rule(request, picture(waiting(locked(until=NOW))), asked()).events
    assert "366 days at most" in refusal(
        replace(request, duration=timedelta(days=900_000)), picture(waiting()), asked()
    )


def test_a_lock_is_taken_away_by_others_too_who_are_told_whose_it_was() -> None:
    request = Unlock(unit=SHOP, environment="production", reason="over")
    ruling = rule(request, picture(waiting(locked())), asked())
    assert ruling.events == (Unlocked(unit=SHOP, environment="production", author="ann", reason="over", at=NOW),)
    assert ruling.said == "Unlocked shop@production; it was locked by bob since 2026-03-01 11:00 UTC: a fire"


def test_what_is_not_locked_by_itself_says_what_is() -> None:
    whole = locked(unit=None)
    unlock = Unlock(unit=SHOP, environment="production")
    assert "its environment is: reconciler unlock --environment production" in refusal(
        unlock, picture(waiting(), words=(whole,)), asked()
    )
    assert "these units are: shop@production" in refusal(
        replace(unlock, unit=None), picture(waiting(locked())), asked()
    )


@given(st.lists(st.tuples(st.sampled_from([SHOP, BANK, None]), st.booleans()), max_size=8))
def test_a_lock_and_its_end_leave_nothing_and_never_touch_another(steps: list[tuple[UnitId | None, bool]]) -> None:
    words: dict[UnitId | None, tuple] = {SHOP: (), BANK: (), None: ()}
    expected: set[UnitId | None] = set()
    for unit, lock in steps:
        seen = picture(waiting(*words[SHOP]), replace(waiting(unit=BANK), words=words[BANK]), words=words[None])
        kind = Lock if lock else Unlock
        try:
            (event,) = rule(kind(unit=unit, environment="production", reason="x"), seen, asked()).events
        except Refused:
            assert (unit in expected) is lock
            continue
        assert (unit in expected) is not lock
        words[unit] = in_force(words[unit], event)  # type: ignore[arg-type]
        expected ^= {unit}
    assert {unit for unit, said in words.items() if said} == expected


def test_a_waiver_is_loud_short_and_has_to_be_reviewed() -> None:
    request = Waive(unit=SHOP, gates=(GateKind.WINDOW, GateKind.WINDOW), reason="a fire")
    ruling = rule(request, picture(waiting()), asked())
    (event,) = ruling.events
    assert event == waived(author="ann", reason="a fire", at=NOW)
    assert event.emergency  # type: ignore[union-attr]
    assert "reconciler review-waiver shop@production w1 --finding TEXT" in ruling.said
    assert "a waiver lasts 1d at most" in refusal(replace(request, duration=25 * HOUR), picture(waiting()), asked())
    assert "name the gates" in refusal(replace(request, gates=()), picture(waiting()), asked())


def test_the_glass_is_broken_with_the_second_factor_that_its_approvals_want() -> None:
    request = Waive(unit=SHOP, gates=(GateKind.APPROVAL,), reason="a fire")
    strict = governed(second_factor=True)
    with pytest.raises(FactorNeeded):
        rule(request, picture(waiting()), asked(governance=strict))
    assert rule(request, picture(waiting()), asked(governance=strict, factor=True)).events


def test_a_waiver_is_reviewed_by_somebody_else() -> None:
    request = ReviewWaiver(unit=SHOP, id="w1", finding="was right")
    seen = picture(waiting(waived()))
    assert "somebody else has to review it" in refusal(request, seen, asked("ann"))
    oidc = Identity(name="0a1b2c", login=Login.OIDC, emails=("ann@example.net",))
    assert "somebody else has to review it" in refusal(request, seen, asked(who=oidc))
    opaque = picture(waiting(waived(author="x", emails=("Ann@example.net",))))
    assert "somebody else has to review it" in refusal(request, opaque, asked(who=oidc))
    ruling = rule(request, seen, asked("bob"))
    assert ruling.events == (WaiverReviewed(id="w1", unit=SHOP, author="bob", finding="was right", at=NOW),)
    assert "there is no waiver w2 of shop@production; there are w1" in refusal(
        replace(request, id="w2"), seen, asked("bob")
    )
    assert "there is none to review" in refusal(request, picture(waiting()), asked("bob"))


def test_a_look_is_asked_for_only_where_somebody_is_at_work() -> None:
    assert rule(Sync(unit=SHOP), picture(waiting()), asked()).events == ()
    assert "nobody is at work" in refusal(Sync(unit=SHOP), picture(waiting(), at_work=False), asked())


def test_what_people_did_not_consent_to_is_asked_about_again_by_retry() -> None:
    known = waiting()
    assert known.assessed
    refused = replace(known.assessed, waiting=WaitingOn(Reason.DISAPPROVED, "bob refused it: no"))
    ruling = rule(Retry(unit=SHOP, reason="talked"), picture(replace(known, assessed=refused)), asked())
    assert ruling.events == (RetryRequested(unit=SHOP, author="ann", reason="talked"),)
    assert "people are asked again" in ruling.said
    assert "is not rejected" in refusal(Retry(unit=SHOP, reason="x"), picture(known), asked())


def test_a_unit_that_nobody_knows_is_told_with_the_nearest_to_who_may_read_all() -> None:
    request = Sync(unit=UnitId("shpo", "production"))
    owner = asked(who=Identity(name="root", login=Login.LOCAL, owner=True))
    near = "there is no unit shpo@production; did you mean shop@production?"
    assert refusal(request, picture(waiting()), owner) == near
    assert refusal(request, picture(waiting()), asked()) == "there is no unit shpo@production"


@pytest.mark.parametrize("kind", get_args(Request), ids=lambda kind: kind.__name__)
def test_each_request_needs_a_right_of_its_own_and_names_its_unit(kind: type[Request]) -> None:
    values = {"unit": SHOP, "to": "bob", "name": "ci", "id": "t", "commit": "3f2a8c1", "environment": "production"}
    fields = kind.__dataclass_fields__
    values |= {"reason": "x", "plan": "p", "gates": (), "finding": "x", "duration": HOUR}
    request = kind(**{name: values[name] for name in fields if name in values})
    assert action_of(request) in Action
    assert (unit_of(request) == SHOP) is ("unit" in fields)
