"""Why something does not proceed: a value, stored and shown by ``reconciler explain``, never only logged."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """The closed list of reasons for not proceeding."""

    DEPENDENCY = "dependency"  # another unit must be good first
    REJECTED = "rejected"  # the unit's desired state is quarantined
    NOTHING_TO_REVERT_TO = "no-last-known-good"
    REVERT_FAILED = "revert-failed"
    PAUSED = "paused"  # a person's stop
    UNREACHABLE = "unreachable"  # no target of the unit could be seen
    BLOCKED = "blocked"  # an input (a secret) cannot be read
    DRIFT_REPORTED = "drift-reported"  # policy says report
    DRIFT_HELD = "drift-held"  # policy says hold
    PRUNE_GUARD = "prune-guard"  # the plan would delete more than policy allows
    PRUNE_CONFIRM = "prune-confirm"  # policy wants a person to see a deletion first
    FIGHT = "fight"  # what is healed is changed again each time; the next heal comes later
    BACKOFF = "backoff"  # a heal failed; the next try comes later
    REMOVED = "removed"  # the unit is no longer in Git; what it owns stays
    HELD = "held"  # a person holds the unit at a state of their choice
    BUDGET = "budget"  # too many targets are out of service already
    HEALTH = "health"  # targets are not healthy yet
    TIME = "time"  # a bake
    PROMOTION = "promotion"  # a person has to say that it goes on
    APPROVAL = "approval"  # people have to approve it
    ANALYSIS = "analysis"  # figures are not all in
    UNCLEAR = "unclear"  # figures say neither yes nor no; a person has to decide
    TRAFFIC = "traffic"  # requests are still under way, or a load balancer is away
    HOOK = "hook"  # somebody else's program has not said yes yet
    WINDOW = "window"  # changes may not begin now; the next opening is known
    GUARDRAIL = "guardrail"  # a rule refuses the plan
    LOCKED = "locked"  # a person keeps it from being changed
    CONCURRENCY = "concurrency"  # another rollout has to end first
    DISAPPROVED = "disapproved"  # people did not consent to the plan, or nobody did in time
    UNVERIFIED = "unverified"  # an artifact is not signed as policy wants, or a scan found too much
    PLAN_REFUSED = "plan-refused"  # planning found the documents and the world at odds


FOR_PEOPLE = frozenset({Reason.PROMOTION, Reason.APPROVAL, Reason.UNCLEAR})
"""What nobody but a person ends."""


@dataclass(frozen=True, slots=True)
class WaitingOn:
    """What a unit waits for. ``detail`` says what and what to do, in words; ``until`` is when it is looked at again."""

    reason: Reason
    detail: str
    until: datetime | None = None
