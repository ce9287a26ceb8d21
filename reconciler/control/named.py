"""The unit that somebody names."""

import difflib
from collections.abc import Collection, Container, Iterable

from reconciler.control.clean import clean
from reconciler.model.asking import Refused
from reconciler.model.identity import UnitId

_NAMED = 8


def named(text: str, known: Iterable[UnitId]) -> UnitId:
    """Return the known unit of that name; Refused with the nearest name when there is none.

    ``known`` is for whom is asked: they are told the names of others.
    """
    units = {str(each): each for each in known}
    if text in units:
        return units[text]
    raise Refused(f"{_none(text)}; {_hint(text, sorted(units))}")


def refuse_unless_known(unit: UnitId, known: Container[UnitId]) -> None:
    """Raise Refused when there is no such unit, without the name of another: who asks may not be the one to read it."""
    if unit not in known:
        raise Refused(_none(str(unit)))


def environment_named(text: str, known: Collection[UnitId]) -> str:
    """Return the environment if a known unit is in it; Refused with those that there are."""
    names = sorted({each.environment for each in known})
    if text in names:
        return text
    there = f"there are {', '.join(names[:_NAMED])}" if names else "the journal knows none yet"
    raise Refused(f"there is no environment {clean(text)}; {there}")


def _none(text: str) -> str:
    return f"there is no unit {clean(text)}"


def _hint(text: str, names: list[str]) -> str:
    of_app = [name for name in names if name.partition("@")[0] == text]
    near = of_app or difflib.get_close_matches(text, names, n=1, cutoff=0.5)
    if near:
        return f"did you mean {' or '.join(near[:3])}?"
    if not names:
        return "the journal knows none yet"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"there are {', '.join(names[:_NAMED])}{more}"
