"""Windows, guardrails, locks and limits before a plan, and what of them reaches a rollout in hand."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import Login, Placed
from reconciler.model.assessment import Assessment
from reconciler.model.change import Cause
from reconciler.model.event import Assessed, Paused, PlanAccepted
from reconciler.model.governance import (
    ApprovalPolicy,
    ApprovalStage,
    AutoApproval,
    ChangeWindow,
    Concurrency,
    Effect,
    GateKind,
    GateWord,
    Governance,
    Guardrail,
    OnConflict,
    WindowMode,
)
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Observation
from reconciler.model.rollout import Rollout, State, Trigger
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.unit import Desired
from reconciler.model.waiting import Reason, WaitingOn
from reconciler.model.word import ApprovalGiven, Locked, Word
from reconciler.plan.consent import as_asked
from tests import factory as f
from tests.plan.test_in_hand import rollout, standing
from tests.policy.waivers import waived

HOUR = timedelta(hours=1)
SHUT = ChangeWindow(
    name="freeze", mode=WindowMode.DENY, begins=f.NOW, ends=f.NOW + 2 * HOUR, overrun=False, manual=True, heals=False
)
LOCK = Locked(unit=None, environment="production", author="ann", reason="audit", at=f.NOW, until=f.NOW + HOUR)
ONE = Concurrency(name="one", at_most=1, over="environment")
RED = f.thing("/etc/paint", colour="red")


def governed(desired: Desired, governance: Governance) -> Desired:
    placed = {unit: Placed(environment={"tier": "critical"}) for unit in desired.units}
    return replace(desired, governance=dict.fromkeys(desired.units, governance), placed=placed)


def at_rest(governance: Governance, known: Standing | None = None, now: datetime = f.NOW) -> Assessment:
    (found,) = f.assess(governed(f.desired(f.unit(RED)), governance), f.absent(RED), known, now)
    return found


def said(*words: Word, **more: object) -> Standing:
    return Standing(units={f.SHOP: UnitStanding(unit=f.SHOP, words=words, **more)})


def refusing(rule: str, effect: Effect = Effect.REFUSE) -> Governance:
    asked = ApprovalPolicy(name="rule", stages=(ApprovalStage(roles=("sre",)),), auto=AutoApproval(causes=()))
    approval = asked if effect is Effect.APPROVE else None
    return Governance(guardrails=(Guardrail(name="rule", rule=rule, effect=effect, message="no", approval=approval),))


def test_a_plan_waits_for_the_window_and_says_when_it_opens():
    found = at_rest(Governance(windows=(SHUT,)))
    detail = "shut by freeze; opens 2026-03-01 14:00 UTC; a plan that is applied by hand may pass"
    assert found.waiting == WaitingOn(Reason.WINDOW, detail, f.NOW + 2 * HOUR)
    assert found.plan is not None
    assert at_rest(Governance(windows=(SHUT,)), now=f.NOW + 2 * HOUR).waiting is None


def test_what_is_approved_begins_when_a_window_opens_once_a_week():
    sundays = ChangeWindow(name="sundays", mode=WindowMode.ALLOW, cron="0 2 * * 0", duration=HOUR)
    approval = ApprovalPolicy(name="somebody", stages=(ApprovalStage(),), separate=False)
    both = Governance(approvals=(approval,), windows=(sundays,))
    found = at_rest(both)
    assert found.plan
    yes = ApprovalGiven(unit=f.SHOP, plan=as_asked(found.plan).id, author="ann", roles=(), login=Login.LOCAL, at=f.NOW)
    approved = said(*found.notices, yes)
    shut = at_rest(both, approved).waiting
    assert shut
    assert (shut.reason, shut.until) == (Reason.WINDOW, f.NOW.replace(day=8, hour=2))
    assert at_rest(both, approved, f.NOW.replace(day=8, hour=2)).waiting is None


def test_the_plan_that_a_person_applies_by_hand_passes_a_window_that_allows_it_and_no_other():
    plan = at_rest(Governance(windows=(SHUT,))).plan
    assert plan
    by_hand = [PlanAccepted(unit=f.SHOP, plan=each, author="ann") for each in (plan.id, "another")]
    assert at_rest(Governance(windows=(SHUT,)), said(accepted=by_hand[0])).waiting is None
    assert at_rest(Governance(windows=(SHUT,)), said(accepted=by_hand[1])).waiting
    strict = replace(SHUT, manual=False)
    assert at_rest(Governance(windows=(strict,)), said(accepted=by_hand[0])).waiting


def test_a_waiver_passes_the_gates_that_it_names_and_no_others():
    rules = Governance(windows=(SHUT,))
    window = waived(GateKind.WINDOW, until=f.NOW + HOUR)
    assert at_rest(rules, said(window)).waiting is None
    assert [each.stands for each in at_rest(rules, said(window)).gates] == [GateWord.WAIVED]
    assert at_rest(rules, said(waived(GateKind.LOCK, until=f.NOW + HOUR))).waiting
    assert at_rest(rules, said(window), f.NOW + HOUR).waiting


@pytest.mark.parametrize("where", ["unit", "environment"])
def test_a_lock_keeps_anything_from_beginning_until_it_runs_out(where):
    lock = replace(LOCK, unit=f.SHOP, environment="") if where == "unit" else LOCK
    known = said(lock) if where == "unit" else Standing(words=(lock,))
    found = at_rest(Governance(), known)
    assert found.waiting
    assert (found.waiting.reason, found.waiting.until) == (Reason.LOCKED, f.NOW + HOUR)
    assert "locked by ann" in found.waiting.detail
    assert at_rest(Governance(), known, f.NOW + HOUR).waiting is None


def test_a_rule_that_does_not_hold_refuses_the_plan():
    found = at_rest(refusing("plan.creates.size() == 0 || env.tier != 'critical'"))
    assert found.waiting
    assert found.waiting.reason is Reason.GUARDRAIL
    assert found.waiting.detail.startswith("refused by rule: no")
    assert at_rest(refusing("plan.creates.size() == 1")).waiting is None


def test_a_rule_that_only_warns_is_shown_and_keeps_nothing():
    found = at_rest(refusing("false", Effect.WARN))
    assert found.waiting is None
    assert [(each.stands, each.detail) for each in found.gates] == [(GateWord.WARNS, "rule: no")]


def test_a_rule_that_asks_has_people_asked_about_the_plan_also_for_a_heal():
    found = at_rest(refusing("false", Effect.APPROVE))
    assert found.waiting
    assert found.waiting.reason is Reason.APPROVAL
    assert [each.kind for each in found.gates] == [GateKind.GUARDRAIL, GateKind.APPROVAL]
    assert [each.event for each in found.notices] == ["approval_asked"]
    assert at_rest(refusing("true", Effect.APPROVE)).gates[0].stands is GateWord.OPEN


def test_nobody_is_asked_about_a_plan_that_is_refused_anyway():
    asking, refuses = refusing("false", Effect.APPROVE), refusing("false")
    both = Governance(guardrails=(*asking.guardrails, replace(refuses.guardrails[0], name="never")))
    assert at_rest(both).notices == ()


SOME = st.builds(
    Governance,
    windows=st.lists(st.sampled_from([SHUT, replace(SHUT, mode=WindowMode.ALLOW)]), max_size=2).map(tuple),
    guardrails=st.lists(
        st.builds(
            Guardrail,
            name=st.sampled_from("ab"),
            rule=st.sampled_from(["true", "false", "env.nothing == 1", "plan.creates.size() > 0"]),
            effect=st.sampled_from([Effect.WARN, Effect.REFUSE]),
            message=st.just("no"),
            reverts=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    concurrency=st.lists(st.sampled_from([ONE, replace(ONE, on_conflict=OnConflict.FAIL)]), max_size=1).map(tuple),
)
WORDS = st.lists(st.sampled_from([LOCK, *(waived(each, until=f.NOW + HOUR) for each in GateKind)]), max_size=3).map(
    tuple
)


@given(SOME, WORDS, st.sampled_from([-HOUR, timedelta(0), HOUR, 3 * HOUR]))
def test_nothing_begins_while_a_gate_is_shut_and_the_first_that_is_shut_is_told(governance, words, later):
    found = at_rest(governance, said(*words), f.NOW + later)
    shut = [each for each in found.gates if each.stands in (GateWord.PENDING, GateWord.CLOSED)]
    assert found.plan is not None
    assert (found.waiting is None) == (not shut)
    if found.waiting:
        assert (found.waiting.detail, found.waiting.until) == (shut[0].detail, shut[0].until)
    waived_now = {gate for each in words if each != LOCK and f.NOW + later < each.until for gate in each.gates}
    assert not any(each.kind in waived_now for each in shut)
    assert found == at_rest(governance, said(*words), f.NOW + later)


def fleet(*apps: str) -> tuple[Desired, dict[ResourceId, Observation]]:
    units = []
    for app in apps:
        unit = UnitId(app, "production")
        units.append(f.unit(f.thing(f"/{app}", unit=unit), of=unit))
    seen = f.absent(*(each for unit in units for each in unit.resources))
    return governed(f.desired(*units), Governance(concurrency=(ONE,))), seen


def begins(assessments: tuple[Assessment, ...]) -> list[str]:
    return [each.unit.app for each in assessments if each.plan and not each.waiting]


def test_a_limit_holds_within_one_pass_and_the_first_by_name_begins():
    wanted, seen = fleet("cart", "shop", "till")
    found = f.assess(wanted, seen)
    assert begins(found) == ["cart"]
    waiting = [each.waiting.detail for each in found if each.waiting]
    assert waiting == ["waits for cart@production (one: 1 at once)"] * 2


def test_what_is_in_hand_takes_a_place_and_what_has_ended_leaves_it():
    wanted, seen = fleet("cart", "shop")
    till = UnitId("till", "production")
    busy = UnitId("shop", "production")
    known = Standing(units={busy: UnitStanding(unit=busy, rollout=replace(rollout(), unit=busy))})
    assert begins(f.assess(wanted, seen, known)) == []
    elsewhere = Standing(units={till: UnitStanding(unit=till, rollout=replace(rollout(), unit=till))})
    assert begins(f.assess(wanted, seen, elsewhere)) == ["cart"]


def test_what_wants_an_archive_that_cannot_be_had_takes_nobodys_place():
    wanted, seen = fleet("cart", "shop")
    cart = UnitId("cart", "production")
    blocked = Assessed(
        unit=cart, commit="c1", digest="d", version="1", in_sync=False,
        waiting=WaitingOn(Reason.BLOCKED, "no such archive"),
    )  # fmt: skip
    known = Standing(units={cart: UnitStanding(unit=cart, assessed=blocked)})
    found = f.assess(wanted, seen, known)
    assert begins(found) == ["shop"]
    assert [each.unit.app for each in found] == ["cart", "shop"]


def test_what_is_refused_beside_others_is_written_down_once_and_stays_refused():
    wanted, seen = fleet("cart", "shop")
    never = Governance(concurrency=(replace(ONE, on_conflict=OnConflict.FAIL),))
    wanted = governed(wanted, never)
    _, shop = f.assess(wanted, seen)
    assert shop.waiting
    assert shop.waiting.reason is Reason.CONCURRENCY
    (word,) = shop.notices
    known = Standing(units={each: UnitStanding(unit=each, words=(word,)) for each in (shop.unit,)})
    alone = replace(wanted, units={shop.unit: wanted.units[shop.unit]})
    (again,) = f.assess(alone, seen, known)
    assert again.waiting == shop.waiting
    assert again.notices == ()


def in_hand(of: Rollout, now: datetime = f.NOW, *words: Word, window: ChangeWindow = SHUT) -> Assessment:
    known = standing(of)
    known = replace(known, units={f.SHOP: replace(known.of(f.SHOP), words=words)})
    unit = f.unit(RED, commit="c2", version="2")
    (found,) = f.assess(governed(f.desired(unit), Governance(windows=(window,))), {}, known, now)
    return found


UNIT = f.unit(RED, commit="c2", version="2")
BEFORE = replace(rollout(UNIT), started_at=f.NOW - HOUR)


def test_a_window_that_shuts_pauses_what_runs_and_says_when_it_goes_on():
    found = in_hand(BEFORE)
    assert found.signal
    assert (found.signal.trigger, found.signal.reason) == (
        Trigger.PAUSE,
        "paused by freeze; goes on 2026-03-01 14:00 UTC",
    )
    paused = in_hand(replace(BEFORE, state=State.PAUSED))
    assert paused.signal is None
    assert paused.waiting == WaitingOn(Reason.WINDOW, found.signal.reason, f.NOW + 2 * HOUR)


def test_what_it_paused_goes_on_when_it_opens_and_when_somebody_waives_it():
    paused = replace(BEFORE, state=State.PAUSED)
    for found in (
        in_hand(paused, f.NOW + 2 * HOUR),
        in_hand(paused, f.NOW, waived(GateKind.WINDOW, until=f.NOW + HOUR)),
    ):
        assert found.signal
        assert found.signal.trigger is Trigger.RESUME


def test_right_before_it_shuts_the_loop_knows_when_to_look_again():
    (gate,) = in_hand(BEFORE, f.NOW - timedelta(seconds=1)).gates
    assert (gate.stands, gate.until) == (GateWord.OPEN, f.NOW)


@pytest.mark.parametrize("window", [replace(SHUT, overrun=True), replace(SHUT, begins=f.NOW - 2 * HOUR)])
def test_what_may_overrun_or_began_while_it_was_shut_goes_on(window):
    found = in_hand(BEFORE, window=window)
    assert (found.signal, found.waiting) == (None, None)


@pytest.mark.parametrize("state", [State.REVERT_NEEDED, State.REVERTING])
def test_a_way_back_is_held_up_by_no_window(state):
    found = in_hand(replace(BEFORE, state=state), window=replace(SHUT, reverts=False))
    assert found.signal is None or found.signal.trigger is not Trigger.PAUSE
    assert found.waiting is None or found.waiting.reason is not Reason.WINDOW


def test_a_way_back_that_a_person_paused_goes_on_in_a_window_that_is_shut():
    found = in_hand(replace(BEFORE, state=State.REVERT_PAUSED), window=replace(SHUT, reverts=False))
    assert found.signal
    assert found.signal.trigger is Trigger.RESUME


def test_a_persons_pause_beats_a_window_that_opens():
    known = standing(replace(BEFORE, state=State.PAUSED), paused=Paused(unit=f.SHOP, author="ada", reason="looking"))
    wanted = governed(f.desired(UNIT), Governance(windows=(SHUT,)))
    for now in (f.NOW, f.NOW + 2 * HOUR):
        (found,) = f.assess(wanted, {}, known, now)
        assert found.signal is None
        assert found.waiting == WaitingOn(Reason.PAUSED, "paused by ada: looking")


def test_a_lock_that_is_taken_while_it_runs_lets_it_go_on_to_its_end_and_says_so():
    found = in_hand(BEFORE, f.NOW - timedelta(minutes=1), replace(LOCK, unit=f.SHOP, environment=""))
    assert (found.signal, found.waiting) == (None, None)
    lock = found.gates[-1]
    assert lock.stands is GateWord.WARNS
    assert lock.detail.startswith(
        "the rollout in hand goes on to its end, nothing new begins: shop@production is locked"
    )


WAITS = replace(BEFORE, state=State.PENDING)
OVERRUN = replace(SHUT, overrun=True)


@pytest.mark.parametrize(
    ("words", "window", "reason"),
    [
        ((LOCK,), replace(OVERRUN, begins=f.NOW + HOUR), "not begun yet, and production is locked by ann since "),
        ((replace(LOCK, unit=f.SHOP, environment=""),), OVERRUN, "not begun yet, and shop@production is locked by ann"),
        ((), OVERRUN, "not begun yet, and shut by freeze; opens 2026-03-01 14:00 UTC"),
        ((), replace(OVERRUN, ends=None), "not begun yet, and shut by freeze; never opens as far as can be seen"),
    ],
)
def test_what_has_not_begun_when_a_gate_shuts_is_judged_anew(words, window, reason):
    found = in_hand(WAITS, f.NOW, *words, window=window)
    assert found.signal
    assert found.signal.trigger is Trigger.SUPERSEDE
    assert found.signal.reason.startswith(reason)


def test_what_was_let_begin_begins_also_after_a_crash():
    waived_all = waived(GateKind.WINDOW, GateKind.LOCK, until=f.NOW + HOUR)
    assert in_hand(WAITS, f.NOW, LOCK, waived_all, window=OVERRUN).signal is None
    assert in_hand(WAITS, window=replace(OVERRUN, begins=f.NOW - 2 * HOUR)).signal is None
    assert in_hand(WAITS, f.NOW + 2 * HOUR, window=OVERRUN).signal is None


def test_a_heal_that_the_window_lets_pass_is_not_paused_by_it():
    heal = replace(BEFORE, cause=Cause.DRIFT)
    assert in_hand(heal, window=replace(SHUT, heals=True)).signal is None
    assert in_hand(heal).signal
