"""Why one unit is where it is: what Git says, what it is held to, what is happening, and what a person can do."""

from collections.abc import Iterator

from rich.text import Text

from reconciler.cli.render.estimate import estimate
from reconciler.cli.render.going_on import percent, until_when, ways
from reconciler.cli.render.health import sentences
from reconciler.cli.render.lines import Lines
from reconciler.cli.render.locked import keys, locks_on
from reconciler.cli.render.sentence import decided, measured
from reconciler.cli.render.waivers import reviews, waivers_of
from reconciler.cli.render.words import ago, in_future, lasted
from reconciler.control.clean import clean
from reconciler.control.phrases import count, listed, short
from reconciler.control.steps import steps
from reconciler.control.where import Place, Word, may_retry, paused, place, rejected, unsure
from reconciler.model.analysis import AnalysisRun
from reconciler.model.change import Cause
from reconciler.model.event import Condition, Refusal
from reconciler.model.identity import UnitId
from reconciler.model.plan import Plan
from reconciler.model.record import Picture
from reconciler.model.rollout import Rollout, State
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import BEFORE_US
from reconciler.model.waiting import Reason
from reconciler.policy.drift import fighting, in_words

_LABEL = 12
_BY_HAND = (
    *(Reason.DRIFT_REPORTED, Reason.DRIFT_HELD, Reason.PRUNE_GUARD, Reason.PRUNE_CONFIRM, Reason.FIGHT, Reason.REMOVED),
)
_NAMED = 5
_HALF_WAY = frozenset({State.HELD, State.ABORTED, State.REVERT_FAILED})
_AGAIN = {Reason.FIGHT: "it is healed again", Reason.WINDOW: "that is"}
_NOT_YET = "either it goes on there or the target cannot be reached; it is looked at again until the deadline"


def explain_text(picture: Picture, unit: UnitId, width: int = 80) -> Text:
    """Return the explanation of one unit that the journal knows."""
    lines = Lines(width)
    where = place(picture, unit)
    lines.add((clean(str(unit)), "bold"), f"  {where.word} {where.progress}".rstrip())
    for label, sentence in _facts(picture, where):
        lines.prose(f"{label:<{_LABEL}}{sentence}", indent="  ", hang=" " * (_LABEL + 2))
    commands = tuple(_commands(picture, where))
    if commands:
        lines.gap()
        lines.add("What can be done:")
        for command, effect in commands:
            lines.add(("  " + command, "cyan"))
            lines.prose(effect, indent="      ")
    return lines.text()


def _facts(picture: Picture, where: Place) -> Iterator[tuple[str, str]]:
    known = picture.standing.of(where.unit)
    yield from _git(picture, known)
    if pinned := known.pinned:
        why = f": {clean(pinned.reason)}" if pinned.reason else ""
        yield "held", f"at {clean(pinned.named)} by {clean(pinned.author)}{why}; new commits wait"
    if pause := paused(picture, where.unit):
        what = "" if pause.unit else "everything is "
        yield "paused", f"{what}paused by {clean(pause.author)}: {clean(pause.reason)}"
    for lock in locks_on(picture, where.unit):
        yield "locked", lock
    for waiver in waivers_of(picture, where.unit):
        yield "waived", waiver
    if known.rollout:
        yield from _rollout(picture, known.rollout)
    yield from _seen(picture, known)
    if known.last:
        yield "last", _ended(picture, known.last)


def _git(picture: Picture, known: UnitStanding) -> Iterator[tuple[str, str]]:
    assessed, good, verdict = known.assessed, known.last_good, rejected(known)
    if picture.accepted:
        yield "Git says", f"commit {short(picture.accepted.commit)} ({clean(picture.accepted.subject)})"
    if refused := picture.refused:
        problem = f": {clean(str(refused.problems[0]))}" if refused.problems else ""
        what = "did not load" if refused.why is Refusal.MISTAKES else "is not followed"
        yield "refused", f"the newer commit {short(refused.commit)} {what}{problem}"
    if verdict:
        at = f"rejected {ago(verdict.at, picture.now)} at commit {short(verdict.commit)}"
        yield "verdict", f"bad, {at}: {clean(verdict.reason)}"
    if assessed and assessed.rejected and assessed.rejected == assessed.digest:
        yield "held to", "nothing; what is on its targets is left as it is"
    elif assessed and assessed.commit:
        yield "held to", f"{clean(assessed.version)} of commit {short(assessed.commit)}"
    elif assessed and assessed.version:
        yield "held to", BEFORE_US
    if good:
        same = " (the same)" if assessed and assessed.digest == good.unit.digest else ""
        yield (
            "last good",
            f"{clean(good.unit.version)} of commit {short(good.unit.commit)}{same}, {ago(good.at, picture.now)}",
        )
    else:
        yield "last good", "none yet; there is nothing to go back to"


def _rollout(picture: Picture, rollout: Rollout) -> Iterator[tuple[str, str]]:
    begun = ago(rollout.started_at, picture.now)
    why = f": {clean(rollout.reason)}" if rollout.reason else ""
    yield (
        "rollout",
        f"{clean(rollout.id)}, {rollout.cause} {short(rollout.commit)}, {rollout.state}, began {begun}{why}",
    )
    if plan := picture.plans.get(rollout.plan):
        told = tuple(steps(plan))
        if rollout.cursor < len(told):
            yield "step", f"{rollout.cursor + 1} of {len(told)}: {told[rollout.cursor]}"
            yield from _progress(picture, rollout, plan)
    yield from _evidence(picture, rollout)
    for progress in rollout.step.progress if rollout.step else ():
        answers = f"{progress.successes} good, {progress.failures} bad in a row"
        yield "health", f"{clean(progress.target)}: {answers}, {clean(progress.detail)}".removesuffix(", ")
    for failure in rollout.failures:
        yield "failed", f"{clean(failure.target)} (batch {failure.batch}): {clean(failure.reason)}"
    if targets := unsure(picture, rollout):
        yield "not known", f"how the change on {listed(targets, _NAMED)} ended; {_NOT_YET}"
    if paused(picture, rollout.unit):
        return
    if rollout.wake_at:
        yield "goes on", in_future(rollout.wake_at, picture.now)
    if rollout.deadline:
        yield "deadline", f"counts as failed without progress {in_future(rollout.deadline, picture.now)}"


def _progress(picture: Picture, rollout: Rollout, plan: Plan) -> Iterator[tuple[str, str]]:
    left = estimate(plan, rollout, picture.took, picture.now)
    done = percent(picture, rollout)
    if left and picture.took:
        people = f", beside {count(left.people, 'wait')} for a person" if left.people else ""
        yield "progress", f"{done}% of its steps; about {lasted(left.left)} left by earlier rollouts{people}"


def _evidence(picture: Picture, rollout: Rollout) -> Iterator[tuple[str, str]]:
    """Yield what the rollout waits for, what people decided, and what was measured."""
    if rollout.waiting:
        end = until_when(rollout.waiting, picture.now)
        yield "waiting on", f"{clean(rollout.waiting.detail)} ({rollout.waiting.reason}){end}"
    if rollout.not_upheld:
        yield "requests", f"nobody can see to how they are sent now: {clean(rollout.not_upheld)}"
    for each in rollout.decisions:
        yield "decided", f"{clean(decided(each))}, {ago(each.at, picture.now)}"
    for run in (*rollout.background, *(rollout.step.runs if rollout.step else ())):
        yield "measured", _run(run)


def _run(run: AnalysisRun) -> str:
    counts = f"{run.successful} good, {run.failed} bad, {run.inconclusive} unclear, {run.errors} errors"
    latest = f"; latest {clean(measured(run.latest))}" if run.latest else ""
    return f"{clean(run.name)}: {run.outcome or 'under way'}, {counts}{latest}"


def _seen(picture: Picture, known: UnitStanding) -> Iterator[tuple[str, str]]:
    assessed = known.assessed
    if assessed is None:
        yield "seen", "not looked at yet"
        return
    told = assessed.waiting and assessed.waiting.reason in (
        Reason.REJECTED,
        Reason.NOTHING_TO_REVERT_TO,
        Reason.PAUSED,
    )
    if assessed.waiting and not (told or known.rollout):
        again = _AGAIN.get(assessed.waiting.reason, "it is looked at again")
        until = f"; {again} {in_future(assessed.waiting.until, picture.now)}" if assessed.waiting.until else ""
        yield "waiting on", f"{clean(assessed.waiting.detail)} ({assessed.waiting.reason}){until}"
    if assessed.in_sync and not assessed.waiting and not known.rollout:
        yield "seen", "everything is as it shall be"
    for sentence in sentences(picture, known):
        yield "health", sentence
    if assessed.drifted:
        yield "drifted", listed(assessed.drifted, _NAMED)
    for each in assessed.unseen[:_NAMED]:
        yield "not seen", clean(each)
    if len(assessed.unseen) > _NAMED:
        yield "not seen", f"{len(assessed.unseen) - _NAMED} more"
    told_already = assessed.waiting is not None and assessed.waiting.reason is Reason.FIGHT
    for resource, heals in () if told_already else fighting(known, picture.now):
        yield "a fight", clean(in_words(resource, heals))
    if known.failed_heals:
        yield "heals", f"{known.failed_heals} failed one after the other"


def _ended(picture: Picture, rollout: Rollout) -> str:
    state = rollout.state.replace("_", " ")
    why = f": {clean(rollout.reason)}" if rollout.reason else ""
    return f"{rollout.cause} {short(rollout.commit)} {state} {ago(rollout.updated_at, picture.now)}{why}"


def _commands(picture: Picture, where: Place) -> Iterator[tuple[str, str]]:
    known = picture.standing.of(where.unit)
    name = clean(str(where.unit))
    pause = paused(picture, where.unit)
    waiting = known.assessed.waiting.reason if known.assessed and known.assessed.waiting else None
    if pause:
        yield f"reconciler resume {name}" if pause.unit else "reconciler resume", "lifts the pause"
    yield from _before_it_begins(picture, known)
    if picture.refused and picture.refused.why is Refusal.REWRITTEN:
        commit = clean(picture.refused.commit[:8])
        yield f"reconciler accept {commit} --reason TEXT", "follows the branch though it was rewritten"
    if rejected(known):
        yield "git commit", "mend it: a commit that changes this unit clears the verdict by itself"
    if may_retry(picture, where.unit):
        yield f"reconciler retry {name} --reason TEXT", "forgets what failed and tries the same state again"
    if waiting in _BY_HAND:
        yield f"reconciler plan --unit {name} --out FILE", "shows what would be done; reconciler apply FILE does it"
    yield from _of_people(picture, known)
    if where.word in (Word.ROLLING_OUT, Word.REVERTING):
        yield f"reconciler pause {name} --reason TEXT", "stops the rollout at the next step"
    if known.rollout:
        yield f"reconciler history --rollout {clean(known.rollout.id)}", "shows what it has done so far"
    elif known.last and where.stuck:
        yield f"reconciler history --rollout {clean(known.last.id)}", "shows what the last rollout did"


def _before_it_begins(picture: Picture, known: UnitStanding) -> Iterator[tuple[str, str]]:
    """Yield what a person can say to a lock, a waiver, and a plan that waits for consent."""
    name = clean(str(known.unit))
    for command in keys(picture, known.unit):
        yield command, "ends the lock, whoever took it"
    for command in reviews(picture, known.unit):
        yield command, "says what you found of the waiver; somebody else than who took it"
    if known.assessed and known.assessed.plan and not known.rollout:
        yield f"reconciler approve {name}", "consents to just the plan that waits"
        yield f"reconciler reject {name} --reason TEXT", "has it not carried out"


def _of_people(picture: Picture, known: UnitStanding) -> Iterator[tuple[str, str]]:
    """Yield what a person can say to the rollout in hand, or about where the unit is held."""
    name = clean(str(known.unit))
    if known.pinned:
        yield f"reconciler release {name}", "lets it follow Git again"
    if known.rollout and not paused(picture, known.unit):
        yield from ways(picture, known.rollout)
    ill = any(each.condition is not Condition.HEALTHY for each in known.health.values())
    if (ill or _left_half_way(known)) and not (known.rollout or known.pinned) and known.last_good:
        yield f"reconciler rollback {name} --dry-run", "says whether it can go back to the state before, and how"


def _left_half_way(known: UnitStanding) -> bool:
    last = known.last
    return last is not None and last.cause is Cause.COMMIT and last.state in _HALF_WAY
