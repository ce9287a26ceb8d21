"""Plain words about values and names: what was got, and which right word is nearest."""

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Where something stands in a document: keys and list positions, from the top."""

_OTHERS = {"list": "a list", "tuple": "a list", "dict": "a mapping"}
_SHOWN_AT_MOST = 60
_NEARLY_ALL = 12
_PLAIN_KEY = re.compile(r"[\w-]+")


def describe(value: Any) -> str:
    """Return a value as a person would call it: ``'http'``, ``the number 3``, ``a list``; long texts are cut."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {_cut(str(value))}"
        case str():
            return f"'{_cut(json.dumps(value, ensure_ascii=False)[1:-1])}'"
        case _:
            return _OTHERS.get(type(value).__name__, f"a {type(value).__name__}")


def dotted(path: Path) -> str:
    """Return a path as text: ``spec.resources[0].file``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text


def nearest(word: str, words: Iterable[str]) -> str | None:
    """Return ``did you mean 'x'?`` with the right word that is nearly the given one, None when none is."""
    folded = {each.casefold(): each for each in words}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"did you mean '{folded[close[0]]}'?" if close else None


def one_of(words: Sequence[str]) -> str:
    """Return ``a, b or c``; of a long list only its start."""
    if len(words) > _NEARLY_ALL:
        return ", ".join(words[:_NEARLY_ALL]) + f" or {len(words) - _NEARLY_ALL} more"
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def expected(words: Sequence[str]) -> str:
    """Return ``; expected a, b or c`` for the end of a message, nothing when there are no words."""
    return f"; expected {one_of(words)}" if words else ""


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_AT_MOST else text[: _SHOWN_AT_MOST - 3] + "..."
