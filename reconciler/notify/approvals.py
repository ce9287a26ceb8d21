"""What people are told of consent: that it is asked for, that nobody answers, and what was answered. Pure."""

from dataclasses import replace
from typing import TypeAlias, assert_never

from reconciler.model.event import DecisionTaken
from reconciler.model.identity import UnitId
from reconciler.model.notification import Consent, Course, Notice, Severity, Topic
from reconciler.model.record import Entry
from reconciler.model.rollout import Decided
from reconciler.model.word import ApprovalAsked, ApprovalEscalated, ApprovalGiven, ApprovalRefused, ApprovalReminded
from reconciler.notify import rollouts
from reconciler.notify.facts import Facts, Headline, notice

Approval: TypeAlias = ApprovalAsked | ApprovalReminded | ApprovalEscalated | ApprovalGiven | ApprovalRefused


def said(entry: Entry, word: Approval, facts: Facts) -> Notice:
    """Return what is told of a word about the consent to a plan."""
    match word:
        case ApprovalAsked():
            under = f"asked under {', '.join(word.policies)}" if word.policies else ""
            told = _asks(entry, word, facts, (Topic.APPROVAL_ASKED, Severity.WARNING, "waits for approval"))
            return replace(told, detail=under)
        case ApprovalReminded():
            told = _asks(entry, word, facts, (Topic.APPROVAL_REMINDED, Severity.WARNING, "still waits for approval"))
            return replace(told, detail=f"nobody has answered yet, under {word.policy}")
        case ApprovalEscalated():
            words = "waits for approval, and nobody answers"
            told = _asks(entry, word, facts, (Topic.APPROVAL_ESCALATED, Severity.ERROR, words))
            return replace(told, detail=f"from now on people with these roles may approve: {', '.join(word.roles)}")
        case ApprovalGiven():
            headline = _headline(word, Topic.APPROVAL_GIVEN, Severity.INFO, f"was approved by {word.author}")
            consent = Consent(author=word.author, roles=word.roles, reason=word.reason, instead_of=word.instead_of)
            told = notice(entry, facts, headline, word.unit)
            return replace(told, plan=word.plan, actor=word.author, reason=word.reason, consents=(consent,))
        case ApprovalRefused():
            headline = _headline(word, Topic.APPROVAL_REFUSED, Severity.WARNING, f"was refused by {word.author}")
            told = notice(entry, facts, replace(headline, course=Course.ENDED_BADLY), word.unit)
            commands = (f"reconciler explain {word.unit}", f'reconciler retry {word.unit} --reason "..."')
            return replace(told, plan=word.plan, actor=word.author, reason=word.reason, commands=commands)
        case _:
            assert_never(word)


def decided(entry: Entry, event: DecisionTaken, facts: Facts) -> Notice:
    """Return what is told of a decision about the step that a rollout waits in."""
    decision = event.decision
    no = decision.decided is Decided.REJECT
    headline = Headline(
        topic=Topic.APPROVAL_REFUSED if no else Topic.APPROVAL_GIVEN,
        severity=Severity.WARNING if no else Severity.INFO,
        title=f"{event.unit}: {decision.author} says {decision.decided}",
        thread=rollouts.thread(facts.rollout.forward) if facts.rollout else f"rollout:{decision.rollout}",
    )
    told = notice(entry, facts, headline, event.unit)
    return replace(
        told,
        actor=decision.author,
        reason=decision.reason,
        plan=decision.plan,
        commands=(f"reconciler explain {event.unit}",),
    )


def _asks(entry: Entry, word: Approval, facts: Facts, said: tuple[Topic, Severity, str]) -> Notice:
    topic, severity, words = said
    state = f"{facts.unit.named} " if facts.unit else ""
    headline = _headline(word, topic, severity, f"{state}{words}")
    told = notice(entry, facts, replace(headline, course=Course.NEEDS_SOMEBODY), word.unit)
    return replace(
        told,
        plan=word.plan,
        consents=rollouts.consents(facts),
        commands=_commands(word.unit, word.plan),
    )


def _headline(word: Approval, topic: Topic, severity: Severity, words: str) -> Headline:
    return Headline(topic=topic, severity=severity, title=f"{word.unit}: {words}", thread=rollouts.thread(word.plan))


def _commands(unit: UnitId, plan: str) -> tuple[str, ...]:
    reject = f'reconciler reject {unit} --reason "..."'
    return (f"reconciler plan --unit {unit}", f"reconciler approve {unit} --plan {plan}", reject)
