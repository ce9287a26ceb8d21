"""Rules of planning that hold for every fleet, whatever was seen and whatever is known."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import LEAVING, Action
from reconciler.model.plan import Apply, Plan
from reconciler.model.policy import Amount, Prune, PruneMode, Rolling, RolloutPolicy
from reconciler.model.resource import Absent, DriftMode, Present, Unknown
from reconciler.model.standing import Standing, UnitStanding
from reconciler.model.verdict import Owned, Snapshot, Verdict, VerdictRecord
from reconciler.plan import lint
from reconciler.policy.scope import scope
from tests import factory as f

COLOURS = st.sampled_from(["red", "green", "blue"])
TARGETS = st.sampled_from(["web-1", "web-2", "web-3"])
NAMES = st.sampled_from(["/a", "/a/b", "/c", "/d"])
THINGS = st.builds(lambda name, target, colour: f.thing(name, target, colour=colour), NAMES, TARGETS, COLOURS)
UNITS = st.builds(
    lambda things, policy: f.unit(*things, policy=policy),
    st.lists(THINGS, min_size=1, max_size=10, unique_by=lambda each: each.id),
    st.builds(
        RolloutPolicy,
        name=st.just("p"),
        strategy=st.builds(Rolling, batch_size=st.builds(Amount, st.integers(1, 3))),
        drift=st.sampled_from(DriftMode),
        prune=st.builds(Prune, st.sampled_from(PruneMode), st.builds(Amount, st.integers(0, 100), st.just(True))),
    ),
)
SEEN = st.one_of(
    st.builds(Present, st.fixed_dictionaries({"colour": COLOURS})), st.just(Absent()), st.just(Unknown("away"))
)


@st.composite
def worlds(draw):
    """A unit, what was seen of it and of older things of ours, and what the journal knows."""
    unit = draw(UNITS)
    older = draw(st.lists(THINGS, max_size=5, unique_by=lambda each: each.id))
    named = {each.id for each in unit.resources}
    owned = [
        Owned(resource=each, created=draw(st.booleans()), before=draw(st.sampled_from([(), (each.id.name,)])))
        for each in (*unit.resources, *(each for each in older if each.id not in named))
        if draw(st.booleans())
    ]
    seen = {each.id: draw(SEEN) for each in (*unit.resources, *(o.resource for o in owned))}
    verdicts = {}
    if draw(st.booleans()):
        verdict = draw(st.sampled_from(Verdict))
        verdicts[unit.digest] = VerdictRecord(
            unit=unit.id, digest=unit.digest, verdict=verdict, reason="why", commit=unit.commit, at=f.NOW
        )
    past = draw(st.none() | UNITS | st.just(unit))
    known = UnitStanding(
        unit=unit.id,
        verdicts=verdicts,
        owned={each.resource.id: each for each in owned},
        last_good=Snapshot(replace(past, commit="c0"), f.NOW) if past else None,
    )
    return unit, seen, Standing(units={unit.id: known})


def planned(world) -> Plan | None:
    unit, seen, standing = world
    (found,) = f.assess(f.desired(unit), seen, standing)
    return found.plan


@given(worlds())
def test_nothing_is_done_about_a_target_of_which_anything_is_unknown(world):
    unit, seen, standing = world
    plan = planned(world)
    looked_at = [each.id for resources in scope(f.desired(unit), standing).values() for each in resources]
    unknown = {each.target for each in looked_at if isinstance(seen.get(each, Unknown("")), Unknown)}
    touched = {change.resource.target for change in plan.changes} if plan else set()
    assert not touched & unknown


@given(worlds())
def test_only_what_we_created_is_ever_deleted_and_only_what_we_took_over_put_back(world):
    _, _, standing = world
    plan = planned(world)
    created = {each for known in standing.units.values() for each, owned in known.owned.items() if owned.created}
    changes = plan.changes if plan else ()
    assert {change.resource for change in changes if change.action is Action.DELETE} <= created
    kept = {each for known in standing.units.values() for each, owned in known.owned.items() if owned.before}
    assert {change.resource for change in changes if change.action is Action.RESTORE} <= kept


@given(worlds())
def test_the_same_world_gives_the_same_plan(world):
    assert planned(world) == planned(world)


@given(worlds())
def test_every_plan_is_valid(world):
    plan = planned(world)
    assert plan is None or lint.problems(plan) == ()


@given(worlds())
def test_after_a_plan_was_carried_out_the_next_pass_plans_no_change(world):
    unit, seen, standing = world
    plan = planned(world)
    if plan is None:
        return
    after = carried_out(plan, seen)
    good = VerdictRecord(unit=unit.id, digest=plan.unit.digest, verdict=Verdict.GOOD, reason="", commit="c", at=f.NOW)
    known = standing.of(unit.id)
    verdicts = {**known.verdicts, plan.unit.digest: known.verdicts.get(plan.unit.digest, good)}
    if verdicts[plan.unit.digest].verdict is Verdict.UNKNOWN:
        verdicts[plan.unit.digest] = good
    then = replace(known, verdicts=verdicts, last_good=Snapshot(plan.unit, f.NOW))
    next_plan = planned((unit, after, Standing(units={unit.id: then})))
    left_alone = unit.policy.drift is not DriftMode.HEAL or unit.policy.prune.mode is not PruneMode.KEEP
    assert next_plan is None or not next_plan.changes or left_alone


@given(worlds())
def test_a_batch_is_never_larger_than_policy_says(world):
    plan = planned(world)
    if plan is None or plan.cause == "revert":
        return
    sizes = [len(step.targets) for step in plan.steps if isinstance(step, Apply)]
    assert all(size <= plan.policy.strategy.batch_size.value for size in sizes)


def carried_out(plan: Plan, seen):
    wanted = {each.id: each for each in plan.unit.resources}
    after = dict(seen)
    for change in plan.changes:
        if change.action in LEAVING:
            after[change.resource] = Absent()
        else:
            after[change.resource] = Present(wanted[change.resource].attributes)
    return after
