"""What was a secret stays one: it is not shown when the field is to be something plain, or nothing, from now on."""

from collections.abc import Iterable
from dataclasses import replace

from reconciler.model.canonical import Json
from reconciler.model.change import FieldDiff
from reconciler.model.verdict import Owned

_KEYED = "keyed:"
_VEIL = "(secret)"


def veiled(fields: Iterable[FieldDiff], owned: Owned | None) -> tuple[FieldDiff, ...]:
    """Return the fields, without the values there of those that had a secret when we applied them last."""
    applied = owned.resource.attributes if owned else {}
    return tuple(
        replace(each, before=_VEIL, text=None, secret=True)
        if _is_keyed(applied.get(each.path)) and each.before is not None and not _is_keyed(each.before)
        else each
        for each in fields
    )


def _is_keyed(value: Json) -> bool:
    return isinstance(value, str) and value.startswith(_KEYED)
