"""The consent that a plan needs: what people are asked, and how each policy that asks them stands. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.model.access import Placed
from reconciler.model.governance import FREE, ApprovalPolicy, GateState
from reconciler.model.plan import Plan
from reconciler.model.word import ApprovalAsked, Word
from reconciler.plan.planner import identified
from reconciler.plan.situation import Situation
from reconciler.policy.approval import approval
from reconciler.policy.approval_question import Question
from reconciler.policy.plan_facts import facts


def question(plan: Plan, situation: Situation) -> Question:
    """Return what people are asked about the plan, and what has been said of it."""
    unit = plan.unit_id
    known = situation.standing.of(unit)
    return Question(
        plan=as_asked(plan),
        facts=facts(plan, situation.desired.placed.get(unit, Placed())),
        words=known.words,
        authors=situation.authors.get(unit),
        requesters=tuple(_requesters(plan, situation)),
        now=situation.now,
    )


def as_asked(plan: Plan) -> Plan:
    """Return the plan under the id that people consent to: it follows from all in it that says what will happen.

    A commit that leaves the unit as it was changes nothing of what they have read, nor does why a target cannot be seen
    (no route now, a time-out a minute later), nor that another controller has been there meanwhile.
    """
    left_out = dict.fromkeys(replace(each, reason="") for each in plan.left_out)
    unit = replace(plan.unit, commit="")
    return identified(replace(plan, id="", unit=unit, left_out=tuple(left_out), fences={}))


def consents(
    plan: Plan, situation: Situation, more: tuple[ApprovalPolicy, ...] = ()
) -> Iterator[tuple[GateState, tuple[Word, ...]]]:
    """Yield how each policy's gate stands, with what is to be written down once from now on.

    ``more`` are policies that speak of this very plan, beside those of the unit.
    """
    policies = (*situation.desired.governance.get(plan.unit_id, FREE).approvals, *more)
    asked = question(plan, situation) if policies else None
    return (approval(policy, asked) for policy in policies if asked)


def asked_once(words: Iterable[Word]) -> tuple[Word, ...]:
    """Return the words with one that says that people are asked, for all policies that ask them."""
    said = tuple(words)
    asking = [each for each in said if isinstance(each, ApprovalAsked)]
    if not asking:
        return said
    first = asking[0]
    policies = tuple(name for each in asking for name in each.policies)
    whole = ApprovalAsked(unit=first.unit, plan=first.plan, policies=policies, at=first.at)
    return (whole, *(each for each in said if not isinstance(each, ApprovalAsked)))


def _requesters(plan: Plan, situation: Situation) -> Iterator[str]:
    """Who has asked for it: held the unit there, reviewed the plan to have it carried out, or wanted another try."""
    known = situation.standing.of(plan.unit_id)
    if known.pinned:
        yield known.pinned.author
    if known.accepted and known.accepted.plan == plan.id:
        yield known.accepted.author
    verdict = known.verdicts.get(plan.unit.digest)
    if verdict and verdict.asked_by:
        yield verdict.asked_by
