"""What people write under policies/ about who is told what: NotificationPolicy."""

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from reconciler.desired.fields import Name, Period, Strict
from reconciler.desired.matching_documents import UnitsSpec
from reconciler.desired.wait_documents import told_at
from reconciler.desired.window_documents import CronText, Zone
from reconciler.desired.words import describe, nearest
from reconciler.model.governance import ChangeWindow, WindowMode
from reconciler.model.notification import Alarm, Grouping, NotificationPolicy, QuietHours, Severity, Topic
from reconciler.policy import cron, windows

_TOPICS = tuple(each.value for each in Topic if each is not Topic.TEST)
_LONGEST_TEMPLATE = 20_000
_SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)


def _fits_topics(glob: str) -> str:
    if not any(fnmatchcase(topic, glob) for topic in _TOPICS):
        near = nearest(glob, _TOPICS)
        hint = f"; {near}" if near else ""
        raise ValueError(
            f"expected an event such as rollout.failed, or a glob such as rollout.*, got {describe(glob)}{hint}"
        )
    return glob


Glob = Annotated[str, AfterValidator(_fits_topics)]
"""A glob over topics; one that fits none would tell nobody anything."""

Channels = Annotated[tuple[Name, ...], Field(min_length=1, description="names of NotificationChannels")]
Template = Annotated[str, Field(min_length=1, max_length=_LONGEST_TEMPLATE)]


class GroupSpec(Strict):
    """What comes within ``wait`` of the first, and is alike in what ``by`` says, is told in one message."""

    by: tuple[Literal["unit", "app", "environment", "event", "team"], ...] = ()
    wait: Period

    def to_model(self) -> Grouping:
        """Return the grouping."""
        return Grouping(by=tuple(sorted(set(self.by))), wait=self.wait)


class QuietSpec(Strict):
    """From each time that ``cron`` names in the ``zone``, for the ``duration``, only what is critical is told.

    The rest is told in one message when it is over.
    """

    cron: CronText
    duration: Period
    zone: Zone = "UTC"

    @model_validator(mode="after")
    def _ends(self) -> "QuietSpec":
        window = ChangeWindow(
            name="quiet", mode=WindowMode.DENY, cron=self.cron, duration=self.duration, zone=self.zone
        )
        begins = next(cron.following(self.cron, cron.zone(self.zone), _SOME_TIME), None)
        if begins and windows.phase(window, begins).until is None:
            raise told_at(("duration",), "it begins again before it ends: nobody would ever be told", self.duration)
        return self

    def to_model(self) -> QuietHours:
        """Return the quiet hours."""
        return QuietHours(cron=self.cron, duration=self.duration, zone=self.zone)


class AlarmSpec(Strict):
    """What asks for a person, and what nobody acted on ``after`` so long, is told to these channels too."""

    after: Period
    to: Channels


class NotificationPolicySpec(Strict):
    """Who is told of what happens: ``events`` of matching units of this ``severity`` and above go to the channels.

    ``events`` are names such as rollout.failed, with * where they may differ; none: all of them. What is about no unit
    (Git, commits) is told where ``match`` is empty. All policies that fit count; a channel is told once.
    """

    match: UnitsSpec = UnitsSpec()
    events: tuple[Glob, ...] = ()
    severity: Literal["info", "warning", "error", "critical"] = "info"
    to: Channels
    group: GroupSpec | None = None
    quiet: tuple[QuietSpec, ...] = ()
    escalate: tuple[AlarmSpec, ...] = ()
    templates: dict[Glob, Template] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _tells_once(self) -> "NotificationPolicySpec":
        if len(set(self.to)) < len(self.to):
            raise told_at(("to",), "this names the same twice", self.to)
        for index, each in enumerate(self.escalate):
            if set(each.to) <= set(self.to):
                raise told_at(("escalate", index, "to"), "these are told at once already; see to", each.to)
        return self

    def to_model(self, name: str) -> NotificationPolicy:
        """Return the policy under this name."""
        return NotificationPolicy(
            name=name,
            to=self.to,
            match=self.match.to_model(),
            events=self.events,
            severity=Severity(self.severity),
            group=self.group.to_model() if self.group else None,
            quiet=tuple(each.to_model() for each in self.quiet),
            escalate=tuple(Alarm(after=each.after, to=each.to) for each in self.escalate),
            templates=self.templates,
        )
