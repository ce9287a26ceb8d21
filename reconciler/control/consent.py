"""Consent to a plan that waits for people before it begins, given or refused, and who may give it for whom. Pure.

What is given here is counted by ``policy.approval``. What would never count is refused at once, with the reason.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from reconciler.control.asked import Asked, Principal
from reconciler.control.clean import clean
from reconciler.control.phrases import listed
from reconciler.model.access import EVERYTHING
from reconciler.model.asking import Approve, Delegate, FactorNeeded, Refused, Reject, Ruling
from reconciler.model.governance import ApprovalPolicy, Governance
from reconciler.model.identity import UnitId
from reconciler.model.record import Picture
from reconciler.model.word import ApprovalGiven, ApprovalRefused, Delegated, DelegationEnded
from reconciler.policy.persons import Person, any_same

FEWEST_LETTERS = 7
"""So much of a plan's id has to be written."""

LONGEST = timedelta(days=30)
_NAMED = 8
_NOBODY = (frozenset[str](), frozenset[str]())


def plan_asked(picture: Picture, unit: UnitId) -> str:
    """Return the id of the plan that people are asked about, empty when there is none."""
    known = picture.standing.of(unit)
    return known.assessed.plan if known.assessed and known.rollout is None else ""


def approve(request: Approve, picture: Picture, asked: Asked) -> Ruling:
    """Consent to just the plan that waits."""
    plan, unit = _the_plan(request.plan, picture, request.unit), request.unit
    policies = _policies(asked.governance)
    separate = bool(policies) and all(each.separate for each in policies)
    authors, askers = (asked.authors, frozenset(_askers(plan, picture, unit))) if separate else _NOBODY
    _refuse_who_wrote_it(asked, authors, askers)
    absent = _absent(policies, asked, authors | askers)
    instead_of = absent.name if absent else ""
    said = (each for each in picture.standing.of(unit).words if isinstance(each, ApprovalGiven) and each.plan == plan)
    given = next((each for each in said if (each.author, each.instead_of) == (asked.author, instead_of)), None)
    if given and _still_counts(given, policies, asked):
        raise Refused(f"{_people(given)} approved the plan {plan[:FEWEST_LETTERS]} already; others have to")
    if not asked.factor:
        _want_factor(policies)
    event = ApprovalGiven(
        unit=unit,
        plan=plan,
        author=asked.author,
        roles=absent.roles if absent else asked.roles,
        login=asked.who.login,
        at=asked.at,
        emails=asked.who.emails,
        factor=asked.factor,
        instead_of=instead_of,
        instead_of_emails=absent.emails if absent else (),
        reason=request.reason,
    )
    instead = f" instead of {instead_of}" if instead_of else ""
    told = f"Approved the plan {plan[:FEWEST_LETTERS]} of {unit}{instead}. What it waits for: reconciler explain {unit}"
    return Ruling(events=(event,), said=told)


def reject(request: Reject, picture: Picture, asked: Asked) -> Ruling:
    """Refuse consent to the plan that waits: it is not carried out."""
    unit = request.unit
    plan = _the_plan("", picture, unit)
    event = ApprovalRefused(unit=unit, plan=plan, author=asked.author, reason=request.reason, at=asked.at)
    said = (
        f"Rejected the plan {plan[:FEWEST_LETTERS]} of {unit}; it is not carried out. "
        f"To go on: a new commit, or reconciler retry {unit}"
    )
    return Ruling(events=(event,), said=said)


def delegate(request: Delegate, picture: Picture, asked: Asked) -> Ruling:
    """Let somebody approve in one's place for so long, or no longer."""
    me = asked.author
    present = next(
        (
            each
            for each in picture.standing.words
            if isinstance(each, Delegated) and (each.author, each.to) == (me, request.to)
        ),
        None,
    )
    if not request.duration:
        if present is None:
            raise Refused(f"{clean(request.to)} does not approve in your place ({me}); there is nothing to end")
        ended = DelegationEnded(author=me, to=request.to, at=asked.at)
        return Ruling(events=(ended,), said=f"{request.to} no longer approves in the place of {me}.")
    if request.to == me:
        raise Refused("nobody stands in for themselves; name somebody else")
    if not 0 < request.duration.total_seconds() <= LONGEST.total_seconds():
        raise Refused(f"a delegation lasts {LONGEST.days} days at most, and ends by itself")
    if asked.who.scope.match != EVERYTHING:
        raise Refused("the token is only for some units, and who stands in for you may approve wherever you may")
    until = asked.at + request.duration
    event = Delegated(
        author=me,
        roles=asked.roles,
        to=request.to,
        until=until,
        reason=request.reason,
        at=asked.at,
        groups=asked.who.groups,
        emails=asked.who.emails,
    )
    said = f"{request.to} approves in the place of {me} until {until:%Y-%m-%d %H:%M} UTC."
    return Ruling(events=(event,), said=said)


def want_factor(governance: Governance) -> None:
    """Raise FactorNeeded where the unit's approvals count only with a second factor."""
    _want_factor(_policies(governance))


def _the_plan(named: str, picture: Picture, unit: UnitId) -> str:
    plan = plan_asked(picture, unit)
    if named and (len(named) < FEWEST_LETTERS or not plan.startswith(named.lower())):
        raise Refused(
            f"the plan of {unit} that waits is {plan}, not {clean(named)}; look at it first: "
            f"reconciler plan --unit {unit}"
        )
    return plan


def _policies(governance: Governance) -> tuple[ApprovalPolicy, ...]:
    asking = (each.approval for each in governance.guardrails)
    return (*governance.approvals, *(each for each in asking if each))


def _refuse_who_wrote_it(asked: Asked, authors: Iterable[str], askers: Iterable[str]) -> None:
    """Separation of duties: where every policy wants it, those who made the change do not approve it."""
    me = Person(asked.author, asked.who.emails)
    if any_same(me, authors):
        raise Refused(f"you ({asked.author}) wrote the commit that waits; somebody else has to approve it")
    if any_same(me, askers):
        raise Refused(f"you ({asked.author}) asked for what waits; somebody else has to approve it")


def _askers(plan: str, picture: Picture, unit: UnitId) -> Iterator[str]:
    """Yield who asked for it, as far as can be told here.

    A plan is applied by its own id, and consented to by one that leaves out its commit, so the two are seldom the same:
    otherwise the gate alone, which has the plan, tells who applied it, and does not count their consent.
    """
    known = picture.standing.of(unit)
    if known.pinned:
        yield known.pinned.author
    if known.accepted and known.accepted.plan == plan:
        yield known.accepted.author
    verdict = known.verdicts.get(known.assessed.digest) if known.assessed else None
    if verdict and verdict.asked_by:
        yield verdict.asked_by


def _still_counts(given: ApprovalGiven, policies: Iterable[ApprovalPolicy], asked: Asked) -> bool:
    """Whether nothing is gained by saying it again: it has not run out, and no second factor came since."""
    fresh = all(given.at + each.valid_for > asked.at for each in policies)
    return fresh and (given.factor or not asked.factor)


def _absent(policies: Iterable[ApprovalPolicy], asked: Asked, involved: Iterable[str]) -> Principal | None:
    """Return in whose place they approve, None in their own; Refused when neither they nor who they stand in for may.

    Who is involved in the change lets nobody approve it in their place.
    """
    stages = [stage for each in policies for stage in each.stages]
    anybody = any(not (stage.roles or stage.people) for stage in stages)
    more = {role for each in policies for later in each.escalate for role in later.roles}
    roles = {role for stage in stages for role in stage.roles} | more
    people = {name.casefold() for stage in stages for name in stage.people}
    if not stages or anybody or not people.isdisjoint(_called(asked)) or not roles.isdisjoint(asked.roles):
        return None
    would = [
        each
        for each in asked.instead_of
        if not people.isdisjoint(each.person.called) or not roles.isdisjoint(each.roles)
    ]
    if may := next((each for each in would if not any_same(each.person, involved)), None):
        return may
    if would:
        raise Refused(f"you stand in for {would[0].name}, who wrote or asked for what waits; that does not count")
    wanted = [*sorted(people), *(f"the role {role}" for role in sorted(roles))]
    have = listed(asked.roles, _NAMED) if asked.roles else "no role"
    raise Refused(f"approvals of {listed(wanted, _NAMED)} count here; you are {asked.author}, with {have}")


def _called(asked: Asked) -> frozenset[str]:
    return Person(asked.author, asked.who.emails).called


def _want_factor(policies: Iterable[ApprovalPolicy]) -> None:
    named = [each.name for each in policies if each.second_factor]
    if named:
        raise FactorNeeded(f"{listed(named, _NAMED)} wants a second factor: add --code with the code of your device")


def _people(given: ApprovalGiven) -> str:
    return f"{given.author} (instead of {given.instead_of})" if given.instead_of else given.author
