"""Every figure that the daemon shows, in one table: its name, unit and labels, for Prometheus and for OpenTelemetry.

A figure is counted once and goes out by two doors. Its name is that of OpenTelemetry (``reconciler.pass.duration``);
Prometheus' follows from it by the rules of the OpenTelemetry specification (``reconciler_pass_duration_seconds``).
No label holds what a commit could make up without end: a unit's name at most, never that of a resource or a commit.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Sort: TypeAlias = Literal["counter", "histogram", "gauge"]

_UNITS = {"s": "seconds", "By": "bytes"}
"""Units as UCUM has them, and as Prometheus spells them; one in braces is a word for people and no unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure. ``buckets`` are the upper bounds of a histogram, in its unit."""

    name: str
    sort: Sort
    unit: str
    told: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def exposed(self) -> str:
        """Its name for Prometheus, without the ``_total`` of a counter."""
        suffix = _UNITS.get(self.unit, "")
        name = self.name.replace(".", "_")
        return f"{name}_{suffix}" if suffix and not name.endswith(f"_{suffix}") else name


_SOON = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_CALLS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)
_STEPS = (0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
_ROLLOUTS = (1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0, 86400.0)

ROLLOUTS = Figure(
    name="reconciler.rollouts",
    sort="counter",
    unit="{rollout}",
    told="Rollouts that ended, by what they were for and how they ended.",
    labels=("environment", "cause", "outcome"),
)
ROLLOUT_DURATION = Figure(
    name="reconciler.rollout.duration",
    sort="histogram",
    unit="s",
    told="How long rollouts took, from their plan to their end.",
    labels=("environment", "outcome"),
    buckets=_ROLLOUTS,
)
RESTORE_DURATION = Figure(
    name="reconciler.restore.duration",
    sort="histogram",
    unit="s",
    told="How long it took from a rollout's failure until the last good state was back.",
    labels=("environment",),
    buckets=_ROLLOUTS,
)
STEP_DURATION = Figure(
    name="reconciler.step.duration",
    sort="histogram",
    unit="s",
    told="How long steps took, by their sort.",
    labels=("step", "outcome"),
    buckets=_STEPS,
)
DRIFT_FOUND = Figure(
    name="reconciler.drift.found",
    sort="counter",
    unit="{resource}",
    told="Resources that were found to differ though no commit asked for it.",
    labels=("environment",),
)
DRIFT_HEALED = Figure(
    name="reconciler.drift.healed",
    sort="counter",
    unit="{resource}",
    told="Resources that were brought back from drift.",
    labels=("environment",),
)
COMMITS = Figure(
    name="reconciler.commits",
    sort="counter",
    unit="{commit}",
    told="Commits that were looked at, by whether they are followed.",
    labels=("outcome",),
)
ACCESS_REFUSED = Figure(
    name="reconciler.access.refused",
    sort="counter",
    unit="{request}",
    told="Requests of people and machines that were refused, once in a while for each.",
)
NOTICES_DROPPED = Figure(
    name="reconciler.notices.dropped",
    sort="counter",
    unit="{notice}",
    told="Notices that were given up, by channel.",
    labels=("channel",),
)
PASS_DURATION = Figure(
    name="reconciler.pass.duration",
    sort="histogram",
    unit="s",
    told="How long passes took; a pass looks at everything once.",
    labels=("outcome",),
    buckets=_CALLS,
)
SSH_DURATION = Figure(
    name="reconciler.ssh.call.duration",
    sort="histogram",
    unit="s",
    told="How long calls of hosts over SSH took, by what was asked and how it ended.",
    labels=("operation", "outcome"),
    buckets=_CALLS,
)
WRITE_DURATION = Figure(
    name="reconciler.journal.write.duration",
    sort="histogram",
    unit="s",
    told="How long writes to the journal took until they were durable.",
    buckets=_SOON,
)
LOOP_LAG = Figure(
    name="reconciler.loop.lag",
    sort="histogram",
    unit="s",
    told="How much later than asked for the event loop woke a task that slept.",
    buckets=_SOON,
)
REQUEST_DURATION = Figure(
    name="http.server.request.duration",
    sort="histogram",
    unit="s",
    told="How long requests to the API took, by route and status.",
    labels=("method", "route", "status"),
    buckets=(0.005, 0.025, 0.1, 0.5, 2.5, 10.0),
)
SENT = Figure(
    name="reconciler.telemetry.exports",
    sort="counter",
    unit="{request}",
    told="Requests to the collector of telemetry, by what they held and how they ended.",
    labels=("signal", "outcome"),
)
DROPPED = Figure(
    name="reconciler.telemetry.dropped",
    sort="counter",
    unit="{item}",
    told="Spans and log lines that were thrown away because the collector did not take them.",
    labels=("signal",),
)

COUNTED = (
    ROLLOUTS,
    ROLLOUT_DURATION,
    RESTORE_DURATION,
    STEP_DURATION,
    DRIFT_FOUND,
    DRIFT_HEALED,
    COMMITS,
    ACCESS_REFUSED,
    NOTICES_DROPPED,
    PASS_DURATION,
    SSH_DURATION,
    WRITE_DURATION,
    LOOP_LAG,
    REQUEST_DURATION,
    SENT,
    DROPPED,
)
"""What is counted as it happens, since the daemon began."""


def _gauge(name: str, unit: str, told: str, *labels: str) -> Figure:
    return Figure(name=name, sort="gauge", unit=unit, told=told, labels=labels)


UNITS = _gauge("reconciler.units", "{unit}", "Units, by where they stand.", "environment", "state")
UNIT_STATE = _gauge("reconciler.unit.state", "", "1 for where each unit stands now.", "unit", "environment", "state")
UNIT_SINCE = _gauge(
    "reconciler.unit.since.timestamp", "s", "Since when each unit stands where it does.", "unit", "environment"
)
UNIT_DRIFTED = _gauge(
    "reconciler.unit.drifted", "{resource}", "Resources that differ and no commit asked for it.", "unit", "environment"
)
UNIT_FIGHT = _gauge(
    "reconciler.unit.heals",
    "{heal}",
    "How often the resource of the unit that drifts most was healed with no quiet time between.",
    "unit",
    "environment",
)
UNIT_UNSEEN = _gauge(
    "reconciler.unit.unseen", "{target}", "Targets of the unit that could not be looked at.", "unit", "environment"
)
WAITING = _gauge("reconciler.waiting", "{unit}", "Units that wait, by what for.", "environment", "reason")
ACTIVE = _gauge("reconciler.rollouts.active", "{rollout}", "Rollouts under way, by state.", "environment", "state")
APPROVALS = _gauge("reconciler.approvals.pending", "{plan}", "Plans that wait for people to consent.", "environment")
APPROVAL_AGE = _gauge(
    "reconciler.approval.oldest.age", "s", "How long the oldest of the plans that wait for people waits.", "environment"
)
TARGETS_UNSEEN = _gauge("reconciler.targets.unseen", "{target}", "Targets that could not be looked at.", "environment")
WAIVERS = _gauge("reconciler.waivers.open", "{waiver}", "Waivers that nobody has reviewed yet.", "environment")
PAUSED = _gauge("reconciler.paused", "", "Whether a person has stopped everything.")
GIT_LOST = _gauge("reconciler.git.lost", "", "Whether Git cannot be asked.")
COMMIT_REFUSED = _gauge("reconciler.commit.refused", "", "Whether a newer commit than the one followed was refused.")
COMMIT_TIME = _gauge("reconciler.commit.timestamp", "s", "When the commit that is followed was accepted.")
DELIVERIES = _gauge("reconciler.deliveries", "{notice}", "Notices in the outbox, by state.", "channel", "state")
DELIVERY_AGE = _gauge("reconciler.delivery.oldest.age", "s", "How long the oldest notice waits.", "channel")
JOURNAL_ENTRIES = _gauge("reconciler.journal.entries", "{entry}", "The number of the newest entry of the journal.")
JOURNAL_SIZE = _gauge("reconciler.journal.size", "By", "How large the journal's file is.")
SIGNED_TIME = _gauge("reconciler.record.signed.timestamp", "s", "When the record was signed last.")
UNSIGNED = _gauge("reconciler.record.unsigned", "{entry}", "Entries that no signed checkpoint speaks of yet.")
STREAMS = _gauge("reconciler.api.streams", "{stream}", "Streams of events that are open.")
ALIVE = _gauge("reconciler.loop.alive", "", "Whether the loop keeps its word.")
INFO = _gauge("reconciler.daemon.info", "", "1; the labels say which daemon this is.", "version")

SHOWN = (
    UNITS,
    UNIT_STATE,
    UNIT_SINCE,
    UNIT_DRIFTED,
    UNIT_FIGHT,
    UNIT_UNSEEN,
    WAITING,
    ACTIVE,
    APPROVALS,
    APPROVAL_AGE,
    TARGETS_UNSEEN,
    WAIVERS,
    PAUSED,
    GIT_LOST,
    COMMIT_REFUSED,
    COMMIT_TIME,
    DELIVERIES,
    DELIVERY_AGE,
    JOURNAL_ENTRIES,
    JOURNAL_SIZE,
    SIGNED_TIME,
    UNSIGNED,
    STREAMS,
    ALIVE,
    INFO,
)
"""What is read from the journal and from the daemon when somebody asks."""

ATTRIBUTES = {
    "environment": "deployment.environment.name",
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
}
"""Labels that OpenTelemetry has a name for; the others are ``reconciler.`` and their own."""
