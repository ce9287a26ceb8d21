"""The fleet at a glance: one line a unit, then what needs attention in sentences."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from reconciler.cli.render.going_on import going_on, held, percent
from reconciler.cli.render.health import health_json, sentences
from reconciler.cli.render.lines import Lines, unbroken
from reconciler.cli.render.locked import all_locks
from reconciler.cli.render.waivers import all_waivers
from reconciler.cli.render.words import ago, in_future
from reconciler.control.clean import clean, shortened
from reconciler.control.phrases import count, listed, short
from reconciler.control.where import Place, Word, paused, places, rejected, unsure
from reconciler.model.canonical import plain
from reconciler.model.event import Assessed
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.record import Picture
from reconciler.model.standing import Heals, UnitStanding
from reconciler.model.waiting import Reason
from reconciler.policy.drift import common, fighting, in_words, spread

FORMAT = "reconciler/status/v1"
NAMED_PROBLEMS = 5
NAMED_THINGS = 5
NAMED_REASONS = 3
_COLOURS = {
    Word.IN_SYNC: "green",
    Word.DEGRADED: "yellow",
    Word.UNHEALTHY: "bold red",
    Word.ROLLING_OUT: "cyan",
    Word.REVERTING: "bold yellow",
    Word.PENDING: "cyan",
    Word.DRIFTED: "yellow",
    Word.HOLDING: "bold red",
    Word.REVERT_FAILED: "bold red reverse",
    Word.WAITING: "yellow",
    Word.PAUSED: "bold magenta",
    Word.UNKNOWN: "yellow",
}
_AGAIN = {Reason.FIGHT: "It is healed again", Reason.WINDOW: "That is"}
_WIDEST = {"unit": 40, "version": 16}


def status_text(picture: Picture, width: int = 80) -> Text:
    """Return the fleet as coloured text."""
    lines = Lines(width)
    found = places(picture)
    _table(lines, picture, found)
    lines.gap()
    for sentence in _attention(picture):
        lines.prose(sentence.replace("?.", "?"), hang="  ")
    _lost(lines, picture)
    _refused(lines, picture)
    lines.gap()
    if picture.at_work is False:
        lines.prose("No daemon is at work; this is how it was when one looked last.", style="yellow")
    lines.prose(_summary(picture, found), style="bold")
    return lines.text()


def needs_a_person(picture: Picture) -> bool:
    """Whether anything is held or waits; ``status`` tells it by exit status 4."""
    return bool(picture.refused or picture.standing.paused) or any(each.stuck for each in places(picture))


def status_json(picture: Picture) -> dict[str, Any]:
    """Return the fleet as a JSON value of format ``reconciler/status/v1``; times are RFC 3339."""
    refused = picture.refused
    return {
        "format": FORMAT,
        "commit": picture.accepted.commit if picture.accepted else None,
        "daemonAtWork": picture.at_work,
        "git": {"lost": picture.lost.reason, "since": picture.lost_at.isoformat()}
        if picture.lost and picture.lost_at
        else None,
        "refused": refused
        and {
            "commit": refused.commit,
            "why": refused.why.value,
            "subject": refused.subject,
            "at": picture.refused_at.isoformat() if picture.refused_at else None,
            "problems": [str(problem) for problem in refused.problems],
        },
        "paused": _pause_json(picture),
        "needsAPerson": needs_a_person(picture),
        "units": [_unit_json(picture, each) for each in places(picture)],
    }


def _pause_json(picture: Picture) -> dict[str, str] | None:
    pause = picture.standing.paused
    return {"author": pause.author, "reason": pause.reason} if pause else None


def _unit_json(picture: Picture, where: Place) -> dict[str, Any]:
    known = picture.standing.of(where.unit)
    assessed, verdict = known.assessed, rejected(known)
    waiting = known.rollout.waiting if known.rollout else assessed.waiting if assessed else None
    return {
        "unit": str(where.unit),
        "state": where.word.value,
        "progress": where.progress or None,
        "version": where.version or None,
        "commit": where.commit or None,
        "since": where.since.isoformat() if where.since else None,
        "stuck": where.stuck,
        "inSync": assessed.in_sync if assessed else None,
        "waiting": waiting
        and {
            "reason": waiting.reason.value,
            "detail": waiting.detail,
            "until": waiting.until.isoformat() if waiting.until else None,
        },
        "rejected": {"commit": verdict.commit, "reason": verdict.reason, "at": verdict.at.isoformat()}
        if verdict
        else None,
        "drifted": list(assessed.drifted) if assessed else [],
        "unseen": list(assessed.unseen) if assessed else [],
        "health": health_json(known),
        "fights": [_fight_json(each, heals) for each, heals in fighting(known, picture.now)],
        "rollout": known.rollout.id if known.rollout else None,
        "rolloutWaits": plain(known.rollout.waiting) if known.rollout else None,
        "percent": percent(picture, known.rollout) if known.rollout else None,
        "heldBy": known.pinned
        and {"author": known.pinned.author, "at": known.pinned.named, "reason": known.pinned.reason},
    }


def _fight_json(resource: ResourceId, heals: Heals) -> dict[str, Any]:
    return {
        "resource": str(resource),
        "heals": heals.count,
        "since": heals.since.isoformat(),
        "last": heals.last.isoformat(),
        "fields": list(heals.fields),
    }


def _table(lines: Lines, picture: Picture, found: tuple[Place, ...]) -> None:
    rows = [(_cells(picture, each), each.word) for each in found]
    if not rows:
        return
    header = ("UNIT", "VERSION", "STATE", "COMMIT", "SINCE")
    widths = [max(len(cells[column]) for cells in (header, *(row for row, _ in rows))) for column in range(5)]
    lines.add(("  ".join(f"{cell:<{size}}" for cell, size in zip(header, widths, strict=True)).rstrip(), "bold"))
    for cells, word in rows:
        unit, version, state, commit, since = (f"{cell:<{size}}" for cell, size in zip(cells, widths, strict=True))
        lines.add(f"{unit}  {version}  ", (state, _COLOURS[word]), f"  {commit}  {since}")


def _cells(picture: Picture, where: Place) -> tuple[str, ...]:
    return (
        shortened(clean(str(where.unit)), _WIDEST["unit"]),
        shortened(clean(where.version), _WIDEST["version"]) or "-",
        f"{where.word} {where.progress}".strip(),
        short(where.commit) if where.commit else "-",
        ago(where.since, picture.now) if where.since else "-",
    )


def _attention(picture: Picture) -> Iterator[str]:
    everything = picture.standing.paused
    if everything:
        who, why = clean(everything.author), clean(everything.reason)
        yield f"Everything is paused by {who}: {why}. To go on: {unbroken('reconciler resume')}"
    yield from all_locks(picture)
    yield from all_waivers(picture)
    for unit in sorted(picture.standing.units):
        yield from _about(picture, unit)


def _about(picture: Picture, unit: UnitId) -> Iterator[str]:
    known = picture.standing.of(unit)
    name, assessed = clean(str(unit)), known.assessed
    pause = paused(picture, unit)
    if pause and pause.unit:
        resume = unbroken(f"reconciler resume {name}")
        yield f"{name} is paused by {clean(pause.author)}: {clean(pause.reason)}. To go on: {resume}"
    targets = unsure(picture, known.rollout) if known.rollout else ()
    if known.rollout and not pause and not targets:
        yield from going_on(picture, known.rollout)
        yield from _held_up(known)
    yield from _kept_from_git(picture, known)
    if targets:
        yield f"{name}: how the change on {listed(targets, NAMED_THINGS)} ended is not known yet; it is looked at."
    for resource, heals in () if _fights(assessed) else fighting(known, picture.now):
        yield f"{name}: {clean(in_words(resource, heals))}."
    on = spread(known.last_good.unit.resources) if known.last_good else {}
    if assessed and (many := common(assessed.drifted, on)):
        ref, targets_without = many
        pause_it = "" if pause else f" To stop the healing: {unbroken(f'reconciler pause {name}')}."
        yield f"{name}: {clean(ref)} has drifted on {targets_without} of {on[ref]} targets.{pause_it}"
    if assessed and assessed.drifted and not known.rollout:
        yield f"{name} has drifted: {listed(assessed.drifted, NAMED_THINGS)}."
    for sentence in sentences(picture, known):
        yield f"{name} is {sentence}."
    if assessed and assessed.unseen:
        told = "; on ".join(clean(each) for each in assessed.unseen[:NAMED_REASONS])
        more = len(assessed.unseen) - NAMED_REASONS
        yield f"{name} could not be seen on {told}{f'; and on {more} more' if more > 0 else ''}."


def _kept_from_git(picture: Picture, known: UnitStanding) -> Iterator[str]:
    """Yield who or what keeps the unit from what Git says, and what it waits for."""
    name, assessed = clean(str(known.unit)), known.assessed
    waiting = assessed.waiting if assessed else None
    if waiting and waiting.reason is Reason.REVERT_FAILED and (known.pinned or rejected(known)):
        yield f"{name}: {clean(waiting.detail)}."
    if known.pinned:
        yield held(known.pinned)
    elif (verdict := rejected(known)) and assessed:
        good = f" at {short(known.last_good.unit.commit)}" if known.last_good else ", and nothing good is known"
        git_says = short(picture.accepted.commit if picture.accepted else verdict.commit)
        yield f"{name} is held{good}; Git says {git_says} (rejected: {clean(verdict.reason)})."
    elif (
        assessed
        and assessed.waiting
        and not (paused(picture, known.unit) or known.rollout or _out_of_sight(assessed))
        and assessed.waiting.reason is not Reason.LOCKED
    ):
        again = _AGAIN.get(assessed.waiting.reason, "It is looked at again")
        until = f". {again} {in_future(assessed.waiting.until, picture.now)}" if assessed.waiting.until else ""
        yield f"{name}: {clean(assessed.waiting.detail)}{until}."


def _held_up(known: UnitStanding) -> Iterator[str]:
    """Yield that a window keeps a rollout from going on."""
    waiting = known.assessed.waiting if known.assessed else None
    if waiting and waiting.reason is Reason.WINDOW:
        yield f"{clean(str(known.unit))}: the rollout is {clean(waiting.detail)}."


def _fights(assessed: Assessed | None) -> bool:
    """Whether it waits for a fight to calm down, which its own sentence tells."""
    return assessed is not None and assessed.waiting is not None and assessed.waiting.reason is Reason.FIGHT


def _out_of_sight(assessed: Assessed) -> bool:
    """Whether what it waits for is told by what could not be seen."""
    return bool(assessed.unseen and assessed.waiting and assessed.waiting.reason is Reason.UNREACHABLE)


def _lost(lines: Lines, picture: Picture) -> None:
    if picture.lost:
        since = f" since {ago(picture.lost_at, picture.now)}" if picture.lost_at else ""
        lines.gap()
        lines.prose(f"Git cannot be asked{since}: {clean(picture.lost.reason)}", hang="  ", style="yellow")


def _refused(lines: Lines, picture: Picture) -> None:
    refused = picture.refused
    if not refused:
        return
    when = f" {ago(picture.refused_at, picture.now)}" if picture.refused_at else ""
    stays = f"; the fleet stays at {short(picture.accepted.commit)}" if picture.accepted else ""
    lines.prose(f"Commit {short(refused.commit)} ({clean(refused.subject)}) was refused{when}{stays}:", hang="  ")
    for problem in refused.problems[:NAMED_PROBLEMS]:
        lines.add(f"  {clean(str(problem))}")
    if len(refused.problems) > NAMED_PROBLEMS:
        lines.add(f"  and {len(refused.problems) - NAMED_PROBLEMS} more; all of them: reconciler validate")


def _summary(picture: Picture, found: tuple[Place, ...]) -> str:
    if not found:
        return "No units yet. The daemon has not looked at anything; is it running?"
    counted = Counter(each.word for each in found)
    words = ", ".join(f"{number} {word}" for word, number in counted.most_common())
    at = f" Git says {short(picture.accepted.commit)}." if picture.accepted else ""
    asked = f" For more: {unbroken('reconciler explain UNIT')}." if needs_a_person(picture) else ""
    return f"{count(len(found), 'unit')}: {words}.{at}{asked}"
