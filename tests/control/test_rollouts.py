"""What counts as an approval of a step that a rollout waits in, and what who decides is told of it."""

from dataclasses import replace

import pytest

from reconciler.control.asked import Asked
from reconciler.control.ruling import rule
from reconciler.model.access import Identity, Login
from reconciler.model.asking import Approve, Promote, Refused
from reconciler.model.event import DecisionTaken
from reconciler.model.record import Picture
from reconciler.model.rollout import Decided, Decision
from reconciler.model.step import AwaitApproval
from tests.cli.examples import NOW, SHOP, plan, unit
from tests.cli.pictures import rollout
from tests.control.asking import asked, picture, waiting

FULLY = Promote(unit=SHOP, fully=True)
APPROVE = Approve(unit=SHOP)


def at_approval(*said: Decision, count: int = 2, approvers: tuple[str, ...] = ()) -> Picture:
    made = plan(unit(), AwaitApproval(count, approvers))
    seen = picture(replace(waiting(plan=""), rollout=rollout(forward=made.id, plan=made.id), decisions=said))
    return replace(seen, plans={made.id: made})


def decided(seen: Picture, request: Promote | Approve, who: Asked) -> Decision:
    (event,) = rule(request, seen, who).events
    assert isinstance(event, DecisionTaken)
    return event.decision


def before(author: str, of: Decided = Decided.APPROVE, **more: object) -> Decision:
    made = Decision(rollout=rollout().id, plan=plan(unit()).id, index=0, decided=of, author=author, reason="", at=NOW)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("may", "told"), [(True, "approvals of others"), (False, "you, ann, may give none there")])
def test_who_promotes_to_the_end_approves_only_with_the_right_to(may: bool, told: str) -> None:
    who = asked(may_approve=may)
    assert decided(at_approval(), FULLY, who).approves is may
    assert told in rule(FULLY, at_approval(), who).said


AS_OIDC = Identity(name="0a1b2c", login=Login.OIDC, emails=("ann@example.net",))


@pytest.mark.parametrize(
    "given",
    [
        before("ann"),
        before("Ann"),
        before("ann@example.net"),
        before("x", emails=("ANN@example.net",)),
        before("ann", Decided.PROMOTE_FULLY),
    ],
    ids=lambda given: f"{given.author} {given.decided}",
)
def test_nobody_approves_twice_by_coming_under_another_name(given: Decision) -> None:
    with pytest.raises(
        Refused, match=f"you \\(0a1b2c\\) have approved this step already, as {given.author}; it needs 2"
    ):
        rule(APPROVE, at_approval(given), asked(who=AS_OIDC))
    assert decided(at_approval(before("bob")), APPROVE, asked(who=AS_OIDC)).emails == ("ann@example.net",)


def test_what_is_missing_is_counted_without_the_approvals_of_those_who_may_not() -> None:
    seen = at_approval(before("eve"), before("bob", roles=("sre",)), count=3, approvers=("role:sre",))
    assert "1 more of other people is needed" in rule(APPROVE, seen, asked()).said


def test_an_approval_after_a_promotion_that_is_none_counts_as_the_first() -> None:
    fully = before("ann", Decided.PROMOTE_FULLY, approves=False)
    assert "1 more of other people is needed" in rule(APPROVE, at_approval(fully), asked()).said
    assert "1 more of other people is needed" in rule(APPROVE, at_approval(fully), asked("bob")).said
    assert "it goes on now" in rule(APPROVE, at_approval(replace(fully, approves=True)), asked("bob")).said
