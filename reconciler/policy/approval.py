"""Whether a plan has the consent that a policy wants, and who is to be told what meanwhile. Pure.

The answer follows from the policy, the plan, the words in force and the time. What comes first, wins: a waiver, a
refusal, what needs nobody, enough approvals; then the time that they may take; then it waits.
"""

from collections.abc import Iterator
from datetime import datetime

from reconciler.model.duration import format_duration
from reconciler.model.governance import ApprovalPolicy, ApprovalStage, Escalation, GateKind, GateState, GateWord
from reconciler.model.word import ApprovalAsked, ApprovalEscalated, ApprovalRefused, ApprovalReminded, Word
from reconciler.policy.approval_auto import needs_nobody
from reconciler.policy.approval_question import Question
from reconciler.policy.approval_seats import Seating, seating
from reconciler.policy.approval_votes import Vote, dismissed, votes
from reconciler.policy.waiving import waiver


def approval(policy: ApprovalPolicy, question: Question) -> tuple[GateState, tuple[Word, ...]]:
    """Return how the policy's gate stands before the plan, and what is to be written down once from now on."""
    if decided := _without_approvals(policy, question):
        return decided, ()
    unknown = policy.separate and question.authors is None
    counting = () if unknown else votes(policy, question)
    seats = seating(policy.stages, counting, _escalated(policy, question))
    if seats.stage is None:
        named = ", ".join(map(str, seats.seated))
        expires = min(each.until for each in seats.seated)
        return _state(policy, GateWord.OPEN, f"approved by {named}", expires), ()
    if question.asked_at + policy.within <= question.now:
        over = f"nobody approved it within {format_duration(policy.within)}"
        if seats.seated:
            over = f"too few approved it within {format_duration(policy.within)} ({_names(seats.seated)})"
        return _state(policy, GateWord.CLOSED, f"{over}; {_again(question)}"), ()
    missing = "it cannot be told who wrote it, so nobody counts yet" if unknown else _needs(policy, seats, question)
    return _state(policy, GateWord.PENDING, missing, _next(policy, question, seats)), tuple(_notices(policy, question))


def _without_approvals(policy: ApprovalPolicy, question: Question) -> GateState | None:
    """What settles it whatever has been approved."""
    if by := waiver(GateKind.APPROVAL, question.words, question.now):
        return _state(policy, GateWord.WAIVED, f"waived by {by.author}: {by.reason}", by.until)
    if refused := next(question.said(ApprovalRefused), None):
        said = f"{refused.author} refused it: {refused.reason}"
        return _state(policy, GateWord.CLOSED, f"{said}; {_again(question)}")
    if why := needs_nobody(policy.auto, question):
        return _state(policy, GateWord.OPEN, why)
    return None


def _state(policy: ApprovalPolicy, stands: GateWord, detail: str, until: datetime | None = None) -> GateState:
    return GateState(kind=GateKind.APPROVAL, name=policy.name, stands=stands, detail=detail, until=until)


def _again(question: Question) -> str:
    return f"until another plan, or reconciler retry {question.plan.unit_id} --reason TEXT"


def _needs(policy: ApprovalPolicy, seats: Seating, question: Question) -> str:
    """How many are missing, of whom, who was counted and who was not, by when, and the command."""
    if seats.stage is None:
        raise AssertionError("internal error: nothing is missing where every stage is full")
    stage = policy.stages[seats.stage]
    more = "more " if seats.seated else ""
    number = f"{seats.missing} {more}approvals" if seats.missing > 1 else f"{'one' if more else 'an'} {more}approval"
    parts = [f"it needs {number}{_of(stage, _escalated(policy, question))}"]
    if len(policy.stages) > 1:
        parts.append(f" (stage {seats.stage + 1} of {len(policy.stages)})")
    if seats.seated:
        parts.append(f", approved so far by {_names(seats.seated)}")
    parts += [f"; {each.name} does not count: {each.why}" for each in dismissed(policy, question)]
    ends = question.asked_at + policy.within
    code = ", with a one-time code" if policy.second_factor else ""
    parts.append(f"; by {ends:%Y-%m-%d %H:%M} UTC{code}: reconciler approve {question.plan.unit_id}")
    return "".join(parts)


def _of(stage: ApprovalStage, escalated: tuple[str, ...]) -> str:
    who = list(dict.fromkeys((*stage.roles, *(escalated if stage.roles or stage.people else ()), *stage.people)))
    return f" of {' or '.join(who)}" if who else ""


def _names(seated: tuple[Vote, ...]) -> str:
    return ", ".join(map(str, seated))


def _escalated(policy: ApprovalPolicy, question: Question) -> tuple[str, ...]:
    """The roles that may approve too by now."""
    due = (each for each in policy.escalate if question.asked_at + each.after <= question.now)
    return tuple(dict.fromkeys(role for each in due for role in each.roles))


def _notices(policy: ApprovalPolicy, question: Question) -> Iterator[Word]:
    """What is to be said now and was not: that people are asked, a reminder, that others may approve too."""
    unit, plan, now = question.plan.unit_id, question.plan.id, question.now
    if next(question.said(ApprovalAsked), None) is None:
        yield ApprovalAsked(unit=unit, plan=plan, policies=(policy.name,), at=now)
        return
    if policy.remind_after and question.asked_at + policy.remind_after <= now and not _reminded(policy, question):
        yield ApprovalReminded(unit=unit, plan=plan, policy=policy.name, at=now)
    for each in policy.escalate:
        if question.asked_at + each.after <= now and not _told(each, policy, question):
            yield ApprovalEscalated(unit=unit, plan=plan, policy=policy.name, roles=each.roles, at=now)


def _reminded(policy: ApprovalPolicy, question: Question) -> bool:
    return any(each.policy == policy.name for each in question.said(ApprovalReminded))


def _told(escalation: Escalation, policy: ApprovalPolicy, question: Question) -> bool:
    said = question.said(ApprovalEscalated)
    return any(each.policy == policy.name and each.roles == escalation.roles for each in said)


def _next(policy: ApprovalPolicy, question: Question, seats: Seating) -> datetime:
    """When it stands otherwise by itself, at the soonest: the end of the wait at the latest."""
    asked = question.asked_at
    moments = [asked + policy.within, *(asked + each.after for each in policy.escalate)]
    moments += [each.until for each in seats.seated]
    if policy.remind_after:
        moments.append(asked + policy.remind_after)
    return min(each for each in moments if each > question.now)
