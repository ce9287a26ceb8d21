"""The report on one rollout, from what there is on this machine."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.cli.errors import Failure
from reconciler.cli.render.outline import Group, cause, groups, rules
from reconciler.cli.render.sentence import sentence
from reconciler.cli.render.words import difference
from reconciler.cli.report_words import words
from reconciler.execute.words import describe
from reconciler.model.analysis import Analysis
from reconciler.model.event import CommitAccepted, Measured, RolloutMoved, StepEnded, StepStarted
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Entry
from reconciler.model.rollout import Rollout, State, StepRecord, StepState
from reconciler.model.step import Analyse
from reconciler.providers.clock import SystemClock
from reconciler.report.case import Case, ChangeTold, Figure, MomentTold, StepTold
from reconciler.report.forms import Report
from reconciler.report.rollout_data import rollout_csv, rollout_json
from reconciler.report.rollout_page import rollout_page

if TYPE_CHECKING:
    from reconciler.daemon.reporting import Reporting


async def rollout_report_on(sources: "Reporting", what: str) -> Report:
    """Return the report on a rollout, or on the newest of a unit; raises Failure where there is none."""
    rollout = await _found(sources, what)
    made_at = SystemClock().now()
    told = await sources.written()
    plans = await _plans(sources, rollout)
    forward = plans[rollout.forward]
    back = plans[rollout.plan] if rollout.plan != rollout.forward else None
    entries = await sources.reports.told(rollout.id)
    said = await sources.reports.said([rollout.unit], rollout.updated_at if rollout.ended else made_at)
    accepted = await sources.reports.accepted(rollout.commit)
    before = await sources.reports.before(rollout)
    case = Case(
        rollout=rollout,
        forward=forward,
        back=back,
        why=cause(forward),
        rules=rules(forward),
        written=told.written.get(rollout.commit),
        untold=told.untold,
        accepted_at=accepted.at if accepted else None,
        subject=accepted.event.subject if accepted and isinstance(accepted.event, CommitAccepted) else "",
        before=before.commit if before else "",
        changes=[_change(each) for each in groups(forward)],
        steps=_steps(forward, back, entries),
        figures=list(_figures(forward, entries)),
        words=list(words(said, rollout, forward)),
        moments=[MomentTold(each.at, sentence(each.event)) for each in entries],
    )
    return Report(rollout_page(case, made_at), rollout_json(case, made_at), rollout_csv(case))


async def _found(sources: "Reporting", what: str) -> Rollout:
    if "@" not in what:
        try:
            return await sources.reports.rollout(what)
        except KeyError:
            raise Failure(f"there is no rollout {what}, or several begin so; reconciler history shows them") from None
    try:
        return await sources.reports.newest(UnitId.parse(what))
    except ValueError as error:
        raise Failure(str(error)) from error
    except KeyError:
        raise Failure(f"{what} was never rolled out; reconciler status shows the units") from None


async def _plans(sources: "Reporting", rollout: Rollout) -> Mapping[str, Plan]:
    try:
        return await sources.reports.plans([rollout.forward, rollout.plan])
    except KeyError as error:
        raise Failure(f"the plan {error.args[0]} of rollout {rollout.id} is not stored any more") from error
    except ValueError as error:
        raise Failure(f"rollout {rollout.id} cannot be told: {error}") from error


def _change(group: Group) -> ChangeTold:
    lines = [f"{field.path}: {difference(group.action, field)}" for field in group.fields]
    return ChangeTold(group.action, group.ref, tuple(group.targets), tuple(lines))


def _steps(forward: Plan, back: Plan | None, entries: Sequence[Entry]) -> list[StepTold]:
    """Each step of both plans, as its last event left it; those of the revert after those that came before it."""
    last = _last(entries)
    found = [_step(forward, index, last.get((forward.id, index)), back=False) for index in range(len(forward.steps))]
    if back is not None:
        found += [_step(back, index, last.get((back.id, index)), back=True) for index in range(len(back.steps))]
    return found


def _last(entries: Sequence[Entry]) -> dict[tuple[str, int], tuple[StepRecord, str]]:
    """What is known last of each step. One that was under way when the rollout gave up is why it did."""
    last: dict[tuple[str, int], tuple[StepRecord, str]] = {}
    for each in entries:
        match each.event:
            case StepStarted(record=record):
                last[record.plan, record.index] = (record, "")
            case StepEnded(record=record, detail=detail):
                last[record.plan, record.index] = (record, detail)
            case RolloutMoved(after=after, reason=reason) if after in _GIVEN_UP and last:
                newest = next(reversed(last))
                record, _ = last[newest]
                if record.state is StepState.STARTED:
                    last[newest] = (replace(record, state=StepState.FAILED, ended_at=each.at), reason)
            case _:
                continue
    return last


_GIVEN_UP = frozenset({State.REVERT_NEEDED.value, State.HELD.value, State.REVERT_FAILED.value})


def _step(plan: Plan, index: int, seen: tuple[StepRecord, str] | None, *, back: bool) -> StepTold:
    step = plan.steps[index]
    record, detail = seen or (None, "")
    return StepTold(
        plan=plan.id,
        back=back,
        index=index,
        sort=step.step,
        what=describe(step),
        state=record.state if record else None,
        started_at=record.started_at if record else None,
        ended_at=record.ended_at if record else None,
        detail=detail,
    )


def _figures(plan: Plan, entries: Sequence[Entry]) -> Iterator[Figure]:
    known = {each.name: each for step in plan.steps if isinstance(step, Analyse) for each in step.analyses}
    known |= {each.name: each for each in plan.background}
    for entry in entries:
        if isinstance(event := entry.event, Measured):
            measured = event.measurement
            against = f" (baseline {measured.baseline})" if measured.baseline is not None else ""
            yield Figure(
                at=measured.at,
                analysis=event.analysis,
                value=f"{measured.value}{against}",
                judged_by=_judged_by(known.get(event.analysis)),
                outcome=measured.outcome,
                detail=measured.detail,
            )


def _judged_by(analysis: Analysis | None) -> str:
    if analysis is None:
        return ""
    said = [f"good if {analysis.success}"] if analysis.success else []
    said += [f"bad if {analysis.failure}"] if analysis.failure else []
    said += [f"{analysis.failure_limit} may fail"] if analysis.failure_limit else []
    said += ["compared with the baseline"] if analysis.comparison else []
    return ", ".join(said)
