"""Records as CloudEvents 1.0 in the structured JSON form, one event a record. Pure."""

from reconciler.audit.record import Record, as_json, name_of
from reconciler.model.canonical import Json

TYPE = "io.reconciler."
"""What comes before the type of the event in ours."""


def event(of: Record, source: str) -> dict[str, Json]:
    """Return the record as an event; source and id are its name, for ever.

    ``sequence`` and ``traceparent`` are documented extensions; ``partitionkey`` keeps the events of a rollout together.
    """
    made: dict[str, Json] = {
        "specversion": "1.0",
        "id": name_of(of),
        "source": f"/{source}",
        "type": f"{TYPE}{of.what}",
        "time": of.at,
        "datacontenttype": "application/json",
        "sequence": f"{of.number:020d}",
        "data": as_json(of),
    }
    optional = {"subject": of.unit, "partitionkey": of.rollout or of.unit, "traceparent": of.trace}
    return {**made, **{name: value for name, value in optional.items() if value}}
