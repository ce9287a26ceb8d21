"""Entries are linked and looked up by who and how it ended; what is read from them has tables of its own."""

import sqlalchemy as sa
from alembic import op

from reconciler.model.chain import BEGINNING, Row, link
from reconciler.model.facets import Facets, facets
from reconciler.store.entries import decode_event

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STORED = "SELECT id, at, type, unit, rollout, body FROM event ORDER BY id"
_TELL = "UPDATE event SET environment = ?, actor = ?, outcome = ?, link = ? WHERE id = ?"


def upgrade() -> None:
    """Add the columns, link what is there, and make the tables."""
    for name in ("environment", "actor", "outcome", "request", "link"):
        op.add_column("event", sa.Column(name, sa.Text, nullable=False, server_default=""))
    _link_all()
    op.create_index("event_by_unit_at", "event", ["unit", "at"])
    op.create_index("event_by_environment", "event", ["environment", "at"])
    op.create_index("event_by_actor", "event", ["actor", "at"])
    op.create_index("event_by_at", "event", ["at"])
    op.create_index("event_by_type_at", "event", ["type", "at"])
    op.create_index("event_by_outcome", "event", ["outcome", "at"], sqlite_where=sa.text("outcome <> ''"))
    _tables_of_the_chain()
    _tables_of_readers()
    _table_of_output()
    op.execute(
        "CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event "
        "BEGIN SELECT RAISE(ABORT, 'entries of the journal are never changed'); END"
    )
    op.execute(
        "CREATE TRIGGER event_stays BEFORE DELETE ON event "
        "WHEN OLD.id > (SELECT coalesce(max(last), 0) FROM archived) "
        "BEGIN SELECT RAISE(ABORT, 'entries of the journal that are not archived stay'); END"
    )


def _link_all() -> None:
    connection, last = op.get_bind(), BEGINNING
    for stored in connection.exec_driver_sql(_STORED).fetchall():
        row = _row(*stored)
        last = link(last, row)
        told = (row.environment, row.actor, row.outcome, last, row.number)
        connection.exec_driver_sql(_TELL, told)


def _row(  # noqa: PLR0913 - a column each
    number: int, at: str, kind: str, unit: str | None, rollout: str | None, body: str
) -> Row:
    try:
        known = facets(decode_event(body))
    except ValueError:
        # It was damaged before there was a chain: it stays as it is, and checking the record tells of it.
        known = Facets()
    return Row(
        number=number,
        at=at,
        type=kind,
        unit=unit,
        rollout=rollout,
        environment=known.environment,
        actor=known.actor,
        outcome=known.outcome,
        request="",
        body=body,
    )


def _tables_of_the_chain() -> None:
    op.create_table(
        "checkpoint",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("controller", sa.Text, nullable=False),
        sa.Column("previous", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
    )
    op.create_table(
        "archived",
        sa.Column("last", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )


def _tables_of_readers() -> None:
    op.create_table(
        "reader",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event", sa.Integer, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("bundle", sa.Text, nullable=False),
        sa.Column("awaits", sa.Text, nullable=False),
        sa.Column("critical", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("since", sa.Text, nullable=False),
        sa.Column("due", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("ended", sa.Text),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("delivery_by_channel", "delivery", ["state", "channel", "id"])
    op.create_index("delivery_by_ended", "delivery", ["ended"])
    op.create_table(
        "delivery_thread",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("thread", sa.Text, primary_key=True),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def _table_of_output() -> None:
    op.create_table(
        "step_output",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("rollout", sa.Text, nullable=False),
        sa.Column("plan", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("stream", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_index("step_output_by_step", "step_output", ["rollout", "step", "target", "id"])
    op.create_index("step_output_by_rollout", "step_output", ["rollout", "id"])
    op.create_index("step_output_by_unit", "step_output", ["unit", "id"])
    op.create_index("step_output_by_time", "step_output", ["at"])
