"""Rollouts, their plans and the leases on them: every write is fenced by (owner, epoch)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from reconciler.model.canonical import Digest
from reconciler.model.event import Event, RolloutMoved
from reconciler.model.plan import Plan
from reconciler.model.rollout import Rollout
from reconciler.ports.journal import Lease, LeaseLost
from reconciler.store import blobs, tables
from reconciler.store.codec import decode, encode
from reconciler.store.projections import append
from reconciler.store.times import moment, stamp

PLAN_FORMAT = 1
"""Goes up when plans are written in a way that this version's reader could misread."""

# At every move of every rollout: to make a statement costs more than to run it, so these are made once.
_LOADED = select(tables.rollout.c.body, tables.rollout.c.plan).where(tables.rollout.c.id == bindparam("name"))
_PUT = update(tables.rollout).where(tables.rollout.c.id == bindparam("name"))
_HOLDER = select(tables.lease.c.owner, tables.lease.c.epoch).where(tables.lease.c.rollout == bindparam("name"))
_RENEW = update(tables.lease).where(tables.lease.c.rollout == bindparam("name"))


def begin(connection: Connection, rollout: Rollout, plan: Plan, contents: Mapping[Digest, bytes], at: datetime) -> bool:
    """Store plan, contents and rollout; False, and nothing stored, when the unit has an unfinished rollout."""
    table = tables.rollout
    unended = select(table.c.id).where(table.c.unit == str(rollout.unit), tables.UNENDED)
    if connection.execute(unended).first():
        return False
    blobs.put(connection, contents)
    put_plan(connection, plan)
    moved = RolloutMoved(
        rollout=rollout.id, unit=rollout.unit, before=None, after=rollout.state.value, reason=rollout.reason
    )
    (number,) = append(connection, [moved], at)
    connection.execute(insert(table).values(id=rollout.id, number=number, **_columns(rollout)))
    return True


def put_plan(connection: Connection, plan: Plan) -> None:
    """Store a plan; ValueError when contents it speaks of are not stored."""
    needed = blobs.named_by_plan(plan)
    if missing := needed - blobs.present(connection, needed):
        raise ValueError(f"internal error: plan {plan.id} speaks of {min(missing)}, whose content is not stored")
    if connection.execute(select(tables.plan.c.id).where(tables.plan.c.id == plan.id)).first():
        return
    row = {"id": plan.id, "unit": str(plan.unit_id), "format": PLAN_FORMAT, "body": encode(plan)}
    connection.execute(insert(tables.plan).values(row))
    blobs.name_for_plan(connection, plan)


def load(connection: Connection, rollout: str) -> tuple[Rollout, str]:
    """Return the rollout and the id of the plan it is executing; KeyError when there is none."""
    row = connection.execute(_LOADED, {"name": rollout}).first()
    if row is None:
        raise KeyError(rollout)
    return decode(Rollout, row.body), row.plan


def get_plan(connection: Connection, plan: str) -> Plan:
    """Return a stored plan; KeyError when there is none, ValueError when it is in a form we do not know."""
    return get_plans(connection, [plan])[plan]


def get_plans(connection: Connection, plans: Sequence[str]) -> dict[str, Plan]:
    """Return stored plans by id; KeyError naming the first there is none of, ValueError as for one."""
    table, found = tables.plan, dict[str, Plan]()
    for part in blobs.chunks(plans):
        for row in connection.execute(select(table.c.id, table.c.format, table.c.body).where(table.c.id.in_(part))):
            if row.format != PLAN_FORMAT:
                raise ValueError(
                    f"plan {row.id} was stored in form {row.format}; this version of reconciler reads {PLAN_FORMAT}"
                )
            found[row.id] = decode(Plan, row.body)
    for plan in plans:
        if plan not in found:
            raise KeyError(plan)
    return found


def put(connection: Connection, rollout: Rollout, events: Sequence[Event], at: datetime) -> None:
    """Append the events and store the rollout as it now is."""
    numbers = append(connection, events, at)
    columns = _columns(rollout)
    if rollout.ended:
        columns["end_number"] = max(numbers, default=0)
    connection.execute(_PUT, {"name": rollout.id, **columns})
    if rollout.ended:
        blobs.prune(connection, blobs.of_plans(connection, (rollout.plan, rollout.forward)))


def replan(connection: Connection, rollout: Rollout, plan: Plan) -> None:
    """Store the plan that a rollout goes on with; what only the one before needed is not kept."""
    put_plan(connection, plan)
    _, before = load(connection, rollout.id)
    connection.execute(_PUT, {"name": rollout.id, "plan": plan.id})
    blobs.prune(connection, blobs.of_plans(connection, [before]))


def claim(connection: Connection, wanted: Lease, now: datetime, until: datetime) -> Lease | None:
    """Take the rollout for ``wanted.owner`` with a higher epoch than any before; None while another's claim lasts."""
    table = tables.lease
    row = connection.execute(select(table).where(table.c.rollout == wanted.rollout)).first()
    if row is None:
        lease = Lease(wanted.rollout, wanted.owner, 1)
        connection.execute(
            insert(table).values(rollout=lease.rollout, owner=lease.owner, epoch=lease.epoch, until=stamp(until))
        )
        return lease
    if row.owner != wanted.owner and moment(row.until) > now:
        return None
    lease = Lease(wanted.rollout, wanted.owner, row.epoch + 1)
    connection.execute(
        update(table)
        .where(table.c.rollout == lease.rollout)
        .values(owner=lease.owner, epoch=lease.epoch, until=stamp(until))
    )
    return lease


def renew(connection: Connection, lease: Lease, until: datetime) -> None:
    """Keep the claim longer; LeaseLost when it is no longer ours."""
    check(connection, lease)
    connection.execute(_RENEW, {"name": lease.rollout, "until": stamp(until)})


def break_leases(connection: Connection) -> None:
    """Let every claim run out at once; its epoch stays, so that whoever held it can write no more once it is taken."""
    connection.execute(
        update(tables.lease).values(
            owner="", epoch=tables.lease.c.epoch + 1, until=stamp(datetime.min.replace(tzinfo=UTC))
        )
    )


def check(connection: Connection, lease: Lease) -> None:
    """Raise LeaseLost unless the lease is the newest on its rollout."""
    row = connection.execute(_HOLDER, {"name": lease.rollout}).first()
    if row is None or (row.owner, row.epoch) != (lease.owner, lease.epoch):
        raise LeaseLost(f"rollout {lease.rollout} is now in the hands of {row.owner or 'nobody' if row else 'nobody'}")


def _columns(rollout: Rollout) -> dict[str, object]:
    return {
        "unit": str(rollout.unit),
        "cause": rollout.cause.value,
        "state": rollout.state.value,
        "ended": rollout.ended,
        "forward": rollout.forward,
        "plan": rollout.plan,
        "updated_at": stamp(rollout.updated_at),
        "body": encode(rollout),
    }
