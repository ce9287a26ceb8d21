"""Which of the approvals of a plan count under a policy, and why the others do not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.access import Login
from reconciler.model.governance import ApprovalPolicy
from reconciler.model.word import ApprovalGiven
from reconciler.policy.approval_question import Question
from reconciler.policy.persons import Person, any_same, by_person, same


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's approval, however often they gave it. ``until`` is when it counts no longer.

    ``roles`` and ``called`` are theirs, or those of whom they stand in for (``instead_of``), or both.
    """

    person: Person
    roles: frozenset[str]
    called: frozenset[str]
    until: datetime
    instead_of: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.person.name + (f" instead of {' and '.join(self.instead_of)}" if self.instead_of else "")


@dataclass(frozen=True, slots=True)
class Dismissed:
    """Somebody's approval that does not count, and why."""

    name: str
    why: str


def votes(policy: ApprovalPolicy, question: Question) -> tuple[Vote, ...]:
    """Return the approvals that count, each person once.

    Who stands in for somebody counts once too: not beside the word of that person, nor beside another who stands in
    for the same one.
    """
    counting = (each for each in question.said(ApprovalGiven) if not _against(each, policy, question))
    people = by_person(counting, _person)
    speak = [person for given in people for person in _speaking(given)]
    found = []
    for given in people:
        theirs = [each for each in given if not each.instead_of or not _known(_absent(each), speak)]
        if theirs:
            speak += [_absent(each) for each in theirs if each.instead_of]
            found.append(_vote(theirs, policy))
    return tuple(found)


def dismissed(policy: ApprovalPolicy, question: Question) -> tuple[Dismissed, ...]:
    """Return the approvals that do not count, each reason of a person once."""
    against = ((each, _against(each, policy, question)) for each in question.said(ApprovalGiven))
    return tuple(dict.fromkeys(Dismissed(each.author, why) for each, why in against if why))


def interested(person: Person, question: Question) -> str:
    """Return why the person has an interest of their own in the plan; nothing when they have none."""
    if any_same(person, question.requesters):
        return "asked for it"
    return "is an author of its commits" if any_same(person, question.authors or ()) else ""


def _against(given: ApprovalGiven, policy: ApprovalPolicy, question: Question) -> str:
    """Why it does not count, as what its author did; nothing when it counts."""
    if given.login is Login.GIT and not policy.from_git:
        return "approved in Git, which does not count here"
    if policy.second_factor and not given.factor:
        return "gave no one-time code"
    if given.at >= question.asked_at + policy.within:
        return "approved too late"
    if given.at + policy.valid_for <= question.now:
        return "approved too long ago"
    if policy.separate and given.instead_of and (why := interested(_absent(given), question)):
        return f"stands in for {given.instead_of}, who {why}"
    return interested(_person(given), question) if policy.separate else ""


def _speaking(given: Iterable[ApprovalGiven]) -> tuple[Person, ...]:
    """The person, as they are known wherever they approve for themselves."""
    return tuple(_person(each) for each in given if not each.instead_of)


def _vote(given: list[ApprovalGiven], policy: ApprovalPolicy) -> Vote:
    roles = frozenset(role for each in given for role in each.roles)
    speaks = (_absent(each) if each.instead_of else _person(each) for each in given)
    called = frozenset[str]().union(*(each.called for each in speaks))
    until = max(each.at for each in given) + policy.valid_for
    others = dict.fromkeys(each.instead_of for each in given if each.instead_of)
    return Vote(_person(given[0]), roles, called, until, tuple(others))


def _person(given: ApprovalGiven) -> Person:
    return Person(given.author, given.emails)


def _absent(given: ApprovalGiven) -> Person:
    """In whose place it is given."""
    return Person(given.instead_of, given.instead_of_emails)


def _known(person: Person, people: Iterable[Person]) -> bool:
    return any(same(person, each) for each in people)
