"""What was learned again goes into a new journal, with the bytes that the good states speak of."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from reconciler.model.canonical import Digest
from reconciler.model.event import Event, SnapshotTaken
from reconciler.store import blobs, projections


def relearn(connection: Connection, events: Sequence[Event], contents: Mapping[Digest, bytes], at: datetime) -> None:
    """Append the events; of the contents keep what the snapshots among them need to be gone back to."""
    taken = [each.unit for each in events if isinstance(each, SnapshotTaken)]
    needed = set[Digest]().union(*map(blobs.mentioned_by_unit, taken))
    blobs.put(connection, {each: contents[each] for each in needed if each in contents})
    projections.append(connection, events, at)
