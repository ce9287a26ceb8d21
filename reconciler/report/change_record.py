"""Changes as the rules of a pack see them: what is known of each, as JSON. What nobody knows is null. Pure.

docs/compliance.md lists the fields.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.canonical import Json
from reconciler.model.change import Cause
from reconciler.model.chronicle import Chronicle, Ran, Written
from reconciler.model.event import DecisionTaken
from reconciler.model.governance import GateKind
from reconciler.model.identity import UnitId
from reconciler.model.record import Entry
from reconciler.model.rollout import Decided, State
from reconciler.model.word import ApprovalGiven, Waived, WaiverReviewed
from reconciler.policy.persons import Person, any_same
from reconciler.report.branch import Branch, branch
from reconciler.report.period import DAY, Period

PROOFS = {"probe": "health", "analyse": "analyses", "confirm": "looks"}
"""The sorts of steps that are evidence, and what rules call them."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Whether a commit is signed by somebody who may; None where nobody can tell. ``said`` says why."""

    signed: bool | None
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What is known beside the chronicle.

    ``said`` are people's words, oldest first. ``begun`` is when the first step of each rollout was begun. ``proofs``
    counts by rollout the steps that succeeded, by their sort. ``ends`` are those rollouts of which the beginning and
    the end, if they have one, are in the journal. ``asked`` is by rollout the id by which people consent to its plan,
    empty where that cannot be told any more.
    ``before`` is the commit that each unit had from its last rollout that went well before the period. ``tried`` is
    when what people consented to was last begun before it, by what they consented to.
    """

    said: Sequence[Entry]
    begun: Mapping[str, datetime]
    proofs: Mapping[str, Mapping[str, int]]
    ends: frozenset[str]
    asked: Mapping[str, str] = field(default_factory=dict)
    before: Mapping[UnitId, str] = field(default_factory=dict)
    tried: Mapping[tuple[UnitId, str], datetime] = field(default_factory=dict)
    signings: Mapping[str, Signing] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Words:
    """People's words by what they are about."""

    approvals: Mapping[tuple[UnitId, str], Sequence[ApprovalGiven]]
    decisions: Mapping[str, Sequence[DecisionTaken]]
    waived: Mapping[UnitId, Sequence[Waived]]
    reviewed: Mapping[str, WaiverReviewed]


@dataclass(frozen=True, slots=True)
class _Known:
    told: Chronicle
    trail: Trail
    words: _Words
    branch: Branch
    now: datetime


def changes_in(told: Chronicle, period: Period, environment: str) -> tuple[Ran, ...]:
    """Return the rollouts that began in the period, in the environment (empty: in any), oldest first."""
    return tuple(
        each
        for each in sorted(told.rollouts, key=lambda ran: (ran.started_at, ran.id))
        if period.has(each.started_at) and environment in ("", each.unit.environment)
    )


def records(told: Chronicle, trail: Trail, changes: Sequence[Ran], now: datetime) -> tuple[Mapping[str, Json], ...]:
    """Return what is known of each of the changes that had a first effect, oldest first."""
    known = _Known(told, trail, _by_what(trail.said), branch(told.written), now)
    line = _line(changes, trail.before)
    tried: dict[tuple[UnitId, str], datetime] = dict(trail.tried)
    found = []
    for ran in changes:
        asked = (ran.unit, trail.asked.get(ran.id, ran.plan))
        # What is in the archive is not looked at: whether it had an effect, nobody knows here.
        is_old = told.oldest is None or ran.started_at < told.oldest
        if ran.id in trail.begun or is_old:
            # Who consented to a first try did not consent to the next one of the same plan.
            given = [each for each in known.words.approvals.get(asked, ()) if _counts(each, ran, tried.get(asked))]
            found.append(_record(ran, line[ran.id], given, known))
        tried[asked] = ran.started_at
    return tuple(found)


def brought(told: Chronicle, changes: Sequence[Ran], before: Mapping[UnitId, str]) -> frozenset[str]:
    """Return the commits that came with any of the changes, as far as Git knows them, and those they are of."""
    line, known = _line(changes, before), branch(told.written)
    came = {each.commit for ran in changes for each in known.brought(line[ran.id], ran.commit)}
    return frozenset(came | {ran.commit for ran in changes if ran.commit})


def _line(changes: Sequence[Ran], before: Mapping[UnitId, str]) -> Mapping[str, str]:
    """By rollout the commit that its unit had then.

    Only what went well counts, and no heal, as it is for the gate: what was taken back, or never begun, comes with the
    next one.
    """
    had, found = dict(before), dict[str, str]()
    for ran in changes:
        found[ran.id] = had.get(ran.unit, "")
        if ran.state is State.SUCCEEDED and ran.cause is not Cause.DRIFT and ran.commit:
            had[ran.unit] = ran.commit
    return found


def _by_what(said: Sequence[Entry]) -> _Words:
    approvals: defaultdict[tuple[UnitId, str], list[ApprovalGiven]] = defaultdict(list)
    decisions: defaultdict[str, list[DecisionTaken]] = defaultdict(list)
    waived: defaultdict[UnitId, list[Waived]] = defaultdict(list)
    reviewed: dict[str, WaiverReviewed] = {}
    for entry in said:
        match entry.event:
            case ApprovalGiven() as word:
                approvals[word.unit, word.plan].append(word)
            case DecisionTaken() as taken if taken.decision.decided is Decided.APPROVE:
                decisions[taken.decision.rollout].append(taken)
            case Waived() as word:
                waived[word.unit].append(word)
            case WaiverReviewed() as word:
                reviewed.setdefault(word.id, word)
            case _:
                continue
    return _Words(approvals, decisions, waived, reviewed)


def _record(ran: Ran, before: str, given: Sequence[ApprovalGiven], known: _Known) -> Mapping[str, Json]:
    told, trail, words, now = known.told, known.trail, known.words, known.now
    authors = known.branch.authors(before, ran.commit)
    signing = _signing(ran.commit, known.branch.brought(before, ran.commit), trail.signings)
    begun = trail.begun.get(ran.id)
    is_old = told.oldest is None or ran.started_at < told.oldest
    waivers = [each for each in words.waived.get(ran.unit, ()) if each.at <= ran.started_at < each.until]
    proofs = trail.proofs.get(ran.id, {})
    approvals = [*_approvals(given, words.decisions.get(ran.id, ()), authors)]
    return {
        "rollout": ran.id,
        "unit": str(ran.unit),
        "app": ran.unit.app,
        "environment": ran.unit.environment,
        "cause": ran.cause.value,
        "commit": ran.commit,
        "version": ran.version,
        "plan": ran.plan,
        "state": ran.state.value,
        "reason": ran.reason,
        "startedAt": ran.started_at.isoformat(),
        "endedAt": ran.ended_at.isoformat() if ran.ended_at else None,
        "ageDays": (now - ran.started_at) / DAY,
        "planned": None if begun is None else bool(ran.plan) and ran.started_at <= begun,
        "recorded": None if is_old else ran.id in trail.ends,
        "authors": sorted(authors) if authors is not None else None,
        "signed": signing.signed,
        "signature": signing.said,
        "approvals": None if trail.asked.get(ran.id) == "" else approvals,
        "approvalWaived": any(GateKind.APPROVAL in each.gates for each in waivers),
        "waivers": [_waiver(each, words.reviewed.get(each.id), now) for each in waivers],
        "evidence": {name: proofs.get(sort, 0) for sort, name in PROOFS.items()},
    }


def _signing(commit: str, came: Sequence[Written], signings: Mapping[str, Signing]) -> Signing:
    """How all that came with a commit is signed: the worst of it; what is not signed is worse than what is unknown."""
    unseen = Signing(None, "nobody looked whether it is signed")
    others = [each.commit for each in came if each.commit != commit]
    found = {name: signings.get(name, unseen) for name in (commit, *others)}
    for bad in (False, None):
        for name, signing in found.items():
            if signing.signed is bad:
                return signing if name == commit else Signing(bad, f"{name[:12]}, which came with it: {signing.said}")
    return found[commit]


def _counts(given: ApprovalGiven, ran: Ran, tried: datetime | None) -> bool:
    return given.at <= ran.started_at and (tried is None or given.at > tried)


def _approvals(
    approvals: Sequence[ApprovalGiven], decisions: Sequence[DecisionTaken], authors: frozenset[str] | None
) -> Iterator[Json]:
    for given in approvals:
        person = Person(given.author, (*given.emails, *given.instead_of_emails))
        yield {
            "name": given.author,
            "emails": list(given.emails),
            "insteadOf": given.instead_of,
            "login": given.login.value,
            "factor": given.factor,
            "of": "plan",
            "at": given.at.isoformat(),
            "isAuthor": None if authors is None else any_same(person, authors),
        }
    for taken in decisions:
        decision = taken.decision
        yield {
            "name": decision.author,
            "emails": list(decision.emails),
            "insteadOf": "",
            "login": "",
            "factor": False,
            "of": "step",
            "at": decision.at.isoformat(),
            "isAuthor": None if authors is None else any_same(Person(decision.author, decision.emails), authors),
        }


def _waiver(waived: Waived, reviewed: WaiverReviewed | None, now: datetime) -> Json:
    return {
        "id": waived.id,
        "author": waived.author,
        "reason": waived.reason,
        "gates": [each.value for each in waived.gates],
        "emergency": waived.emergency,
        "at": waived.at.isoformat(),
        "ageDays": (now - waived.at) / DAY,
        "reviewed": reviewed is not None,
        "reviewer": reviewed.author if reviewed else "",
        "finding": reviewed.finding if reviewed else "",
        "reviewedAfterDays": (reviewed.at - waived.at) / DAY if reviewed else None,
    }
