"""An entry of the journal as an auditor reads it: who, what, when, where, why, with whose consent. Pure.

Nothing here unveils anything: differences come from plans, whose secret fields hold keyed digests or a veil.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from reconciler.model.canonical import Json, plain
from reconciler.model.change import Change, FieldDiff
from reconciler.model.event import Event, ResourcesApplied, RolloutMoved, SnapshotTaken, StepEnded, StepStarted
from reconciler.model.plan import Apply, Plan, Step
from reconciler.model.question import Belongings, Stored
from reconciler.model.rollout import Decided, Rollout
from reconciler.model.word import ApprovalGiven, TokenIssued

CONTROLLER = "reconciler"
"""Who did what nobody asked for: the controller by itself."""
UNKNOWN = "unknown"
"""Who was turned away at the door before anybody knew who it was."""
LONGEST = 2000
"""So many characters of one value are told; all of it is in the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Who agreed to a plan, or to one step of it: ``by`` is how they were known, ``at`` when (RFC 3339)."""

    author: str
    at: str
    by: str = ""
    roles: tuple[str, ...] = ()
    instead_of: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What was otherwise before: a field of a resource (``what`` is its id), or of what the entry is about."""

    what: str
    action: str
    field: str
    before: Json
    after: Json
    secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry of the record. Texts are empty, and lists too, where there is nothing to tell.

    ``at`` is RFC 3339 in UTC. ``who`` is a person's or a machine's name, or ``reconciler``; ``login`` is how they were
    known and ``address`` where they came from. ``what`` is the type of the event, ``policies`` are those that asked for
    consent. ``said`` is the event as it is stored.
    """

    number: int
    link: str
    at: str
    who: str
    what: str
    unit: str = ""
    environment: str = ""
    targets: tuple[str, ...] = ()
    why: str = ""
    outcome: str = ""
    commit: str = ""
    plan: str = ""
    rollout: str = ""
    cause: str = ""
    request: str = ""
    login: str = ""
    address: str = ""
    trace: str = ""
    consents: tuple[Consent, ...] = ()
    policies: tuple[str, ...] = ()
    changes: tuple[Changed, ...] = ()
    said: Mapping[str, Json] = field(default_factory=dict)


def record(entry: Stored, among: Belongings) -> Record:
    """Return the entry as a record, with what is known of the plan and the rollout it belongs to."""
    row, event = entry.linked.row, entry.event
    rollout = among.rollouts.get(row.rollout or "")
    plan = _plan(event, rollout, among)
    return Record(
        number=row.number,
        link=entry.linked.link,
        at=row.at,
        who=row.actor or (UNKNOWN if row.type == "access_refused" else CONTROLLER),
        what=row.type,
        unit=row.unit or "",
        environment=row.environment,
        targets=_targets(event, plan),
        why=_why(event),
        outcome=row.outcome,
        commit=_text(event, "commit") or (rollout.commit if rollout else "") or (plan.unit.commit if plan else ""),
        plan=plan.id if plan else _named_plan(event),
        rollout=row.rollout or "",
        cause=plan.cause.value if plan else "",
        request=row.request,
        login=_text(event, "login"),
        address=_text(event, "address"),
        trace=_text(event, "trace"),
        consents=_consents(rollout, plan, among),
        policies=tuple(_policies(event, plan, among)),
        changes=tuple(_changes(event, plan)),
        said=_said(event),
    )


def as_json(of: Record) -> dict[str, Json]:
    """Return the record as JSON: its fields by their names, those that hold nothing left out."""
    whole = cast(Mapping[str, Json], plain(of))
    return {name: value for name, value in whole.items() if value not in ("", [], {})}


def name_of(of: Record) -> str:
    """Return what no other entry is called: a number alone is given twice after a backup is restored."""
    return f"{of.number}-{of.link[:16]}"


def _plan(event: Event | None, rollout: Rollout | None, among: Belongings) -> Plan | None:
    """The plan that the entry speaks of, else the one its rollout began with."""
    named = _named_plan(event) or (rollout.forward if rollout else "")
    return among.plans.get(named)


def _named_plan(event: Event | None) -> str:
    within = getattr(event, "record", None) or getattr(event, "decision", None) or event
    return _text(within, "plan")


def _text(of: object, name: str) -> str:
    value = getattr(of, name, "")
    return str(value) if isinstance(value, str) else ""


def _why(event: Event | None) -> str:
    """What was said of it: a reason, a detail, what was found."""
    decision = getattr(event, "decision", None)
    for of in (decision, event):
        for name in ("reason", "detail", "finding", "subject"):
            if said := _text(of, name):
                return said
    waiting = getattr(event, "waiting", None)
    problems: Sequence[object] = getattr(event, "problems", ())
    return _text(waiting, "detail") or "; ".join(map(str, problems)) or _text(event, "what")


def _step(event: Event | None, plan: Plan | None) -> Step | None:
    if plan is None or not isinstance(event, StepStarted | StepEnded) or event.record.plan != plan.id:
        return None
    return plan.steps[event.record.index] if event.record.index < len(plan.steps) else None


def _targets(event: Event | None, plan: Plan | None) -> tuple[str, ...]:
    if target := _text(event, "target"):
        return (target,)
    if isinstance(event, ResourcesApplied):
        named = [one.resource.id.target for one in event.applied] + [one.target for one in event.removed]
        return tuple(sorted(set(named)))
    step = _step(event, plan)
    if step is not None:
        of_step: Sequence[object] = getattr(step, "targets", getattr(step, "servers", ()))
        return tuple(_text(each, "target") or str(each) for each in of_step)
    if isinstance(event, RolloutMoved) and plan:
        return tuple(each.name for each in plan.targets)
    return ()


def _consents(rollout: Rollout | None, plan: Plan | None, among: Belongings) -> tuple[Consent, ...]:
    """Who agreed to this plan, and to the steps of this rollout that waited for it."""
    given = [_consent(each) for each in among.consents.get(plan.id, ())] if plan else []
    decisions = rollout.decisions if rollout else ()
    agreed = (each for each in decisions if each.decided is not Decided.REJECT)
    return (
        *given,
        *(Consent(author=e.author, at=e.at.isoformat(), roles=e.roles, reason=e.reason) for e in agreed),
    )


def _consent(given: ApprovalGiven) -> Consent:
    return Consent(
        author=given.author,
        at=given.at.isoformat(),
        by=given.login.value,
        roles=given.roles,
        instead_of=given.instead_of,
        reason=given.reason,
    )


def _policies(event: Event | None, plan: Plan | None, among: Belongings) -> Iterator[str]:
    """The policies under which it was done: that of the rollout, and those that asked for consent."""
    asked: Sequence[str] = getattr(event, "policies", ())
    named = [*asked, _text(event, "policy"), *(among.asked.get(plan.id, ()) if plan else ())]
    named += [plan.policy.name] if plan else []
    yield from (each for each in dict.fromkeys(named) if each)


def _changes(event: Event | None, plan: Plan | None) -> Iterator[Changed]:
    if isinstance(event, RolloutMoved):
        yield Changed(what="rollout", action="move", field="state", before=event.before, after=event.after)
        if event.before is None and plan:
            yield from _of(plan.changes)
    elif isinstance(step := _step(event, plan), Apply):
        yield from _of([change for target in step.targets for change in target.changes])
    elif isinstance(event, ResourcesApplied) and plan is None:
        yield from (
            Changed(what=str(one.resource.id), action="apply", field="", before=None, after="as wanted")
            for one in event.applied
        )
        yield from (
            Changed(what=str(one), action="remove", field="", before="ours", after=None) for one in event.removed
        )


def _of(changes: Sequence[Change]) -> Iterator[Changed]:
    for change in changes:
        what, action = str(change.resource), change.action.value
        if not change.fields:
            yield Changed(what=what, action=action, field="", before=None, after=None)
        yield from (_differs(what, action, each) for each in change.fields)


def _differs(what: str, action: str, diff: FieldDiff) -> Changed:
    before, after = _shortened(diff.before), _shortened(diff.after)
    return Changed(what=what, action=action, field=diff.path, before=before, after=after, secret=diff.secret)


def _shortened(value: Json) -> Json:
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{value[:LONGEST]}... ({len(value)} characters)"
    return value


def _said(event: Event | None) -> Mapping[str, Json]:
    """The event itself; of a token not even the digest, and of a state its name only: a unit may be a megabyte."""
    if event is None:
        return {}
    if isinstance(event, SnapshotTaken):
        unit = event.unit
        return {"event": event.event, "unit": str(unit.id), "digest": unit.digest, "version": unit.version}
    said = dict(cast(Mapping[str, Json], plain(event)))
    if isinstance(event, TokenIssued):
        del said["digest"]
    return said
