"""The two slots of an app: what texts call ``slot``, and the checks that are asked of each."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_ASKED = re.compile(r"\{\{\s*slot(?:\.([A-Za-z_]\w*))?\s*\}\}")
_OF_SLOT = {"type": "string", "pattern": r"\{\{\s*slot(\.[A-Za-z_][A-Za-z0-9_]*)?\s*\}\}"}


class SlotVariables(dict[str, Any]):
    """The variables of a slot, by their names; ``{{ slot }}`` itself is the name, as ``{{ slot.name }}`` is."""

    def __str__(self) -> str:
        return str(self["name"])


def variables(slots: Mapping[str, Mapping[str, Any]], slot: str) -> dict[str, Any]:
    """Return what a text for that slot may speak of; nothing for what belongs to none."""
    return {"slot": SlotVariables({**slots[slot], "name": slot})} if slot else {}


def with_checks_by_slot(spec: Any) -> Any:
    """Return an App's spec with each health check that speaks of ``slot`` once for each of them.

    The first takes the place of what was written, so that mistakes in it are told there; the second comes last.
    """
    slots, health = (spec.get("slots"), spec.get("health")) if isinstance(spec, dict) else (None, None)
    if not isinstance(slots, dict) or not isinstance(health, list) or not all(map(_is_mapping, slots.values())):
        return spec
    first, second = list(health), []
    for index, each in enumerate(health):
        if _speaks(each) and isinstance(each, dict):
            made = list(_of_each(each, slots))
            first[index] = made[0] if made else each
            second += made[1:]
    return {**spec, "health": [*first, *second]}


def or_of_slot(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a value, or of an item of a list, that may also be a text which speaks of ``slot``."""
    told = {key: schema[key] for key in ("title", "default", "description") if key in schema}
    value = {key: each for key, each in schema.items() if key not in told}
    if isinstance(value.get("items"), dict):
        value["items"] = or_of_slot(value["items"])
    return {**told, "anyOf": [*(value["anyOf"] if value.keys() == {"anyOf"} else [value]), _OF_SLOT]}


def _of_each(check: Mapping[str, Any], slots: Mapping[Any, Any]) -> Iterator[dict[str, Any]]:
    for name, own in slots.items():
        known = {**(own or {}), "name": name}
        filled = {kind: _filled(body, known) for kind, body in check.items()}
        yield {kind: {**body, "slot": name} if isinstance(body, dict) else body for kind, body in filled.items()}


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, known) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, known) for each in value]
    if not isinstance(value, str):
        return value
    whole = _ASKED.fullmatch(value)
    if whole and (whole[1] or "name") in known:
        return known[whole[1] or "name"]
    return _ASKED.sub(lambda match: str(known.get(match[1] or "name", match[0])), value)


def _speaks(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_speaks(each) for each in value.values())
    if isinstance(value, list):
        return any(_speaks(each) for each in value)
    return isinstance(value, str) and _ASKED.search(value) is not None


def _is_mapping(value: Any) -> bool:
    return value is None or isinstance(value, dict)
