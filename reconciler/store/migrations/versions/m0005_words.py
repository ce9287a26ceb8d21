"""What people say about plans, gates and each other stays in force until others end it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of words."""
    op.create_table(
        "word",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("word_by_unit", "word", ["unit", "number"])
