"""What the entries of the journal are looked up by: who it was and how it ended. Pure."""

from dataclasses import dataclass

from reconciler.model.event import Event
from reconciler.model.identity import UnitId
from reconciler.model.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """``actor`` is a person's or a machine's name, empty where the controller did it by itself.

    ``outcome`` is one word: ``succeeded``, ``failed``, ``refused``; empty where nothing ended.
    """

    unit: str = ""
    environment: str = ""
    rollout: str = ""
    actor: str = ""
    outcome: str = ""


def unit_of(event: Event) -> UnitId | None:
    """Return the unit that the event is about, None where it is about none or about all."""
    unit: UnitId | Unit | None = getattr(event, "unit", None)
    return unit.id if isinstance(unit, Unit) else unit


def facets(event: Event) -> Facets:
    """Return what the event is looked up by."""
    unit = unit_of(event)
    return Facets(
        unit=str(unit) if unit else "",
        environment=unit.environment if unit else getattr(event, "environment", ""),
        rollout=getattr(event, "rollout", None) or "",
        actor=_actor(event),
        outcome=_outcome(event),
    )


def _actor(event: Event) -> str:
    decision = getattr(event, "decision", None)
    whose = (getattr(decision or event, name, "") for name in ("author", "person", "name"))
    return next((each for each in whose if each), "")


def _outcome(event: Event) -> str:
    return ""
