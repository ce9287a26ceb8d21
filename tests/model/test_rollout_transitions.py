"""The one transition table of rollouts."""

import pytest

from reconciler.model.rollout import ENDS, TRANSITIONS, IllegalTransition, State, Trigger, next_state

LEGAL = [
    ("pending", "start", "running"),
    ("pending", "pause", "paused"),
    ("running", "advance", "running"),
    ("running", "finish", "succeeded"),
    ("running", "fail", "revert_needed"),
    ("running", "fail_hold", "held"),
    ("running", "pause", "paused"),
    ("pending", "take_back", "aborted"),
    ("running", "take_back", "revert_needed"),
    ("running", "decide", "running"),
    ("paused", "resume", "running"),
    ("paused", "take_back", "revert_needed"),
    ("revert_needed", "revert_planned", "reverting"),
    ("revert_needed", "no_revert", "held"),
    ("revert_needed", "pause", "revert_paused"),
    ("reverting", "advance", "reverting"),
    ("reverting", "finish", "reverted"),
    ("reverting", "fail", "revert_failed"),
    ("reverting", "fail_hold", "revert_failed"),
    ("reverting", "pause", "revert_paused"),
    ("revert_paused", "resume", "revert_needed"),
    *((state.value, "supersede", "superseded") for state in State if state not in ENDS),
    *((state.value, "abort", "aborted") for state in State if state not in ENDS),
]
ILLEGAL = [
    (state, trigger)
    for state in State
    for trigger in Trigger
    if (state.value, trigger.value) not in {(before, by) for before, by, _ in LEGAL}
]


@pytest.mark.parametrize(("before", "by", "after"), LEGAL)
def test_a_legal_trigger_leads_where_the_table_says(before: str, by: str, after: str) -> None:
    assert next_state(State(before), Trigger(by)) is State(after)


@pytest.mark.parametrize(("state", "trigger"), ILLEGAL)
def test_every_other_trigger_is_refused(state: State, trigger: Trigger) -> None:
    with pytest.raises(IllegalTransition, match=f"a rollout that is {state} cannot {trigger}"):
        next_state(state, trigger)


def test_the_table_speaks_of_every_state_and_ends_lead_nowhere() -> None:
    assert set(TRANSITIONS) == set(State)
    assert {state for state, moves in TRANSITIONS.items() if not moves} == ENDS


def test_a_revert_never_reverts() -> None:
    reverting = {State.REVERTING}
    while True:
        reached = {after for state in reverting for trigger, after in TRANSITIONS[state].items() if trigger != "pause"}
        if reached <= reverting:
            break
        reverting |= reached
    assert State.REVERT_NEEDED not in reverting
    assert State.RUNNING not in reverting
