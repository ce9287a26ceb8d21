"""Whether changes may begin now, by the windows of a unit, and when they may again. Pure.

As in Argo CD's sync windows: a deny that is on shuts; where there are allows, one of them has to be on; without any
window everything is open. Other than there, a flag that lets something pass has to be on each window that shuts, also
on the allows that are off while a deny is on. A window is on from its first moment until right before its end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import TypeAlias

from reconciler.model.change import Cause
from reconciler.model.governance import ChangeWindow, GateKind, GateState, GateWord, WindowMode
from reconciler.policy import cron

Windows: TypeAlias = tuple[ChangeWindow, ...]

_OPENINGS = 400
"""So many times it is looked whether something opens. What does not by then may as well never."""

_CLOSINGS = 50
_TOGETHER = 400
"""So many times in a row that a window comes round again before it ends; more than that are for ever."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Whether a window is on, and until when it is as it is; None: for ever, or for longer than anybody looks."""

    on: bool
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Plea:
    """What wants to begin, and whether a person wants just that."""

    cause: Cause
    by_hand: bool = False


def gate(windows: Windows, plea: Plea, now: datetime) -> GateState | None:
    """Return how the gate of a unit's windows stands for the plea; None where there are none."""
    if not windows:
        return None
    held = keeping(windows, plea, now)
    if held:
        opening = opens(windows, plea, now)
        stands = GateWord.PENDING if opening else GateWord.CLOSED
        hint = "; a plan that is applied by hand may pass" if all(each.manual for each in held) else ""
        return _gate(held, stands, f"shut by {_names(held)}; {_opening(held, opening)}{hint}", opening)
    closing = closes(windows, plea, now)
    if shut := shutting(windows, now):
        return _gate(shut, GateWord.OPEN, f"shut by {_names(shut)}, {_excused(shut, plea)}", closing)
    return _gate(windows, GateWord.OPEN, f"open{_until(closing, windows[0])}", closing)


def passage(windows: Windows, plea: Plea, began: datetime, now: datetime) -> GateState | None:
    """Return whether a rollout that began then may go on; None where no window holds anything up that has begun.

    Only windows without overrun do, and of those none that was shut already when it began: somebody wanted it to begin
    all the same.
    """
    strict = tuple(each for each in windows if not each.overrun and each not in shutting(windows, began))
    if not strict:
        return None

    def held(moment: datetime) -> Windows:
        return tuple(each for each in keeping(windows, plea, moment) if each in strict)

    if not (shut := held(now)):
        closing = _shut_again(windows, now, held)
        return _gate(strict, GateWord.OPEN, "the rollout goes on" + _until(closing, strict[0]), closing)
    opening = _free(windows, now, held)
    stands = GateWord.PENDING if opening else GateWord.CLOSED
    return _gate(shut, stands, f"paused by {_names(shut)}; {_opening(shut, opening, 'goes on')}", opening)


def shut_since(windows: Windows, plea: Plea, began: datetime, now: datetime) -> GateState | None:
    """Return what keeps the plea from beginning now, of the windows that let it begin then; None where nothing does."""
    before = shutting(windows, began)
    shut = tuple(each for each in keeping(windows, plea, now) if each not in before)
    if not shut:
        return None
    opening = opens(windows, plea, now)
    stands = GateWord.PENDING if opening else GateWord.CLOSED
    return _gate(shut, stands, f"shut by {_names(shut)}; {_opening(shut, opening)}", opening)


def shutting(windows: Windows, now: datetime) -> Windows:
    """Return the windows that keep changes from beginning: denies that are on, and allows when none of them is."""
    on = {each for each in windows if phase(each, now).on}
    denies = tuple(each for each in windows if each.mode is WindowMode.DENY and each in on)
    allows = tuple(each for each in windows if each.mode is WindowMode.ALLOW)
    return (*denies, *(allows if not on.intersection(allows) else ()))


def keeping(windows: Windows, plea: Plea, now: datetime) -> Windows:
    """Return the windows that keep just this from beginning: those that shut and do not let it pass."""
    return tuple(each for each in shutting(windows, now) if not _lets(each, plea))


@lru_cache(maxsize=512)
def opens(windows: Windows, plea: Plea, now: datetime) -> datetime | None:
    """Return when it may begin, None when that is never or nobody can tell; now where it may at once."""
    return _free(windows, now, lambda moment: keeping(windows, plea, moment))


@lru_cache(maxsize=512)
def closes(windows: Windows, plea: Plea, now: datetime) -> datetime | None:
    """Return until when it may begin, None when there is no end in sight."""
    return _shut_again(windows, now, lambda moment: keeping(windows, plea, moment))


# Each pass steps over the same edges: what was found at them is found again without any reckoning.
@lru_cache(maxsize=8192)
def phase(window: ChangeWindow, now: datetime) -> Phase:
    """Return whether the window is on at that moment, and until when it stays so."""
    if not window.cron:
        return _between(window, now)
    where = cron.zone(window.zone)
    last = cron.latest(window.cron, where, now)
    if last is None or now >= last + window.duration:
        return Phase(on=False, until=next(cron.following(window.cron, where, now), None))
    ends = last + window.duration
    for again in islice(cron.following(window.cron, where, last), _TOGETHER):
        if again > ends:
            return Phase(on=True, until=ends)
        ends = again + window.duration
    return Phase(on=True, until=None)


def _between(window: ChangeWindow, now: datetime) -> Phase:
    if window.begins is not None and now < window.begins:
        return Phase(on=False, until=window.begins)
    if window.ends is not None and now >= window.ends:
        return Phase(on=False, until=None)
    return Phase(on=True, until=window.ends)


def _free(windows: Windows, now: datetime, held: Callable[[datetime], Windows]) -> datetime | None:
    """Return the first moment from now on at which nothing keeps it: all denies have to end, or an allow to begin."""
    moment = now
    for _ in range(_OPENINGS):
        by = held(moment)
        if not by:
            return moment
        denies = [phase(each, moment).until for each in by if each.mode is WindowMode.DENY]
        allows = [phase(each, moment).until for each in windows if each.mode is WindowMode.ALLOW]
        ahead = [each for each in denies or allows if each is not None]
        if not ahead or (denies and None in denies):
            return None
        moment = max(ahead) if denies else min(ahead)
    return None


def _shut_again(windows: Windows, now: datetime, held: Callable[[datetime], Windows]) -> datetime | None:
    """Return the first moment after now at which something keeps it; None when that is not in sight."""
    moment = now
    for _ in range(_CLOSINGS):
        ahead = [until for each in windows if (until := phase(each, moment).until)]
        if not ahead:
            return None
        moment = min(ahead)
        if held(moment):
            return moment
    return None


def _lets(window: ChangeWindow, plea: Plea) -> bool:
    """Whether a window that shuts lets this pass."""
    heals = plea.cause is Cause.DRIFT and window.heals
    reverts = plea.cause is Cause.REVERT and window.reverts
    return heals or reverts or (plea.by_hand and window.manual)


def _excused(shut: Windows, plea: Plea) -> str:
    if plea.by_hand and all(each.manual for each in shut):
        return "passed by hand"
    return "which lets reverts pass" if plea.cause is Cause.REVERT else "which lets heals pass"


def _names(windows: Windows) -> str:
    return " and ".join(each.name for each in windows)


def _opening(held: Windows, opening: datetime | None, verb: str = "opens") -> str:
    # Not how long that is from now: what is written down is to change only with what it says.
    return f"{verb} {_told(opening, held[0])}" if opening else f"never {verb} as far as can be seen"


def _until(closing: datetime | None, window: ChangeWindow) -> str:
    return f" until {_told(closing, window)}" if closing else ", with no end in sight"


def _told(moment: datetime, window: ChangeWindow) -> str:
    return moment.astimezone(cron.zone(window.zone)).strftime("%Y-%m-%d %H:%M %Z")


def _gate(windows: Windows, stands: GateWord, detail: str, until: datetime | None) -> GateState:
    return GateState(kind=GateKind.WINDOW, name=_names(windows), stands=stands, detail=detail, until=until)
