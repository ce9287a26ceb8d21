"""What people decide about rollouts, where units are held, how requests are sent, and how apps do at rest."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables that came with strategies."""
    op.create_table(
        "decision",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("decision_by_unit", "decision", ["unit", "number"])
    op.create_table(
        "pin",
        sa.Column("unit", sa.Text, primary_key=True),
        sa.Column("snapshot", sa.Integer, sa.ForeignKey("snapshot.id")),
        sa.Column("body", sa.Text, nullable=False),
    )
    for name in ("abort", "routing"):
        op.create_table(
            name,
            sa.Column("unit", sa.Text, primary_key=True),
            sa.Column("body", sa.Text, nullable=False),
        )
    op.create_table(
        "health",
        sa.Column("unit", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
