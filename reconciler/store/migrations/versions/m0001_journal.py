"""The journal of the first version."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    _record()
    _rollouts()
    _contents()
    _projections()


def _record() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("unit", sa.Text),
        sa.Column("rollout", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("event_by_unit", "event", ["unit", "id"])
    op.create_index("event_by_rollout", "event", ["rollout", "id"])
    op.create_index("event_by_type", "event", ["type", "id"])


def _rollouts() -> None:
    op.create_table(
        "plan",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("format", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "rollout",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("forward", sa.Text, sa.ForeignKey("plan.id"), nullable=False),
        sa.Column("plan", sa.Text, sa.ForeignKey("plan.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("end_number", sa.Integer),
        sa.Column("updated_at", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("rollout_by_unit", "rollout", ["unit", "number"])
    op.create_index(
        "rollout_unended",
        "rollout",
        ["unit"],
        unique=True,
        sqlite_where=sa.text("NOT ended"),
        postgresql_where=sa.text("NOT ended"),
    )
    op.create_table(
        "lease",
        sa.Column("rollout", sa.Text, sa.ForeignKey("rollout.id"), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
    )


def _contents() -> None:
    op.create_table(
        "blob",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "plan_blob",
        sa.Column("plan", sa.Text, sa.ForeignKey("plan.id"), primary_key=True),
        sa.Column("blob", sa.Text, primary_key=True),
    )
    op.create_table(
        "snapshot",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("snapshot_by_unit", "snapshot", ["unit", "id"])
    op.create_table(
        "snapshot_blob",
        sa.Column("snapshot", sa.Integer, sa.ForeignKey("snapshot.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("blob", sa.Text, primary_key=True),
    )


def _projections() -> None:
    op.create_table(
        "verdict",
        sa.Column("unit", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "owned",
        sa.Column("resource", sa.Text, primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("created", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("owned_by_unit", "owned", ["unit"])
    op.create_table(
        "heal",
        sa.Column("resource", sa.Text, primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("heal_by_unit", "heal", ["unit"])
    for name in ("pause", "assessed", "accepted"):
        op.create_table(
            name,
            sa.Column("unit", sa.Text, primary_key=True),
            sa.Column("body", sa.Text, nullable=False),
        )
    op.create_table(
        "retry",
        sa.Column("unit", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "git_commit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("commit_id", sa.Text, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
    )
