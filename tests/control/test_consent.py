"""Consent to a plan before it begins: who may give it, to what, and what is refused at once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reconciler.control.asked import Asked, Principal
from reconciler.control.ruling import rule
from reconciler.model.access import Identity, Login, Match, Scope
from reconciler.model.asking import Approve, Delegate, FactorNeeded, Refused, Reject, Request
from reconciler.model.event import Pinned
from reconciler.model.governance import ApprovalStage, Effect, Escalation, Governance, Guardrail
from reconciler.model.word import ApprovalGiven, ApprovalRefused, Delegated, DelegationEnded
from tests.cli.examples import NOW, SHOP
from tests.control.asking import HOUR, PLAN, asked, governed, picture, waiting


def given(**more: object) -> ApprovalGiven:
    made = ApprovalGiven(unit=SHOP, plan=PLAN, author="ann", roles=("sre",), login=Login.TOKEN, at=NOW - HOUR)
    return replace(made, **more)  # type: ignore[arg-type]


def refusal(request: Request, seen, who: Asked) -> str:
    with pytest.raises(Refused) as refused:
        rule(request, seen, who)
    return str(refused.value)


def test_an_approval_names_the_plan_the_roles_and_how_they_were_known() -> None:
    ruling = rule(Approve(unit=SHOP, reason="read it"), picture(waiting()), asked())
    assert ruling.events == (
        ApprovalGiven(unit=SHOP, plan=PLAN, author="ann", roles=("sre",), login=Login.TOKEN, at=NOW, reason="read it"),
    )
    assert "Approved the plan 3f2a8c1 of shop@production" in ruling.said


def test_a_plan_that_was_read_and_is_another_by_now_is_not_approved() -> None:
    seen = picture(waiting())
    assert rule(Approve(unit=SHOP, plan=PLAN[:7]), seen, asked()).events
    assert f"the plan of shop@production that waits is {PLAN}" in refusal(
        Approve(unit=SHOP, plan="91bc4d2"), seen, asked()
    )
    assert "not 3f;" in refusal(Approve(unit=SHOP, plan="3f"), seen, asked())


WHO = {
    "with another role": (asked(roles=("dev",)), "approvals of the role sre count here; you are ann, with dev"),
    "with no role": (asked(roles=()), "approvals of the role sre count here; you are ann, with no role"),
    "who wrote the commit": (asked(authors=frozenset({"ann@example.com"})), "you (ann) wrote the commit that waits"),
    "who wrote it as somebody of the same address": (
        asked(
            who=Identity(name="a.smith", login=Login.OIDC, emails=("ann@example.com",)),
            authors=frozenset({"Ann@Example.com"}),
        ),
        "you (a.smith) wrote the commit that waits",
    ),
    "without the second factor": (
        asked(governance=governed(second_factor=True)),
        "two-eyes wants a second factor: add --code",
    ),
    "for a guardrail that others answer for": (
        asked(
            governance=Governance(
                guardrails=(
                    Guardrail(
                        name="few-deletes",
                        rule="true",
                        effect=Effect.APPROVE,
                        message="",
                        approval=governed(stages=(ApprovalStage(roles=("lead",)),)).approvals[0],
                    ),
                )
            )
        ),
        "approvals of the role lead count here",
    ),
}


@pytest.mark.parametrize("case", WHO)
def test_what_would_never_count_is_refused_at_once(case: str) -> None:
    who, told = WHO[case]
    assert told in refusal(Approve(unit=SHOP), picture(waiting()), who)


def test_a_code_that_is_missing_is_a_refusal_of_its_own_so_that_it_can_be_asked_for() -> None:
    with pytest.raises(FactorNeeded):
        rule(Approve(unit=SHOP), picture(waiting()), asked(governance=governed(second_factor=True)))
    who = asked(governance=governed(second_factor=True), factor=True)
    (event,) = rule(Approve(unit=SHOP), picture(waiting()), who).events
    assert isinstance(event, ApprovalGiven)
    assert event.factor


@pytest.mark.parametrize(
    "who",
    [
        asked(governance=governed(stages=(ApprovalStage(),)), roles=()),
        asked(governance=governed(stages=(ApprovalStage(people=("Ann",)),)), roles=()),
        asked(governance=governed(escalate=(Escalation(after=HOUR, roles=("lead",)),)), roles=("lead",)),
        asked(governance=governed(separate=False), authors=frozenset({"ann@example.com"})),
        asked(governance=Governance(), roles=()),
    ],
    ids=["anybody", "by name", "by escalation", "authors may", "nothing known of a policy"],
)
def test_who_may_consent_does(who: Asked) -> None:
    assert rule(Approve(unit=SHOP), picture(waiting()), who).events


def test_who_asked_for_what_waits_does_not_consent_to_it() -> None:
    pinned = Pinned(unit=SHOP, digest="sha256:" + "a" * 64, named="1.4.1", author="ann", reason="")
    seen = picture(replace(waiting(), pinned=pinned))
    assert "you (ann) asked for what waits" in refusal(Approve(unit=SHOP), seen, asked())
    assert rule(Approve(unit=SHOP), seen, asked("bob")).events


def test_nobody_approves_twice_unless_it_has_run_out_or_a_second_factor_comes() -> None:
    seen = picture(waiting(given()))
    assert "ann approved the plan 3f2a8c1 already" in refusal(Approve(unit=SHOP), seen, asked())
    assert rule(Approve(unit=SHOP), seen, asked(factor=True)).events
    assert rule(Approve(unit=SHOP), seen, asked("bob")).events
    assert rule(Approve(unit=SHOP), seen, asked(governance=governed(valid_for=timedelta(minutes=5)))).events
    assert rule(Approve(unit=SHOP), picture(waiting(given(plan="another"))), asked()).events


def test_who_stands_in_for_somebody_approves_with_their_roles_where_their_own_do_not_do() -> None:
    (event,) = rule(
        Approve(unit=SHOP), picture(waiting()), asked("bob", ("dev",), instead_of={"cat": ("dev",), "ann": ("sre",)})
    ).events
    assert isinstance(event, ApprovalGiven)
    assert (event.author, event.instead_of, event.roles) == ("bob", "ann", ("sre",))
    (own,) = rule(Approve(unit=SHOP), picture(waiting()), asked("bob", instead_of={"ann": ("sre",)})).events
    assert isinstance(own, ApprovalGiven)
    assert own.instead_of == ""


ANN = Principal(name="0a1b2c", roles=("sre",), emails=("ann@example.com",))
CAT = Principal(name="cat", roles=("sre",), emails=("cat@example.com",))
PINNED = Pinned(unit=SHOP, digest="sha256:" + "a" * 64, named="1.4.1", author="ann", reason="")


@pytest.mark.parametrize(
    ("known", "authors"),
    [(waiting(), frozenset({"Ann@example.com"})), (replace(waiting(), pinned=PINNED), frozenset())],
    ids=["wrote it", "asked for it"],
)
def test_nobody_approves_in_the_place_of_who_made_the_change_by_whatever_name(known, authors: frozenset[str]) -> None:
    who = asked("bob", (), authors=authors)
    told = refusal(Approve(unit=SHOP), picture(known), replace(who, instead_of=(ANN,)))
    assert told == "you stand in for 0a1b2c, who wrote or asked for what waits; that does not count"
    (event,) = rule(Approve(unit=SHOP), picture(known), replace(who, instead_of=(ANN, CAT))).events
    assert isinstance(event, ApprovalGiven)
    assert (event.instead_of, event.instead_of_emails) == ("cat", ("cat@example.com",))
    free = replace(who, instead_of=(ANN, CAT), governance=governed(separate=False))
    (event,) = rule(Approve(unit=SHOP), picture(known), free).events
    assert isinstance(event, ApprovalGiven)
    assert event.instead_of == "0a1b2c"


def test_who_stands_in_for_somebody_who_is_named_by_their_address_approves() -> None:
    strict = governed(stages=(ApprovalStage(people=("Ann@example.com",)),))
    who = replace(asked("bob", (), governance=strict), instead_of=(ANN,))
    assert rule(Approve(unit=SHOP), picture(waiting()), who).events


def test_a_plan_is_rejected_with_a_reason() -> None:
    ruling = rule(Reject(unit=SHOP, reason="not on a Friday"), picture(waiting()), asked())
    assert ruling.events == (ApprovalRefused(unit=SHOP, plan=PLAN, author="ann", reason="not on a Friday", at=NOW),)


def test_without_a_plan_that_waits_it_is_the_rollout_that_is_asked_about() -> None:
    seen = picture(waiting(plan=""))
    assert "has no rollout under way" in refusal(Approve(unit=SHOP), seen, asked())
    assert "there is nothing to reject" in refusal(Reject(unit=SHOP, reason="no"), seen, asked())


def test_a_delegation_begins_and_ends() -> None:
    seen = picture(waiting())
    ruling = rule(Delegate(to="bob", duration=8 * HOUR, reason="on leave"), seen, asked())
    word = Delegated(author="ann", roles=("sre",), to="bob", until=NOW + 8 * HOUR, reason="on leave", at=NOW)
    assert ruling.events == (word,)
    oidc = asked(who=Identity(name="ann", login=Login.OIDC, emails=("ann@example.com",)))
    (known,) = rule(Delegate(to="bob", duration=8 * HOUR), seen, oidc).events
    assert isinstance(known, Delegated)
    assert known.emails == ("ann@example.com",)
    ended = rule(Delegate(to="bob", duration=timedelta(0)), picture(waiting(), words=(word,)), asked())
    assert ended.events == (DelegationEnded(author="ann", to="bob", at=NOW),)


@pytest.mark.parametrize(
    ("request_", "who", "told"),
    [
        (Delegate(to="ann", duration=HOUR), asked(), "nobody stands in for themselves"),
        (Delegate(to="bob", duration=31 * 24 * HOUR), asked(), "a delegation lasts 30 days at most"),
        (Delegate(to="bob", duration=-HOUR), asked(), "a delegation lasts 30 days at most"),
        (Delegate(to="bob", duration=timedelta(0)), asked(), "bob does not approve in your place"),
        (
            Delegate(to="bob", duration=HOUR),
            asked(who=Identity(name="ann", login=Login.TOKEN, scope=Scope(match=Match(units=("shop@*",))))),
            "the token is only for some units",
        ),
    ],
)
def test_a_delegation_that_goes_too_far_is_refused(request_: Delegate, who: Asked, told: str) -> None:
    assert told in refusal(request_, picture(waiting()), who)
