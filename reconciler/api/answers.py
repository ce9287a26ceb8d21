"""What the API says: the form of every answer. Times are RFC 3339 in UTC, names are camelCase."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

Object = dict[str, Any]
"""A value of the model in the form in which the journal has it; its field ``event`` or ``step`` says what it is."""


class Answer(BaseModel):
    """What all answers are."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def text(self) -> bytes:
        """Return it as JSON."""
        return self.model_dump_json(by_alias=True).encode()


class WaitingAnswer(Answer):
    """Why something does not proceed; ``until`` is when it is looked at again."""

    reason: str
    detail: str
    until: datetime | None


class PauseAnswer(Answer):
    """Who stopped automation, and why."""

    author: str
    reason: str


class HeldAnswer(Answer):
    """Who holds a unit at a state of their choice, which, and why."""

    author: str
    at: str
    reason: str


class RejectedAnswer(Answer):
    """Why what Git says is not carried out."""

    commit: str
    reason: str
    at: datetime


class UnitAnswer(Answer):
    """Where a unit stands. ``stuck``: it does not go on by itself now."""

    unit: str
    state: str = Field(description="In words, as `reconciler status` has it: in sync, rolling out, holding, ...")
    progress: str
    version: str
    commit: str
    since: datetime | None
    stuck: bool
    in_sync: bool | None
    waiting: WaitingAnswer | None
    rollout: str | None = Field(description="The rollout that has the unit in hand.")
    paused: PauseAnswer | None
    held: HeldAnswer | None
    rejected: RejectedAnswer | None
    drifted: Sequence[str]
    unseen: Sequence[str]


class UnitsAnswer(Answer):
    """Units by name; ``next`` is the cursor of the next page, None on the last."""

    units: Sequence[UnitAnswer]
    next: str | None


class HealthAnswer(Answer):
    """How an app does on one target, since when."""

    condition: str
    detail: str
    since: datetime


class RolloutAnswer(Answer):
    """One rollout. ``cursor`` is the index of the step in hand in ``plan``; ``forward`` is the plan that it began with.

    ``ended``: nothing can happen to it any more.
    """

    id: str
    unit: str
    state: str
    ended: bool
    cause: str
    commit: str
    version: str
    forward: str
    plan: str
    cursor: int
    reason: str
    started_at: datetime
    updated_at: datetime
    deadline: datetime | None
    waiting: WaitingAnswer | None
    failures: Sequence[Object]


class UnitDetails(Answer):
    """All that is known of a unit. ``words`` are those that people said about it and that are in force."""

    summary: UnitAnswer
    current: RolloutAnswer | None
    last: RolloutAnswer | None
    health: Mapping[str, HealthAnswer]
    words: Sequence[Object]


class StateAnswer(Answer):
    """A state that is kept to go back to."""

    version: str
    commit: str
    digest: str
    verdict: str
    at: datetime
    held: bool
    irreversible: bool


class HistoryAnswer(Answer):
    """What was with a unit: its newest rollouts and the states that are kept, newest first."""

    rollouts: Sequence[RolloutAnswer]
    states: Sequence[StateAnswer]


class RolloutsAnswer(Answer):
    """The newest rollouts, newest first."""

    rollouts: Sequence[RolloutAnswer]


class PlanAnswer(Answer):
    """A stored plan: complete, ordered, with its changes. ``plan`` has the form in which the journal has it."""

    id: str
    unit: str
    cause: str
    version: str
    commit: str
    targets: Sequence[str]
    notes: Sequence[str]
    plan: Object


class EventAnswer(Answer):
    """One event of the journal, with its number; ``event`` in its ``event`` says what it is."""

    number: int
    at: datetime
    unit: str | None
    event: Object


class EventsAnswer(Answer):
    """Events, oldest first; ``next`` is the number to ask ``after`` for what comes next."""

    events: Sequence[EventAnswer]
    next: int


class CommitsAnswer(Answer):
    """What Git says: the newest commit that loaded, a newer one that was refused, and whether Git can be asked."""

    accepted: str | None
    subject: str
    refused: str | None
    refused_because: str
    problems: Sequence[str]
    lost: str | None
    paused: PauseAnswer | None


class AssessedAnswer(Answer):
    """What would follow for one unit; the plan is what would be done, also where something stands in the way."""

    unit: str
    waiting: WaitingAnswer | None
    gates: Sequence[Object]
    drifted: Sequence[str]
    unseen: Sequence[str]
    plan: PlanAnswer | None


class ReviewAnswer(Answer):
    """What would follow from a commit, unit by unit in the order they would go."""

    commit: str
    refused: Sequence[str]
    interrupted: Sequence[str]
    units: Sequence[AssessedAnswer]


class SightingAnswer(Answer):
    """What the last look saw of a unit on one target, by resource; ``trouble`` is why a later look saw nothing."""

    unit: str
    target: str
    at: datetime
    seen: Object
    trouble: str
    tried: datetime | None


class SightingsAnswer(Answer):
    """What was seen last."""

    sightings: Sequence[SightingAnswer]


class Decided(Answer):
    """What follows from a request. ``secret`` is shown this one time; ``poll`` is where to see what becomes of it."""

    said: str
    secret: str | None
    poll: str | None


class TokenAnswer(Answer):
    """A token that is good; what it is itself nobody knows."""

    id: str
    name: str
    author: str
    at: datetime
    until: datetime | None
    groups: Sequence[str]
    actions: Sequence[str] | None
    units: Sequence[str]


class TokensAnswer(Answer):
    """The tokens that are good."""

    tokens: Sequence[TokenAnswer]


class HealthzAnswer(Answer):
    """Whether the process can work, with what it looked at."""

    ready: bool
    details: Mapping[str, str]
