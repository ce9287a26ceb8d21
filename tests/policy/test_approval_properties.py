"""Rules of approvals that hold whatever a policy asks for, whoever says what, and whenever."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.access import Login
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, AutoApproval, Escalation, GateWord
from reconciler.model.word import ApprovalAsked, ApprovalGiven, ApprovalRefused, Word
from reconciler.policy.approval import approval
from reconciler.policy.approval_question import Question
from reconciler.policy.approval_seats import seating
from reconciler.policy.approval_votes import Vote, votes
from reconciler.policy.in_force import in_force
from reconciler.policy.persons import Person, same
from tests import factory as f
from tests.policy.test_approval import PLAN, START

ROLES = ("sre", "dba", "lead")
PEOPLE = ("ann", "ben", "cho", "dan")
MINUTES = st.integers(0, 100).map(lambda each: timedelta(minutes=each))
SOME_ROLES = st.lists(st.sampled_from(ROLES), max_size=2, unique=True).map(tuple)

STAGES = st.lists(
    st.builds(
        ApprovalStage,
        count=st.integers(1, 2),
        roles=SOME_ROLES,
        people=st.lists(st.sampled_from(PEOPLE), max_size=1).map(tuple),
    ),
    min_size=1,
    max_size=3,
).map(tuple)

POLICIES = st.builds(
    ApprovalPolicy,
    name=st.just("p"),
    stages=STAGES,
    separate=st.booleans(),
    second_factor=st.booleans(),
    within=st.integers(30, 90).map(lambda each: timedelta(minutes=each)),
    valid_for=st.integers(20, 90).map(lambda each: timedelta(minutes=each)),
    remind_after=st.none() | MINUTES,
    escalate=st.lists(
        st.builds(Escalation, after=MINUTES, roles=st.sampled_from(ROLES).map(lambda role: (role,))), max_size=2
    ).map(tuple),
    auto=st.just(AutoApproval()),
)

GIVEN = st.builds(
    ApprovalGiven,
    unit=st.just(f.SHOP),
    plan=st.sampled_from([PLAN.id, PLAN.id, "other"]),
    author=st.sampled_from(PEOPLE),
    roles=SOME_ROLES,
    login=st.sampled_from([Login.LOCAL, Login.GIT]),
    at=MINUTES.map(lambda after: START + after),
    factor=st.booleans(),
    instead_of=st.sampled_from(["", "", *PEOPLE]),
)

QUESTIONS = st.builds(
    lambda said, authors, after: Question(
        plan=PLAN,
        facts={},
        words=(ApprovalAsked(unit=f.SHOP, plan=PLAN.id, policies=("p",), at=START), *said),
        authors=authors,
        requesters=(),
        now=START + after,
    ),
    st.lists(GIVEN, max_size=6),
    st.none() | st.frozensets(st.sampled_from([f"{each}@example.net" for each in PEOPLE]), max_size=2),
    MINUTES,
)


@given(POLICIES, QUESTIONS)
def test_what_is_open_has_all_its_people_and_none_of_them_wrote_it(policy: ApprovalPolicy, question: Question) -> None:
    state, _ = approval(policy, question)
    if state.stands is not GateWord.OPEN:
        return
    seated = seating(policy.stages, votes(policy, question), ROLES).seated
    assert len(seated) == sum(stage.count for stage in policy.stages)
    assert not any(same(one.person, other.person) for one in seated for other in seated if one is not other)
    if policy.separate:
        assert question.authors is not None
        assert not any(same(one.person, Person(author)) for one in seated for author in question.authors)


@given(POLICIES, QUESTIONS, st.randoms(use_true_random=False))
def test_the_order_in_which_people_approve_for_themselves_does_not_matter(policy, question, random) -> None:
    words = [replace(each, instead_of="") if isinstance(each, ApprovalGiven) else each for each in question.words]
    shuffled = random.sample(words, len(words))
    one, _ = approval(policy, replace(question, words=tuple(words)))
    other, _ = approval(policy, replace(question, words=tuple(shuffled)))
    assert one.stands is other.stands


@given(POLICIES, QUESTIONS, GIVEN)
def test_one_more_who_approves_for_themselves_shuts_nothing(policy, question, more) -> None:
    alone = replace(more, instead_of="")
    question = replace(question, words=tuple(each for each in question.words if not getattr(each, "instead_of", "")))
    before, _ = approval(policy, question)
    after, _ = approval(policy, replace(question, words=(*question.words, alone)))
    assert before.stands is not GateWord.OPEN or after.stands is GateWord.OPEN


@given(POLICIES, QUESTIONS)
def test_a_refused_plan_is_never_carried_out_by_approvals(policy: ApprovalPolicy, question: Question) -> None:
    refused = ApprovalRefused(unit=f.SHOP, plan=PLAN.id, author="eve", reason="no", at=START)
    state, notices = approval(policy, replace(question, words=(*question.words, refused)))
    assert (state.stands, notices) == (GateWord.CLOSED, ())


@given(POLICIES, QUESTIONS)
def test_an_approval_of_another_plan_is_none(policy: ApprovalPolicy, question: Question) -> None:
    others: tuple[Word, ...] = tuple(
        replace(each, plan="other") if isinstance(each, ApprovalGiven) else each for each in question.words
    )
    assert approval(policy, replace(question, words=others))[0].stands is not GateWord.OPEN


@given(POLICIES, QUESTIONS)
def test_everything_is_told_once_and_a_wait_has_an_end(policy: ApprovalPolicy, question: Question) -> None:
    state, notices = approval(policy, question)
    words = question.words
    for notice in notices:
        words = in_force(words, notice)
    assert approval(policy, replace(question, words=words)) == (state, ())
    assert state.stands is not GateWord.PENDING or (state.until is not None and state.until > question.now)
    if state.stands is GateWord.PENDING and state.until:
        later, _ = approval(policy, replace(question, now=question.now + policy.within + policy.valid_for))
        assert later.stands is GateWord.CLOSED


VOTES = st.lists(st.tuples(st.sampled_from(PEOPLE), SOME_ROLES), max_size=4, unique_by=lambda each: each[0]).map(
    lambda said: [Vote(Person(name), frozenset(roles), frozenset({name}), f.NOW) for name, roles in said]
)


@given(STAGES, VOTES)
def test_whoever_can_be_seated_is(stages: Sequence[ApprovalStage], voted: Sequence[Vote]) -> None:
    seats = [stage for stage in stages for _ in range(stage.count)]

    def may(stage: ApprovalStage, vote: Vote) -> bool:
        anybody = not stage.roles and not stage.people
        return anybody or vote.person.name in stage.people or bool(vote.roles & set(stage.roles))

    most = max(
        next((i for i, vote in enumerate(order) if not may(seats[i], vote)), len(order))
        for size in range(min(len(seats), len(voted)) + 1)
        for order in permutations(voted, size)
    )
    found = seating(stages, voted, ())
    assert len(found.seated) == most
    assert (found.stage is None) == (most == len(seats))
