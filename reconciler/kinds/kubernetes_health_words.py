"""What is said of how an object does, and how its fields are read without trusting their form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]
_SHOWN_AT_MOST = 300


class State(StrEnum):
    """How an object does."""

    WELL = "well"
    COMING = "coming"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Health:
    """How an object does, with one line for a person."""

    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as the cluster has it, and its pods and ReplicaSets where it has any."""

    object: Object
    pods: Sequence[Object] = field(default=())
    sets: Sequence[Object] = field(default=())


def well(detail: str) -> Health:
    """Return that it does well."""
    return Health(State.WELL, _line(detail))


def coming(detail: str) -> Health:
    """Return that it is on its way, and nothing is wrong."""
    return Health(State.COMING, _line(detail))


def wrong(detail: str) -> Health:
    """Return that it will not come by waiting."""
    return Health(State.WRONG, _line(detail))


def _line(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN_AT_MOST else plain[: _SHOWN_AT_MOST - 3] + "..."


def part(value: Object, *names: str) -> Object:
    """Return the mapping that the names lead to, an empty one where there is none."""
    found: Any = value
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def items(value: Object, name: str) -> Sequence[Object]:
    """Return the mappings of a list, none where there is none."""
    found = value.get(name)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else ()


def number(value: Object, name: str, otherwise: int = 0) -> int:
    """Return a whole number."""
    found = value.get(name)
    return found if isinstance(found, int) else otherwise


def condition(value: Object, kind: str) -> Object:
    """Return the condition of that type, an empty mapping where there is none or it is about an older generation."""
    generation = number(part(value, "metadata"), "generation")
    for each in items(part(value, "status"), "conditions"):
        if each.get("type") == kind:
            return {} if number(each, "observedGeneration", generation) < generation else each
    return {}


def says(value: Object, kind: str) -> bool | None:
    """Return whether the condition of that type is true; None where nobody knows."""
    return {"True": True, "False": False}.get(str(condition(value, kind).get("status")))


def why(value: Object, kind: str) -> str:
    """Return what the condition of that type gives as its reason and message."""
    found = condition(value, kind)
    said = [str(found[name]) for name in ("reason", "message") if found.get(name)]
    return ": ".join(said) or f"{kind} is {found.get('status', 'not known yet')}"
