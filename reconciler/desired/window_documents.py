"""What people write about when changes may begin: ChangeWindow documents."""

import re
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from reconciler.desired.fields import Period, Strict
from reconciler.desired.matching_documents import UnitsSpec
from reconciler.desired.wait_documents import told_at
from reconciler.desired.words import describe, nearest
from reconciler.model.governance import ChangeWindow, WindowMode
from reconciler.policy import cron

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EXPECTED = "expected a date such as 2026-12-24, or a time such as 2026-12-24T18:00:00+01:00"
_MOMENT_SCHEMA = {"type": "string", "description": "a date, or a time by RFC 3339; a date is its midnight in the zone"}


def _moment(value: Any) -> datetime:
    """Read a date or a time. What has no offset of its own is given that of the window's zone later."""
    if not isinstance(value, str):
        raise ValueError(f"{_EXPECTED}, got {describe(value)}")  # noqa: TRY004 - pydantic's
    try:
        if _DATE.fullmatch(value):
            return datetime.combine(datetime.fromisoformat(value).date(), time())
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{_EXPECTED}, got {describe(value)}") from None
    if moment.tzinfo is None:
        raise ValueError(f"say in which zone this is: {value}Z, or {value}+01:00")
    return moment


def _zone(name: str) -> str:
    try:
        return cron.zone(name).key
    except cron.CronMistake as mistake:
        near = nearest(name, available_timezones())
        raise ValueError(f"{mistake} ({near})" if near else str(mistake)) from mistake


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema(_MOMENT_SCHEMA)]
Flag = Annotated[bool, Field(strict=True)]
CronText = Annotated[str, AfterValidator(cron.checked)]
Zone = Annotated[str, AfterValidator(_zone)]

_DEFAULT = ChangeWindow(name="", mode=WindowMode.ALLOW)


class ChangeWindowSpec(Strict):
    """When changes of the matching units may begin (``allow``), or may not (``deny``).

    It comes round by ``cron`` in the ``zone`` and lasts for the ``duration``, or it is there once, ``from`` and ``to``
    (its first moment, and the first after it). ``manual``: a plan that a person applies by hand may pass. ``reverts``
    and ``heals`` may pass. ``overrun``: what runs when it closes goes on; else it is paused until it opens.
    """

    match: UnitsSpec = UnitsSpec()
    mode: Literal["allow", "deny"]
    cron: CronText | None = None
    duration: Period | None = None
    zone: Zone = _DEFAULT.zone
    begins: Annotated[Moment | None, Field(alias="from")] = None
    ends: Annotated[Moment | None, Field(alias="to")] = None
    manual: Flag = _DEFAULT.manual
    overrun: Flag = _DEFAULT.overrun
    reverts: Flag = _DEFAULT.reverts
    heals: Flag = _DEFAULT.heals

    @model_validator(mode="after")
    def _comes_once_or_again(self) -> "ChangeWindowSpec":
        dated = self.begins is not None or self.ends is not None
        if dated == (self.cron is not None):
            raise ValueError("expected either cron and duration, or from and to (one of them at least)")
        if self.cron is not None and self.duration is None:
            raise ValueError("the key 'duration' is missing: how long it lasts each time, for example 8h")
        if self.cron is None and self.duration is not None:
            raise told_at(("duration",), "a duration goes with cron; from and to say it by themselves", self.duration)
        begins, ends = self._placed(self.begins), self._placed(self.ends)
        if begins and ends and ends <= begins:
            raise told_at(("to",), "it ends before it begins", self.ends)
        return self

    def _placed(self, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        if moment.tzinfo is None:
            return cron.instant(moment, ZoneInfo(self.zone))
        return moment.astimezone(UTC)

    def to_model(self, name: str) -> ChangeWindow:
        """Return the window under this name."""
        return ChangeWindow(
            name=name,
            mode=WindowMode(self.mode),
            cron=self.cron or "",
            duration=self.duration or _DEFAULT.duration,
            zone=self.zone,
            begins=self._placed(self.begins),
            ends=self._placed(self.ends),
            manual=self.manual,
            overrun=self.overrun,
            reverts=self.reverts,
            heals=self.heals,
        )
