"""Who still needs a content is found without reading all that was ever planned."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the indexes by content."""
    op.create_index("plan_blob_by_blob", "plan_blob", ["blob"])
    op.create_index("snapshot_blob_by_blob", "snapshot_blob", ["blob"])
