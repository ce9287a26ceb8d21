"""The tables: an append-only record of events, and what follows from them.

Times are text in UTC with microseconds, so that they sort; ids of units and resources are their text. Bodies are the
JSON of ``store.codec``. The migrations make these tables; a test compares the two.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("unit", Text),
    Column("rollout", Text),
    Column("body", Text, nullable=False),
    Column("environment", Text, nullable=False, server_default=""),
    Column("actor", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("request", Text, nullable=False, server_default=""),
    Column("link", Text, nullable=False, server_default=""),  # see model.chain
    Index("event_by_unit", "unit", "id"),
    Index("event_by_rollout", "rollout", "id"),
    Index("event_by_type", "type", "id"),
    Index("event_by_unit_at", "unit", "at"),
    Index("event_by_environment", "environment", "at"),
    Index("event_by_actor", "actor", "at"),
    Index("event_by_at", "at"),
    Index("event_by_type_at", "type", "at"),
    Index("event_by_outcome", "outcome", "at", sqlite_where=text("outcome <> ''")),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # the entry up to which it speaks
    Column("link", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("controller", Text, nullable=False),
    Column("previous", Integer, nullable=False),  # the number of the checkpoint before it, 0 for the first
    Column("key", Text, nullable=False),  # the public key, Ed25519, in base64
    Column("signature", Text, nullable=False),
)

archived = Table(
    "archived",
    metadata,
    Column("last", Integer, primary_key=True, autoincrement=False),
    Column("first", Integer, nullable=False),
    Column("link", Text, nullable=False),  # that of the last entry
    Column("file", Text, nullable=False),
    Column("at", Text, nullable=False),
)

reader = Table(
    "reader",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", Integer, nullable=False),  # the newest entry that it has dealt with
    Column("state", Text, nullable=False, server_default=""),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("event", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("thread", Text, nullable=False),  # within it the order is kept
    Column("policy", Text, nullable=False),
    Column("bundle", Text, nullable=False),  # those of one are told in one message
    Column("awaits", Text, nullable=False),  # what has to be acted on, or it is told
    Column("critical", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("since", Text, nullable=False),  # when it was due first
    Column("due", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", Text, nullable=False),
    Column("ended", Text),
    Column("detail", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False),
    Index("delivery_by_channel", "state", "channel", "id"),
    Index("delivery_by_ended", "ended"),
)

delivery_thread = Table(
    "delivery_thread",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("thread", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("body", Text, nullable=False),  # how the channel knows it again
)

step_output = Table(
    "step_output",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("rollout", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("target", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("start", Integer, nullable=False),  # in all that was printed for the step on the target
    Column("size", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("step_output_by_step", "rollout", "step", "target", "id"),
    Index("step_output_by_rollout", "rollout", "id"),
    Index("step_output_by_unit", "unit", "id"),
    Index("step_output_by_time", "at"),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

rollout = Table(
    "rollout",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("forward", Text, ForeignKey("plan.id"), nullable=False),
    Column("plan", Text, ForeignKey("plan.id"), nullable=False),
    Column("number", Integer, nullable=False),  # the event that began it: rollouts sort by it
    Column("end_number", Integer),  # the event that ended it
    Column("updated_at", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("rollout_by_unit", "unit", "number"),
    # Two rollouts of one unit at once are impossible, whoever asks for them.
    Index(
        "rollout_unended",
        "unit",
        unique=True,
        sqlite_where=text("NOT ended"),
    ),
)

lease = Table(
    "lease",
    metadata,
    Column("rollout", Text, ForeignKey("rollout.id"), primary_key=True),
    Column("owner", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("until", Text, nullable=False),
)

blob = Table(
    "blob",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

plan_blob = Table(
    "plan_blob",
    metadata,
    Column("plan", Text, ForeignKey("plan.id"), primary_key=True),
    Column("blob", Text, primary_key=True),
    Index("plan_blob_by_blob", "blob"),
)

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("unit", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("snapshot_by_unit", "unit", "id"),
)

snapshot_blob = Table(
    "snapshot_blob",
    metadata,
    Column("snapshot", Integer, ForeignKey("snapshot.id", ondelete="CASCADE"), primary_key=True),
    Column("blob", Text, primary_key=True),
    Index("snapshot_blob_by_blob", "blob"),
)

verdict = Table(
    "verdict",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("body", Text, nullable=False),
)

owned = Table(
    "owned",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("created", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Index("owned_by_unit", "unit"),
)

heal = Table(
    "heal",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("heal_by_unit", "unit"),
)

word = Table(
    "word",
    metadata,
    Column("number", Integer, primary_key=True),  # the event that said it
    Column("unit", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("word_by_unit", "unit", "number"),
)

pause = Table(
    "pause",
    metadata,
    Column("unit", Text, primary_key=True),  # EVERYTHING when a person stopped all
    Column("body", Text, nullable=False),
)

assessed = Table(
    "assessed",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

accepted = Table(
    "accepted",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

retry = Table(
    "retry",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("number", Integer, nullable=False),  # rollouts that ended before this event no longer count
)

decision = Table(
    "decision",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # the event it came with
    Column("unit", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("decision_by_unit", "unit", "number"),
)

abort = Table(
    "abort",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

pin = Table(
    "pin",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("snapshot", Integer, ForeignKey("snapshot.id")),  # none when that state was not kept
    Column("body", Text, nullable=False),
)

routing = Table(
    "routing",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

health = Table(
    "health",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

git_commit = Table(
    "git_commit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("commit_id", Text, nullable=False),
    Column("accepted", Boolean, nullable=False),
)

sighting = Table(
    "sighting",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("tried", Text),  # when a later look saw nothing
    Column("trouble", Text, nullable=False),
    Column("seen", Text, nullable=False),
)

fact = Table(
    "fact",
    metadata,
    Column("target", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

UNENDED = text("NOT rollout.ended")
"""As the index says it: SQLite knows it by its words alone."""

EVERYTHING = "*"
"""The unit of a pause that stops every unit; no unit is written so."""
