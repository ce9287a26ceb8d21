"""What was seen last is kept, so that it can be asked for without a look."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of sightings."""
    op.create_table(
        "sighting",
        sa.Column("unit", sa.Text, primary_key=True),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("tried", sa.Text),
        sa.Column("trouble", sa.Text, nullable=False),
        sa.Column("seen", sa.Text, nullable=False),
    )
    op.create_table(
        "fact",
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("body", sa.Text, nullable=False),
    )
