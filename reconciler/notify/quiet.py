"""When people want to be left alone. Pure."""

from collections.abc import Sequence
from datetime import datetime

from reconciler.model.governance import ChangeWindow, WindowMode
from reconciler.model.notification import QuietHours
from reconciler.policy import windows

_AFTER_EACH_OTHER = 20
"""So many quiet hours may follow each other; what has no end by then is not quiet: it would tell nobody for ever."""


def quiet_until(hours: Sequence[QuietHours], at: datetime) -> datetime | None:
    """Return when the quiet that is on at that moment is over; None where none is on."""
    moment = at
    for _ in range(_AFTER_EACH_OTHER):
        ends = [end for each in hours if (end := _ends(each, moment))]
        if not ends:
            return moment if moment > at else None
        moment = max(ends)
    return None


def _ends(hours: QuietHours, at: datetime) -> datetime | None:
    window = ChangeWindow(name="quiet", mode=WindowMode.DENY, cron=hours.cron, duration=hours.duration, zone=hours.zone)
    phase = windows.phase(window, at)
    return phase.until if phase.on else None
