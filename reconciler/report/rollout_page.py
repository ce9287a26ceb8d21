"""The report on one rollout as a document. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.model.analysis import Outcome
from reconciler.model.rollout import State, StepState
from reconciler.report.case import Case, Figure, StepTold
from reconciler.report.document import (
    Block,
    Command,
    Document,
    Facts,
    Prose,
    Section,
    Table,
    Tile,
    Tiles,
    Tone,
    Words,
    plain,
)
from reconciler.report.phrases import NOTHING, at, counted, lasted, short
from reconciler.report.targets import outcomes

MOST_CHANGES = 200
MOST_MOMENTS = 500
_TONES = {
    State.SUCCEEDED: Tone.GOOD,
    State.REVERTED: Tone.BAD,
    State.REVERT_FAILED: Tone.BAD,
    State.HELD: Tone.BAD,
    State.ABORTED: Tone.UNSURE,
    State.SUPERSEDED: Tone.UNSURE,
}
_STEPS = {StepState.SUCCEEDED: Tone.GOOD, StepState.FAILED: Tone.BAD, StepState.STARTED: Tone.UNSURE}
_FIGURES = {
    Outcome.SUCCESSFUL: Tone.GOOD,
    Outcome.FAILED: Tone.BAD,
    Outcome.INCONCLUSIVE: Tone.UNSURE,
    Outcome.ERROR: Tone.UNSURE,
}
_EVIDENCE = frozenset({"probe", "confirm", "analyse", "call_hook"})


def rollout_page(case: Case, made_at: datetime) -> Document:
    """Return the document of a rollout; of one that goes on it tells what there is so far."""
    rollout = case.rollout
    return Document(
        title=f"{rollout.unit} {rollout.version}: {_state(rollout.state)}",
        about=f"rollout {rollout.id}, made at {at(made_at)}",
        sections=tuple(_sections(case, made_at)),
    )


def _state(state: State) -> str:
    return state.value.replace("_", " ")


def _sections(case: Case, made_at: datetime) -> Iterator[Section]:
    yield Section("How it ended" if case.rollout.ended else "Where it is", tuple(_ending(case, made_at)))
    yield Section("What and why", (_what(case),))
    yield Section("Changes", tuple(_changes(case)))
    yield Section("Steps", (_steps(case.steps, "No step was begun."),))
    yield Section("Evidence", tuple(_evidence(case)))
    yield Section("People", (_words(case),))
    yield Section("Targets", (_targets(case),))
    yield Section("Timeline", (_timeline(case),))
    yield Section("To look further", tuple(_commands(case)))


def _ending(case: Case, made_at: datetime) -> Iterator[Block]:
    rollout = case.rollout
    took = (rollout.updated_at if rollout.ended else made_at) - rollout.started_at
    targets = {each.resource.target for each in case.forward.changes}
    yield Tiles(
        (
            Tile("State", _state(rollout.state), tone=_TONES.get(rollout.state, Tone.PLAIN)),
            Tile("Took" if rollout.ended else "For", lasted(took), f"since {at(rollout.started_at)}"),
            Tile("Changes", str(len(case.forward.changes)), f"on {counted(len(targets), 'target')}"),
            Tile("Evidence", _evidence_in_short(case), ""),
        )
    )
    if rollout.reason:
        yield Prose(rollout.reason, _TONES.get(rollout.state, Tone.PLAIN))
    elif rollout.waiting:
        yield Prose(f"It waits: {rollout.waiting.detail}", Tone.UNSURE)


def _evidence_in_short(case: Case) -> str:
    done = [each for each in case.steps if each.sort in _EVIDENCE and each.state is StepState.SUCCEEDED]
    failed = [each for each in case.steps if each.sort in _EVIDENCE and each.state is StepState.FAILED]
    return f"{len(done)} good, {len(failed)} bad" if done or failed else "none"


def _what(case: Case) -> Facts:
    rollout, written = case.rollout, case.written
    subject = written.subject if written else case.subject
    emails = ", ".join(sorted(written.emails)) if written else ""
    return Facts(
        (
            ("Unit", plain(str(rollout.unit))),
            ("Why", plain(case.why)),
            ("Commit", plain(f"{rollout.commit or NOTHING} {subject}".rstrip())),
            ("Written by", plain(f"{written.author} ({emails})") if written else _unknown(case)),
            ("Written at", plain(at(written.at)) if written else _unknown(case)),
            ("Followed at", plain(at(case.accepted_at))),
            ("Version", plain(rollout.version)),
            ("Before", plain(f"commit {short(case.before)}" if case.before else "no commit of this unit is known")),
            ("Policy", plain(f"{case.forward.policy.name}; {case.rules}")),
            ("Plan", plain(rollout.forward)),
            ("Taken back by", plain(case.back.id if case.back else NOTHING)),
        )
    )


def _unknown(case: Case) -> Words:
    return Words(f"not known: {case.untold or 'Git does not have this commit any more'}", Tone.UNSURE)


def _changes(case: Case) -> Iterator[Block]:
    rows = tuple(
        (
            plain(each.action.value),
            plain(each.resource),
            plain(", ".join(each.targets)),
            plain("; ".join(each.lines)),
        )
        for each in case.changes[:MOST_CHANGES]
    )
    yield Table(head=("Action", "Resource", "On", "Difference"), rows=rows, empty="It changes no resource.")
    if len(case.changes) > MOST_CHANGES:
        yield Prose(f"And {len(case.changes) - MOST_CHANGES} more; reconciler history --rollout has them all.")
    for note in case.forward.notes:
        yield Prose(note)


def _steps(steps: Sequence[StepTold], empty: str) -> Table:
    rows = tuple(
        (
            plain(f"back {each.index + 1}" if each.back else str(each.index + 1)),
            plain(each.what),
            Words(each.state.value if each.state else "not begun", _STEPS[each.state] if each.state else Tone.PLAIN),
            plain(lasted(each.ended_at - each.started_at) if each.ended_at and each.started_at else NOTHING),
            plain(each.detail),
        )
        for each in steps
    )
    return Table(head=("Step", "What", "Outcome", "Took", "Detail"), rows=rows, numbers=frozenset({3}), empty=empty)


def _evidence(case: Case) -> Iterator[Block]:
    proven = [each for each in case.steps if each.sort in _EVIDENCE and each.state is not None]
    yield _steps(proven, "Nothing was asked whether it is well.")
    if not case.figures:
        return
    rows = tuple(_figure(each) for each in case.figures)
    yield Table(head=("At", "Analysis", "Measured", "Judged by", "Outcome", "Detail"), rows=rows)


def _figure(each: Figure) -> tuple[Words, ...]:
    return (
        plain(at(each.at)),
        plain(each.analysis),
        plain(each.value),
        plain(each.judged_by),
        Words(each.outcome.value, _FIGURES[each.outcome]),
        plain(each.detail),
    )


def _words(case: Case) -> Table:
    rows = tuple((plain(at(each.at)), plain(each.who), plain(each.what), plain(each.why)) for each in case.words)
    empty = "Nobody approved, decided or waived anything: no policy asked for it, and nobody came."
    return Table(head=("At", "Who", "What", "Why"), rows=rows, empty=empty)


def _targets(case: Case) -> Table:
    rows = tuple((plain(each.target), Words(each.ended, each.tone), plain(each.why)) for each in outcomes(case))
    return Table(head=("Target", "Ended", "Why"), rows=rows, empty="No target is touched.")


def _timeline(case: Case) -> Table:
    began = case.rollout.started_at
    rows = tuple(
        (plain(at(each.at)), plain(f"+{lasted(max(each.at - began, each.at - each.at))}"), plain(each.what))
        for each in case.moments[:MOST_MOMENTS]
    )
    return Table(head=("At", "After", "What"), rows=rows, numbers=frozenset({1}))


def _commands(case: Case) -> Iterator[Block]:
    rollout = case.rollout
    yield Command(f"reconciler history --rollout {rollout.id}", "Every event of it")
    yield Command(f"reconciler logs {rollout.unit}", "What programs printed")
    yield Command(f"reconciler explain {rollout.unit}", "Where the unit stands now")
    if rollout.state in (State.REVERTED, State.REVERT_FAILED, State.HELD):
        yield Command(f"reconciler retry {rollout.unit} --reason '...'", "To have the state tried again")
